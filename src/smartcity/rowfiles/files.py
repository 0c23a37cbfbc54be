"""Rows from a file: CSV with a header, or one JSON object a line; either may be gzipped.

The whole file is looked through once before anything is taken from it, so one that was cut off
changes nothing; then it is read as a stream. A line that cannot be read is handed on with the
reason and spoils no other.
"""

import csv
import gzip
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import IO, Final, Generic, cast

import msgspec

from smartcity.rowfiles.rows import Cell, Line, RowError

LONGEST_LINE: Final = 131_072
"""A longer one is read as several, all of them refused: memory stays bounded."""

PIECE: Final = 1_048_576
ZIPPED: Final = b"\x1f\x8b"
BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"

Header = Callable[[Sequence[str]], Sequence[str]]
"""Names the columns of a file's header. Raises `FileError` if the file is of another kind."""


class FileError(Exception):
    """The file as a whole cannot be read."""


class RowFile(msgspec.Struct, Generic[Cell], frozen=True):
    """A file of rows, for one reading.

    `digest` names its content, whether zipped or not; `position` says how many of its `size` bytes
    were read so far.
    """

    lines: Iterator[Line[Cell]]
    digest: bytes
    size: int
    position: Callable[[], int]


@contextmanager
def row_file(
    path: Path, reader: Callable[[IO[bytes]], Iterator[Line[Cell]]]
) -> Generator[RowFile[Cell]]:
    """Open a file for one of the readers below. Raises `FileError` at once if it is damaged."""
    with path.open("rb") as raw:
        digest = _digest(_unzipped(raw))
        raw.seek(0)
        yield RowFile(reader(_unzipped(raw)), digest, path.stat().st_size, raw.tell)


def csv_rows(stream: IO[bytes], header: Header) -> Iterator[Line[str]]:
    """The rows of a CSV file. Raises `FileError` at once for a header that is none."""
    spoilt: list[bytes] = []
    reader = csv.reader(_decoded(stream, spoilt), strict=True, skipinitialspace=True)
    columns = header([name.strip(f"{BYTE_ORDER_MARK} ") for name in _first(reader)])

    def rows() -> Iterator[Line[str]]:
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
            elif len(cells) == len(columns):
                yield reader.line_num, dict(zip(columns, cells, strict=True))
            elif cells:
                yield reader.line_num, RowError("line", f"{len(cells)} columns, not {len(columns)}")

    return rows()


def json_rows(stream: IO[bytes]) -> Iterator[Line[str | int | None]]:
    """The rows of a file with one JSON object a line."""
    decoder = msgspec.json.Decoder(dict[str, str | int | None])
    for number, line in enumerate(_lines(stream), 1):
        if line.isspace():
            continue
        try:
            yield number, decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            yield number, RowError("line", str(error))


def require(header: Sequence[str], columns: Iterable[str]) -> None:
    """Raise `FileError` unless each of these columns is there, once."""
    counts = {column: header.count(column) for column in columns}
    if missing := [column for column, count in counts.items() if count == 0]:
        raise FileError(f"missing columns: {', '.join(missing)}")
    if twice := [column for column, count in counts.items() if count > 1]:
        raise FileError(f"columns that are there twice: {', '.join(twice)}")


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


def _first(reader: Iterator[list[str]]) -> list[str]:
    try:
        return next(reader, list[str]())
    except csv.Error as error:
        raise FileError(f"the header: {error}") from error


def _decoded(stream: IO[bytes], spoilt: list[bytes]) -> Iterator[str]:
    """The lines as text; those that are not UTF-8 are noted as they go by."""
    for line in _lines(stream):
        try:
            yield line.decode()
        except UnicodeDecodeError:
            spoilt.append(line)
            yield line.decode(errors="replace")


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    return iter(partial(stream.readline, LONGEST_LINE), b"")
