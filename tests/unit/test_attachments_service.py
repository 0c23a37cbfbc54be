"""Attachments from the first byte to the last look, on a real database and a real folder."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from obstore.store import LocalStore, MemoryStore
from PIL import Image

from smartcity.attachments.examination import Document
from smartcity.attachments.examiner import Examiner
from smartcity.attachments.files import Files, open_files
from smartcity.attachments.images import Photo
from smartcity.attachments.media import MediaType, Refusal
from smartcity.attachments.model import Announcement, Kind, State, Upload
from smartcity.attachments.receiving import LOOSE_FOR, LOOSE_LIMIT, PART_BYTES
from smartcity.attachments.service import AttachmentService
from smartcity.attachments.store import INDEXES, AttachmentStore
from smartcity.attachments.sweeping import AWAITED_FOR, UNFINISHED_FOR
from smartcity.clock import now
from smartcity.errors import (
    FieldError,
    Invalid,
    NotFound,
    SmartCityError,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
    WrongOffset,
)
from smartcity.identifiers import new_id
from smartcity.identity.roles import ANYONE, Actor, Role
from smartcity.storage.mongo import Database
from tests.unit.sample_files import document, encoded, photo
from tests.unit.sample_reports import Reports

pytestmark = pytest.mark.anyio

UPLOAD_BYTES = 4_000_000
PHOTO = photo()
LONG = document() + b"%" + bytes(3 * PART_BYTES)


class Dying(Files):
    """A file store whose process dies at the n-th write, before or after it."""

    def __init__(self, folder: Path, lives: int, written: bool) -> None:
        super().__init__(LocalStore(folder, mkdir=True))
        self._lives = lives
        self._written = written

    async def write(self, path: str, content: bytes) -> None:
        self._lives -= 1
        if self._lives >= 0 or self._written:
            await super().write(path, content)
        if self._lives < 0:
            raise asyncio.CancelledError


class Paused(Examiner):
    """An examiner that dies before it answers."""

    async def examine(self, original: bytes) -> Photo | Document:
        assert original
        raise asyncio.CancelledError


@pytest.fixture
async def store(database: Database) -> AttachmentStore:
    for collection, indexes in INDEXES.items():
        await database[collection].create_indexes(list(indexes))
    return AttachmentStore(database)


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture
def examiner() -> Examiner:
    return Examiner(pixels=50_000_000, zone=ZoneInfo("Asia/Ho_Chi_Minh"))


def service(
    store: AttachmentStore, files: Files, examiner: Examiner, reports: Reports
) -> AttachmentService:
    return AttachmentService(
        store, files, examiner, reports, upload_bytes=UPLOAD_BYTES, per_report=10
    )


@pytest.fixture
def attachments(
    store: AttachmentStore, tmp_path: Path, examiner: Examiner, reports: Reports
) -> AttachmentService:
    return service(store, open_files("", tmp_path), examiner, reports)


@pytest.fixture
def device() -> Actor:
    return Actor(roles=frozenset({Role.DEVICE}), id=new_id())


def announcement(content: bytes, report: UUID | None = None) -> Announcement:
    return Announcement(sha256=sha256(content).hexdigest(), bytes=len(content), report=report)


async def bit_by_bit(content: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def send(
    attachments: AttachmentService, device: Actor, upload: Upload, content: bytes
) -> Upload:
    return await attachments.receiving.receive(
        device, upload.id, upload.offset, bit_by_bit(content[upload.offset :])
    )


async def read(attachments: AttachmentService, actor: Actor, attachment: UUID) -> bytes:
    content = await attachments.showing.content(actor, attachment)
    return b"".join([chunk async for chunk in await attachments.showing.stream(content)])


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


# --- in one piece --------------------------------------------------------------------------------


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


# --- bit by bit ----------------------------------------------------------------------------------


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


# --- a process dies ------------------------------------------------------------------------------


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("lives", range(5))
async def test_an_upload_goes_on_after_its_process_died_at_any_write(
    store: AttachmentStore,
    tmp_path: Path,
    examiner: Examiner,
    reports: Reports,
    device: Actor,
    lives: int,
    written: bool,
) -> None:
    original = encoded(Image.effect_noise((1500, 1800), 100), "PNG")
    assert 2 * PART_BYTES < len(original) < 3 * PART_BYTES, "three parts, a picture, a thumbnail"
    mortal = service(store, Dying(tmp_path / "attachments", lives, written), examiner, reports)
    upload, _ = await mortal.receiving.announce(device, announcement(original))
    with pytest.raises(asyncio.CancelledError):
        await send(mortal, device, upload, original)
    alive = service(store, open_files("", tmp_path), examiner, reports)
    upload, _ = await alive.receiving.announce(device, announcement(original))
    upload = await send(alive, device, upload, original)
    assert upload.state is State.READY
    assert (await alive.showing.content(device, upload.id)).width == 1500
    assert len(files_in(tmp_path)) <= 3, "at the most one part that nobody knows of"
    await alive.sweeping.remove([upload.id])
    assert files_in(tmp_path) == []


async def test_the_sweep_finishes_what_arrived_before_its_process_died(
    store: AttachmentStore, tmp_path: Path, examiner: Examiner, reports: Reports, device: Actor
) -> None:
    files = open_files("", tmp_path)
    dying = service(store, files, Paused(pixels=1, zone=ZoneInfo("Asia/Ho_Chi_Minh")), reports)
    upload, _ = await dying.receiving.announce(device, announcement(PHOTO))
    with pytest.raises(asyncio.CancelledError):
        await send(dying, device, upload, PHOTO)
    alive = service(store, files, examiner, reports)
    await alive.sweeping.sweep(now())
    assert (await alive.receiving.progress(device, upload.id)).state is State.RECEIVING
    await alive.sweeping.sweep(now() + timedelta(hours=1))
    assert (await alive.receiving.progress(device, upload.id)).state is State.READY


async def test_parts_that_were_lost_are_asked_for_again(
    attachments: AttachmentService, device: Actor, tmp_path: Path
) -> None:
    upload, _ = await attachments.receiving.announce(device, announcement(PHOTO))
    await attachments.receiving.receive(device, upload.id, 0, bit_by_bit(PHOTO[:1000]))
    for lost in files_in(tmp_path):
        lost.unlink()
    upload = await attachments.receiving.receive(device, upload.id, 1000, bit_by_bit(PHOTO[1000:]))
    assert (upload.state, upload.offset) == (State.ANNOUNCED, 0)
    assert (await send(attachments, device, upload, PHOTO)).state is State.READY


async def test_a_file_store_that_is_away_is_not_the_senders_fault(
    store: AttachmentStore, tmp_path: Path, examiner: Examiner, reports: Reports, device: Actor
) -> None:
    attachments = service(store, open_files("", tmp_path), examiner, reports)
    upload, _ = await attachments.receiving.announce(device, announcement(PHOTO))
    (tmp_path / "attachments").rmdir()
    (tmp_path / "attachments").write_text("no folder any more")
    with pytest.raises(Unavailable):
        await send(attachments, device, upload, PHOTO)


# --- reports -------------------------------------------------------------------------------------


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


# --- keeping order -------------------------------------------------------------------------------


async def test_the_sweep_removes_what_no_report_holds_and_nothing_else(
    attachments: AttachmentService, device: Actor, reports: Reports, tmp_path: Path
) -> None:
    unfinished, _ = await attachments.receiving.announce(device, announcement(LONG))
    await attachments.receiving.receive(device, unfinished.id, 0, bit_by_bit(LONG[:1000]))
    loose, _ = await attachments.receiving.take(device, bit_by_bit(PHOTO))
    lost_claim, _ = await attachments.receiving.take(device, bit_by_bit(document()))
    await attachments.claim([lost_claim.id], device, new_id())
    forgotten, _ = await attachments.receiving.take(device, bit_by_bit(photo("PNG")))
    reports.held[forgotten.id] = new_id()
    awaited, _ = await attachments.receiving.announce(device, announcement(photo("WEBP")))
    reports.held[awaited.id] = new_id()

    assert await attachments.sweeping.sweep(now()) == 0
    assert await attachments.sweeping.sweep(now() + UNFINISHED_FOR + timedelta(minutes=1)) == 1
    with pytest.raises(NotFound):
        await attachments.receiving.progress(device, unfinished.id)
    assert await attachments.sweeping.sweep(now() + LOOSE_FOR + timedelta(minutes=1)) == 2
    kept = [forgotten.id, awaited.id]
    assert {view.id for view in await attachments.of([loose.id, lost_claim.id, *kept])} == set(kept)
    assert {path.parent.name for path in files_in(tmp_path)} == {str(forgotten.id)}

    await attachments.sweeping.sweep(now() + AWAITED_FOR + timedelta(minutes=1))
    assert (await attachments.receiving.progress(device, awaited.id)).refusal is Refusal.ABANDONED
    assert await attachments.ready(kept) == {forgotten.id}


async def test_a_removed_attachment_is_gone_with_its_files(
    attachments: AttachmentService, device: Actor, reports: Reports, tmp_path: Path
) -> None:
    taken, _ = await attachments.receiving.take(device, bit_by_bit(PHOTO))
    reports.held[taken.id] = new_id()
    await attachments.claim([taken.id], device, reports.held[taken.id])
    await attachments.sweeping.remove([taken.id])
    assert await attachments.of([taken.id]) == []
    assert files_in(tmp_path) == []


async def test_any_store_will_do_for_the_files(
    store: AttachmentStore, examiner: Examiner, reports: Reports, device: Actor
) -> None:
    attachments = service(store, Files(MemoryStore()), examiner, reports)
    upload, _ = await attachments.receiving.announce(device, announcement(LONG))
    await send(attachments, device, upload, LONG)
    assert await read(attachments, device, upload.id) == LONG
    await attachments.sweeping.remove([upload.id])
    assert await attachments.of([upload.id]) == []
