"""A process dies, a part is lost, the file store is away: nothing is lost for good."""

import asyncio
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from smartcity.attachments.examiner import Examiner
from smartcity.attachments.files import open_files
from smartcity.attachments.model import State
from smartcity.attachments.receiving import PART_BYTES
from smartcity.attachments.service import AttachmentService
from smartcity.attachments.store import AttachmentStore
from smartcity.clock import now
from smartcity.errors import (
    Unavailable,
)
from smartcity.identity.roles import Actor
from tests.unit.attachments.sending import (
    PHOTO,
    DyingExaminer,
    DyingFiles,
    announcement,
    bit_by_bit,
    files_in,
    send,
    service,
)
from tests.unit.sample_files import encoded
from tests.unit.sample_reports import Reports

pytestmark = pytest.mark.anyio


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
    mortal = service(store, DyingFiles(tmp_path / "attachments", lives, written), examiner, reports)
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
    dying = service(
        store, files, DyingExaminer(pixels=1, zone=ZoneInfo("Asia/Ho_Chi_Minh")), reports
    )
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
