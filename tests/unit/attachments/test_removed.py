"""What no report holds is removed, and what is removed is gone."""

from datetime import timedelta
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from smartcity.attachments.examiner import Examiner
from smartcity.attachments.files import Files
from smartcity.attachments.media import Refusal
from smartcity.attachments.receiving import LOOSE_FOR
from smartcity.attachments.service import AttachmentService
from smartcity.attachments.store import AttachmentStore
from smartcity.attachments.sweeping import AWAITED_FOR, UNFINISHED_FOR
from smartcity.clock import now
from smartcity.errors import (
    NotFound,
)
from smartcity.identifiers import new_id
from smartcity.identity.roles import Actor
from tests.unit.attachments.sending import (
    LONG,
    PHOTO,
    announcement,
    bit_by_bit,
    files_in,
    read,
    send,
    service,
)
from tests.unit.sample_files import document, photo
from tests.unit.sample_reports import Reports

pytestmark = pytest.mark.anyio


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
