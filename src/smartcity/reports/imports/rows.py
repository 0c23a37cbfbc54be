"""Rows from a CSV file with a header, gzipped or not, read as a stream.

The whole file is looked through once before anything is taken from it: one that was cut off, or is
not what the mapping speaks of, changes nothing.
"""

import csv
import gzip
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import IO, Final, cast

import msgspec

Row = Mapping[str, str]
"""Column → text."""

LONGEST_LINE: Final = 131_072
"""A longer one is read as several, all of them refused: memory stays bounded."""

PIECE: Final = 1_048_576
ZIPPED: Final = b"\x1f\x8b"
BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"


class FileError(Exception):
    """The file as a whole cannot be read."""


class RowError(ValueError):
    """Why a row is refused: the column, and a word."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.column = column
        self.reason = reason


Line = tuple[int, Row | RowError]
"""A line's number, and its row or why there is none."""


class RowFile(msgspec.Struct, frozen=True):
    """A file of rows, for one reading.

    `digest` names its content, whether zipped or not; `position` says how many of its bytes were
    read so far.
    """

    lines: Iterator[Line]
    digest: bytes
    size: int
    position: Callable[[], int]


@contextmanager
def open_rows(path: Path, columns: frozenset[str]) -> Generator[RowFile]:
    """Open a file that must have these columns. Raises `FileError` at once if it is damaged."""
    with path.open("rb") as raw:
        digest = _digest(_unzipped(raw))
        raw.seek(0)
        lines = _rows(_unzipped(raw), columns)
        yield RowFile(lines, digest, path.stat().st_size, raw.tell)


def _unzipped(raw: IO[bytes]) -> IO[bytes]:
    begins = raw.read(len(ZIPPED))
    raw.seek(0)
    return cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if begins == ZIPPED else raw


def _digest(stream: IO[bytes]) -> bytes:
    blake = blake2b(digest_size=16)
    try:
        for piece in iter(partial(stream.read, PIECE), b""):
            blake.update(piece)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FileError(f"damaged: {error}") from error
    return blake.digest()


def _rows(stream: IO[bytes], columns: frozenset[str]) -> Iterator[Line]:
    spoilt: list[bytes] = []
    reader = csv.reader(_decoded(stream, spoilt), strict=True)
    header = [name.strip(f"{BYTE_ORDER_MARK} ") for name in _first(reader)]
    _check(header, columns)

    def rows() -> Iterator[Line]:
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield reader.line_num, RowError("line", str(error))
                continue
            if spoilt:
                spoilt.clear()
                yield reader.line_num, RowError("line", "not UTF-8")
            elif len(cells) == len(header):
                yield reader.line_num, dict(zip(header, cells, strict=True))
            elif cells:
                yield reader.line_num, RowError("line", f"{len(cells)} cells, not {len(header)}")

    return rows()


def _first(reader: Iterator[list[str]]) -> list[str]:
    try:
        return next(reader, list[str]())
    except csv.Error as error:
        raise FileError(f"the header: {error}") from error


def _check(header: Sequence[str], columns: frozenset[str]) -> None:
    if missing := sorted(columns - set(header)):
        raise FileError(f"missing columns: {', '.join(missing)}")
    if twice := sorted(column for column in columns if header.count(column) > 1):
        raise FileError(f"columns that are there twice: {', '.join(twice)}")


def _decoded(stream: IO[bytes], spoilt: list[bytes]) -> Iterator[str]:
    """The lines as text; those that are not UTF-8 are noted as they go by."""
    for line in iter(partial(stream.readline, LONGEST_LINE), b""):
        try:
            yield line.decode()
        except UnicodeDecodeError:
            spoilt.append(line)
            yield line.decode(errors="replace")
