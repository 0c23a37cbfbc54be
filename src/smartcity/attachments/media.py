"""What may come in: the kinds of file, told by their content, and the reasons to refuse one.

A file's name and its sender's word for it count for nothing.
"""

from enum import StrEnum
from typing import Final


class MediaType(StrEnum):
    """The kinds that are taken."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    HEIC = "image/heic"
    PDF = "application/pdf"


class Refusal(StrEnum):
    """Why a file was refused."""

    MEDIA_TYPE = "media_type"  # none of the kinds that are taken
    UNREADABLE = "unreadable"  # damaged, cut short, or not what it says it is
    PIXELS = "pixels"  # more of them than one photo may have
    ENCRYPTED = "encrypted"  # nobody can look inside without its password
    ACTIVE = "active"  # a document that does things: scripts, programs, files inside
    COMPLEX = "complex"  # looking at it takes more time or memory than a file is given
    ABANDONED = "abandoned"  # named by a report, and never sent


class NotAcceptedError(Exception):
    """A file that is refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
"""ISO/IEC 23008-12: HEVC-coded pictures. AVIF shares the container and has other brands."""


def recognise(content: bytes) -> MediaType | None:
    """The kind of a file, by its first bytes."""
    if content.startswith(b"\xff\xd8\xff"):
        return MediaType.JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return MediaType.PNG
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return MediaType.WEBP
    if content[4:8] == b"ftyp" and not HEIC_BRANDS.isdisjoint(_brands(content)):
        return MediaType.HEIC
    if content.startswith(b"%PDF-"):
        return MediaType.PDF
    return None


def _brands(content: bytes) -> set[bytes]:
    """The brands in an ISO media file's first box: the major one, then the compatible ones."""
    end = min(int.from_bytes(content[:4]), 256)
    return {content[at : at + 4] for at in (8, *range(16, end, 4))}
