"""Files on their way: senders, services, and processes that die."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from obstore.store import LocalStore

from smartcity.attachments.examination import Document
from smartcity.attachments.examiner import Examiner
from smartcity.attachments.files import Files
from smartcity.attachments.images import Photo
from smartcity.attachments.model import Announcement, Upload
from smartcity.attachments.receiving import PART_BYTES
from smartcity.attachments.service import AttachmentService
from smartcity.attachments.store import AttachmentStore
from smartcity.identity.roles import Actor
from tests.unit.sample_files import document, photo
from tests.unit.sample_reports import Reports

UPLOAD_BYTES = 4_000_000
PHOTO = photo()
LONG = document() + b"%" + bytes(3 * PART_BYTES)


class DyingFiles(Files):
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


class DyingExaminer(Examiner):
    """An examiner that dies before it answers."""

    async def examine(self, original: bytes) -> Photo | Document:
        assert original
        raise asyncio.CancelledError


def service(
    store: AttachmentStore, files: Files, examiner: Examiner, reports: Reports
) -> AttachmentService:
    return AttachmentService(
        store, files, examiner, reports, upload_bytes=UPLOAD_BYTES, per_report=10
    )


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
