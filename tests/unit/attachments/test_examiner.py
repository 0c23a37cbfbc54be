"""The process in which files are looked at: what it survives, and what it holds back."""

import asyncio
import os
import time
import zlib
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from smartcity.attachments.examination import Document
from smartcity.attachments.examiner import WAITING, Examiner
from smartcity.attachments.images import Photo
from smartcity.attachments.media import MediaType, NotAcceptedError, Refusal
from smartcity.errors import Unavailable
from tests.unit.sample_files import document, encoded, photo

pytestmark = pytest.mark.anyio


@pytest.fixture
def examiner() -> Examiner:
    return Examiner(pixels=50_000_000, zone=ZoneInfo("Asia/Ho_Chi_Minh"))


async def test_photos_and_documents_are_recognised(examiner: Examiner) -> None:
    made = await examiner.examine(photo("HEIF"))
    assert isinstance(made, Photo)
    assert made.taken_at is not None
    assert made.place is not None
    assert await examiner.examine(document()) == Document(media_type=MediaType.PDF)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"hello", Refusal.MEDIA_TYPE),
        (photo()[:500], Refusal.UNREADABLE),
        (document(catalog=b"/OpenAction <</S /Launch /F (a)>>"), Refusal.ACTIVE),
    ],
)
async def test_a_refusal_comes_back_with_its_reason(
    examiner: Examiner, content: bytes, refusal: Refusal
) -> None:
    with pytest.raises(NotAcceptedError) as refused:
        await examiner.examine(content)
    assert refused.value.refusal is refusal


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
async def test_the_largest_photo_allowed_fits_into_the_memory_given(
    examiner: Examiner, kind: str
) -> None:
    original = encoded(Image.new("RGB", (8160, 6120), (90, 120, 90)), kind)
    assert isinstance(await examiner.examine(original), Photo)


async def test_a_file_that_unpacks_to_gigabytes_is_refused(examiner: Examiner) -> None:
    with pytest.raises(NotAcceptedError) as refused:
        await examiner.examine(_bomb())
    assert refused.value.refusal in {Refusal.COMPLEX, Refusal.UNREADABLE}


async def test_examining_does_not_hold_up_the_loop(examiner: Examiner) -> None:
    work = asyncio.create_task(examiner.examine(photo(width=6000, height=4000)))
    longest, before = 0.0, time.perf_counter()
    while not work.done():
        await asyncio.sleep(0.005)
        longest, before = max(longest, time.perf_counter() - before), time.perf_counter()
    await work
    assert longest < 0.25


async def test_too_many_files_at_once_are_told_to_come_back(examiner: Examiner) -> None:
    outcomes = await asyncio.gather(
        *(examiner.examine(photo()) for _ in range(WAITING + 2)), return_exceptions=True
    )
    assert sum(isinstance(outcome, Photo) for outcome in outcomes) == WAITING
    assert sum(isinstance(outcome, Unavailable) for outcome in outcomes) == 2


async def test_a_file_that_takes_too_long_ends_with_its_process() -> None:
    hasty = Examiner(pixels=50_000_000, zone=ZoneInfo("UTC"), patience_s=0.01)
    with pytest.raises(Unavailable):
        await hasty.examine(photo())
    assert not any("examination" in line for line in _commands_of_children())


def _commands_of_children() -> list[str]:
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [Path(f"/proc/{child}/cmdline").read_text() for child in children]


def _bomb() -> bytes:
    """A PDF of a few megabytes whose one object stream unpacks to three gigabytes."""
    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    spaces = packer.compress(b" " * (1 << 26)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = head + spaces * 48
    body = b"%PDF-1.5\n"
    at: list[int] = []
    for number, content in enumerate(
        (
            b"<</Type /Catalog /Pages 2 0 R>>",
            b"<</Type /Pages /Kids [5 0 R] /Count 1>>",
            b"<</Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d>>stream\n" % len(packed)
            + packed
            + b"\nendstream",
        ),
        1,
    ):
        at.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    at.append(len(body))
    rows = b"\x00\x00\x00\x00\x00" + b"".join(b"\x01" + a.to_bytes(4) for a in at[:3])
    rows = b"".join(r + b"\x00" for r in _split(rows, 5))
    rows += b"\x01" + at[3].to_bytes(4) + b"\x00" + b"\x02" + (3).to_bytes(4) + b"\x00"
    body += (
        b"4 0 obj\n<</Type /XRef /Size 6 /W [1 4 1] /Root 1 0 R /Length %d>>stream\n" % len(rows)
        + rows
        + b"\nendstream\nendobj\n"
    )
    return body + b"startxref\n%d\n%%%%EOF\n" % at[3]


def _split(rows: bytes, size: int) -> list[bytes]:
    return [rows[i : i + size] for i in range(0, len(rows), size)]
