"""A file that is sent bit by bit."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from smartcity.attachments.media import Refusal
from smartcity.attachments.model import Announcement, State, Upload
from smartcity.attachments.receiving import LOOSE_LIMIT, PART_BYTES
from smartcity.attachments.service import AttachmentService
from smartcity.errors import (
    FieldError,
    Invalid,
    NotFound,
    TooLarge,
    TooManyRequests,
    UnsupportedMedia,
    WrongOffset,
)
from smartcity.identifiers import new_id
from smartcity.identity.roles import Actor, Role
from tests.unit.attachments.sending import (
    LONG,
    PHOTO,
    UPLOAD_BYTES,
    announcement,
    bit_by_bit,
    files_in,
    read,
    send,
)

pytestmark = pytest.mark.anyio


async def test_an_announced_file_is_ready_when_its_last_byte_has_come(
    attachments: AttachmentService, device: Actor, tmp_path: Path
) -> None:
    upload, fresh = await attachments.receiving.announce(device, announcement(LONG))
    assert (upload.state, upload.offset, fresh) == (State.ANNOUNCED, 0, True)
    done = await send(attachments, device, upload, LONG)
    assert (done.state, done.offset) == (State.READY, len(LONG))
    assert done.attachment is not None
    assert await read(attachments, device, upload.id) == LONG
    assert len(files_in(tmp_path)) == 1, "the parts are gone"


async def test_a_broken_connection_loses_less_than_a_part(
    attachments: AttachmentService, device: Actor
) -> None:
    upload, _ = await attachments.receiving.announce(device, announcement(LONG))

    async def breaking() -> AsyncIterator[bytes]:
        async for chunk in bit_by_bit(LONG[: 2 * PART_BYTES + 70_000]):
            yield chunk
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await attachments.receiving.receive(device, upload.id, 0, breaking())
    again, fresh = await attachments.receiving.announce(device, announcement(LONG))
    assert (again.id, fresh, again.state) == (upload.id, False, State.RECEIVING)
    assert again.offset >= 2 * PART_BYTES
    assert (await send(attachments, device, again, LONG)).state is State.READY
    assert await read(attachments, device, upload.id) == LONG


async def test_a_wrong_offset_is_told_the_right_one(
    attachments: AttachmentService, device: Actor
) -> None:
    upload, _ = await attachments.receiving.announce(device, announcement(PHOTO))
    await attachments.receiving.receive(device, upload.id, 0, bit_by_bit(PHOTO[:1000]))
    for offset in (0, 999, 1001):
        with pytest.raises(WrongOffset) as refused:
            await attachments.receiving.receive(
                device, upload.id, offset, bit_by_bit(PHOTO[offset:])
            )
        assert refused.value.details == {"offset": 1000}


async def test_two_senders_of_one_upload_cannot_mix_it_up(
    attachments: AttachmentService, device: Actor, tmp_path: Path
) -> None:
    upload, _ = await attachments.receiving.announce(device, announcement(LONG))
    outcomes = await asyncio.gather(
        *(send(attachments, device, upload, LONG) for _ in range(4)), return_exceptions=True
    )
    ready = [o for o in outcomes if isinstance(o, Upload) and o.state is State.READY]
    assert len(ready) >= 1 or any(isinstance(o, WrongOffset) for o in outcomes)
    while (
        upload := await attachments.receiving.progress(device, upload.id)
    ).state is not State.READY:
        await send(attachments, device, upload, LONG)
    assert await read(attachments, device, upload.id) == LONG
    assert len(files_in(tmp_path)) == 1


async def test_an_upload_whose_content_is_not_what_was_announced_starts_over(
    attachments: AttachmentService, device: Actor, tmp_path: Path
) -> None:
    upload, _ = await attachments.receiving.announce(device, announcement(PHOTO))
    with pytest.raises(Invalid) as refused:
        await send(attachments, device, upload, PHOTO[:-1] + b"!")
    assert refused.value.fields == (FieldError("sha256", "mismatch"),)
    assert files_in(tmp_path) == []
    again = await attachments.receiving.progress(device, upload.id)
    assert (again.state, again.offset) == (State.ANNOUNCED, 0)
    assert (await send(attachments, device, again, PHOTO)).state is State.READY


async def test_more_than_was_announced_is_not_taken(
    attachments: AttachmentService, device: Actor
) -> None:
    upload, _ = await attachments.receiving.announce(device, announcement(PHOTO))
    with pytest.raises(Invalid):
        await attachments.receiving.receive(device, upload.id, 0, bit_by_bit(PHOTO + b"more"))


async def test_a_refused_upload_says_why_for_ever_after(
    attachments: AttachmentService, device: Actor, tmp_path: Path
) -> None:
    cut = PHOTO[:800]
    upload, _ = await attachments.receiving.announce(device, announcement(cut))
    for _ in range(2):
        with pytest.raises(Invalid):
            await send(attachments, device, upload, cut)
    seen, fresh = await attachments.receiving.announce(device, announcement(cut))
    assert (seen.id, seen.state, seen.refusal, fresh) == (
        upload.id,
        State.REFUSED,
        Refusal.UNREADABLE,
        False,
    )
    assert files_in(tmp_path) == []


async def test_what_will_be_refused_is_refused_when_it_is_announced(
    attachments: AttachmentService, device: Actor
) -> None:
    too_large = Announcement(sha256="0" * 64, bytes=UPLOAD_BYTES + 1)
    with pytest.raises(TooLarge):
        await attachments.receiving.announce(device, too_large)
    film = Announcement(sha256="0" * 64, bytes=10, media_type="video/mp4")
    with pytest.raises(UnsupportedMedia):
        await attachments.receiving.announce(device, film)


async def test_an_upload_is_its_senders_own(attachments: AttachmentService, device: Actor) -> None:
    upload, _ = await attachments.receiving.announce(device, announcement(PHOTO))
    stranger = Actor(roles=frozenset({Role.DEVICE}), id=new_id())
    with pytest.raises(NotFound):
        await attachments.receiving.progress(stranger, upload.id)
    with pytest.raises(NotFound):
        await attachments.receiving.receive(stranger, upload.id, 0, bit_by_bit(PHOTO))


async def test_a_sender_has_so_many_attachments_in_no_report(
    attachments: AttachmentService, device: Actor
) -> None:
    for number in range(LOOSE_LIMIT):
        await attachments.receiving.announce(device, announcement(b"%d" % number))
    with pytest.raises(TooManyRequests):
        await attachments.receiving.announce(device, announcement(b"one more"))
    again, fresh = await attachments.receiving.announce(device, announcement(b"0"))
    assert (again.offset, fresh) == (0, False)


async def test_while_very_many_send_nobodys_bytes_wait_in_memory(
    attachments: AttachmentService, device: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smartcity.attachments.receiving.HELD_PARTS", 0)
    announced, _ = await attachments.receiving.announce(device, announcement(LONG))

    async def seen_to_be_kept() -> AsyncIterator[bytes]:
        for start in range(0, len(LONG), 100_000):
            assert (await attachments.receiving.progress(device, announced.id)).offset == start
            yield LONG[start : start + 100_000]

    await attachments.receiving.receive(device, announced.id, 0, seen_to_be_kept())
