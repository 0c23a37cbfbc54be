"""A file that is sent in one piece."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from smartcity.attachments.media import MediaType, Refusal
from smartcity.attachments.model import Kind, State
from smartcity.attachments.service import AttachmentService
from smartcity.errors import (
    FieldError,
    Invalid,
    NotFound,
    SmartCityError,
    TooLarge,
    Unauthenticated,
    UnsupportedMedia,
)
from smartcity.identifiers import new_id
from smartcity.identity.roles import ANYONE, Actor, Role
from smartcity.storage.mongo import Database
from tests.unit.attachments.sending import (
    PHOTO,
    UPLOAD_BYTES,
    bit_by_bit,
    files_in,
    read,
)
from tests.unit.sample_files import document

pytestmark = pytest.mark.anyio


async def test_a_photo_sent_at_once_is_ready_and_tells_its_uploader_when_and_where(
    attachments: AttachmentService, device: Actor
) -> None:
    taken, fresh = await attachments.receiving.take(device, bit_by_bit(PHOTO))
    assert fresh
    assert (taken.state, taken.kind, taken.thumbnail) == (State.READY, Kind.PHOTO, True)
    assert (taken.width, taken.height) == (640, 480)
    assert taken.taken_at is not None
    assert taken.place is not None
    shown = await attachments.showing.content(device, taken.id)
    assert (shown.media_type, shown.size_bytes) == (MediaType.JPEG, taken.bytes)
    content = await read(attachments, device, taken.id)
    assert sha256(content).digest() == shown.sha256
    assert (await attachments.showing.thumbnail(device, taken.id)).width == 320


async def test_a_document_is_kept_byte_for_byte(
    attachments: AttachmentService, device: Actor
) -> None:
    sent = document()
    taken, _ = await attachments.receiving.take(device, bit_by_bit(sent))
    assert (taken.kind, taken.thumbnail) == (Kind.DOCUMENT, False)
    assert await read(attachments, device, taken.id) == sent
    with pytest.raises(NotFound):
        await attachments.showing.thumbnail(device, taken.id)


async def test_the_same_file_from_the_same_sender_is_the_same_attachment(
    attachments: AttachmentService, device: Actor
) -> None:
    first, _ = await attachments.receiving.take(device, bit_by_bit(PHOTO))
    second, fresh = await attachments.receiving.take(device, bit_by_bit(PHOTO))
    other = Actor(roles=frozenset({Role.DEVICE}), id=new_id())
    third, _ = await attachments.receiving.take(other, bit_by_bit(PHOTO))
    assert (second, fresh) == (first, False)
    assert third.id != first.id


async def test_the_same_file_sent_many_times_at_once_is_one_attachment(
    attachments: AttachmentService, device: Actor, tmp_path: Path
) -> None:
    taken = await asyncio.gather(
        *(attachments.receiving.take(device, bit_by_bit(PHOTO)) for _ in range(5))
    )
    assert len({view.id for view, _ in taken}) == 1
    assert len(files_in(tmp_path)) == 2


@pytest.mark.parametrize(
    ("content", "error", "reason"),
    [
        (b"GIF89a" + bytes(100), UnsupportedMedia, Refusal.MEDIA_TYPE),
        (PHOTO[:800], Invalid, Refusal.UNREADABLE),
        (document(catalog=b"/OpenAction <</S /JavaScript>>"), UnsupportedMedia, Refusal.ACTIVE),
    ],
)
async def test_a_refused_file_leaves_nothing_behind(
    attachments: AttachmentService,
    device: Actor,
    database: Database,
    tmp_path: Path,
    content: bytes,
    error: type[SmartCityError],
    reason: str,
) -> None:
    with pytest.raises(error) as refused:
        await attachments.receiving.take(device, bit_by_bit(content))
    assert refused.value.fields == (FieldError("body", reason),)
    assert await database["attachments"].count_documents({}) == 0
    assert files_in(tmp_path) == []


async def test_a_file_that_is_too_large_is_read_to_its_end_but_not_for_ever(
    attachments: AttachmentService, device: Actor
) -> None:
    a_little = bit_by_bit(bytes(UPLOAD_BYTES + 1_000_000))
    with pytest.raises(TooLarge):
        await attachments.receiving.take(device, a_little)
    assert [chunk async for chunk in a_little] == []

    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 100_000
            yield bytes(100_000)

    with pytest.raises(TooLarge):
        await attachments.receiving.take(device, endless())
    assert given <= 5 * UPLOAD_BYTES


async def test_nobody_uploads_without_a_name(attachments: AttachmentService) -> None:
    with pytest.raises(Unauthenticated):
        await attachments.receiving.take(ANYONE, bit_by_bit(PHOTO))


async def test_a_whole_file_that_comes_too_slowly_gives_its_place_to_others(
    attachments: AttachmentService, device: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smartcity.attachments.receiving.WHOLE_IN_S", 0.05)

    async def slowly() -> AsyncIterator[bytes]:
        yield PHOTO[:100]
        await asyncio.sleep(10)

    with pytest.raises(Invalid) as refusal:
        await attachments.receiving.take(device, slowly())
    assert [field.reason for field in refusal.value.fields] == ["too_slow"]
