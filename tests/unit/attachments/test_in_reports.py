"""Attachments of reports: whose they are, and who sees them."""

import pytest

from smartcity.attachments.model import State
from smartcity.attachments.service import AttachmentService
from smartcity.errors import (
    FieldError,
    Invalid,
    NotFound,
)
from smartcity.identifiers import new_id
from smartcity.identity.roles import ANYONE, Actor, Role
from tests.unit.attachments.sending import PHOTO, announcement, bit_by_bit, send
from tests.unit.sample_reports import Reports

pytestmark = pytest.mark.anyio


async def test_a_report_may_name_its_photos_before_they_come(
    attachments: AttachmentService, device: Actor, reports: Reports
) -> None:
    upload, _ = await attachments.receiving.announce(device, announcement(PHOTO))
    report = new_id()
    for _ in range(2):
        await attachments.check([upload.id], device, report)
        await attachments.claim([upload.id], device, report)
    reports.held[upload.id] = report
    assert [view.state for view in await attachments.of([upload.id])] == [State.ANNOUNCED]
    assert await attachments.ready([upload.id]) == frozenset()
    again, _ = await attachments.receiving.announce(device, announcement(PHOTO))
    assert again.id == upload.id
    await send(attachments, device, again, PHOTO)
    assert await attachments.ready([upload.id, new_id()]) == {upload.id}


async def test_only_an_own_attachment_that_no_other_report_holds_can_be_claimed(
    attachments: AttachmentService, device: Actor, reports: Reports
) -> None:
    mine, _ = await attachments.receiving.take(device, bit_by_bit(PHOTO))
    stranger = Actor(roles=frozenset({Role.DEVICE}), id=new_id())
    theirs, _ = await attachments.receiving.take(stranger, bit_by_bit(PHOTO))
    first, second = new_id(), new_id()
    await attachments.claim([mine.id], device, first)
    reports.held[mine.id] = first
    for door in (attachments.check, attachments.claim):
        with pytest.raises(Invalid) as refused:
            await door([mine.id, theirs.id, new_id()], device, second)
        assert refused.value.fields == (
            FieldError("attachments.0", "in_another_report"),
            FieldError("attachments.1", "unknown"),
            FieldError("attachments.2", "unknown"),
        )
    with pytest.raises(Invalid):
        await attachments.claim([new_id() for _ in range(11)], device, second)


async def test_a_claim_for_a_report_that_never_came_to_be_gives_way(
    attachments: AttachmentService, device: Actor, reports: Reports
) -> None:
    taken, _ = await attachments.receiving.take(device, bit_by_bit(PHOTO))
    await attachments.claim([taken.id], device, new_id())
    written = new_id()
    await attachments.claim([taken.id], device, written)
    reports.held[taken.id] = written
    with pytest.raises(Invalid):
        await attachments.claim([taken.id], device, new_id())


async def test_the_same_photo_for_another_report_is_another_attachment(
    attachments: AttachmentService, device: Actor, reports: Reports
) -> None:
    first, _ = await attachments.receiving.take(device, bit_by_bit(PHOTO))
    report = new_id()
    await attachments.claim([first.id], device, report)
    reports.held[first.id] = report
    second, fresh = await attachments.receiving.take(device, bit_by_bit(PHOTO))
    assert fresh
    assert second.id != first.id
    await attachments.claim([second.id], device, new_id())
    resumed, _ = await attachments.receiving.announce(device, announcement(PHOTO, report))
    assert (resumed.id, resumed.state) == (first.id, State.READY)


async def test_when_and_where_a_photo_was_taken_is_for_staff_and_its_uploader(
    attachments: AttachmentService, device: Actor
) -> None:
    taken, _ = await attachments.receiving.take(device, bit_by_bit(PHOTO))
    (public,) = await attachments.of([taken.id])
    assert (public.taken_at, public.place) == (None, None)
    assert await attachments.of([taken.id], with_proof=True) == [taken]


async def test_an_attachment_is_seen_by_its_uploader_and_whom_the_report_shows_it_to(
    attachments: AttachmentService, device: Actor, reports: Reports
) -> None:
    taken, _ = await attachments.receiving.take(device, bit_by_bit(PHOTO))
    handler = Actor(roles=frozenset({Role.HANDLER}), id=new_id())
    other = Actor(roles=frozenset({Role.DEVICE}), id=new_id())
    await attachments.showing.content(device, taken.id)
    await attachments.showing.thumbnail(device, taken.id)
    for stranger in (other, handler, ANYONE):
        with pytest.raises(NotFound):
            await attachments.showing.content(stranger, taken.id)
        with pytest.raises(NotFound):
            await attachments.showing.thumbnail(stranger, taken.id)
    reports.public.add(taken.id)
    for sees in (other, handler, ANYONE):
        await attachments.showing.content(sees, taken.id)
