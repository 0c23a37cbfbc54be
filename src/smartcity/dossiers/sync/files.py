"""Rows from a file: CSV with a header, or one JSON object a line; either may be gzipped.

Read as a stream. A line that cannot be read is handed on with the reason and spoils no other.
"""

import csv
import gzip
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Final, cast

import msgspec

from smartcity.dossiers.sync.rows import REQUIRED, SECRETS, Row, RowError

Line = tuple[int, Row | RowError]
"""A line's number, and its row or why there is none."""

LONGEST_LINE: Final = 65_536
"""A longer one is read as several, all of them refused: memory stays bounded."""

CSV, JSON_LINES = ".csv", (".ndjson", ".jsonl")


class FileError(Exception):
    """The file as a whole cannot be read."""


class RowFile(msgspec.Struct, frozen=True):
    """A file of rows, for one reading. `position` says how many of its bytes were read so far."""

    lines: Iterator[Line]
    size: int
    position: Callable[[], int]


@contextmanager
def open_rows(path: Path) -> Generator[RowFile]:
    """Open a file. Raises `FileError` at once if it is no such file, and later if it is damaged."""
    zipped = path.suffix == ".gz"
    kind = path.with_suffix("").suffix if zipped else path.suffix
    if kind not in {CSV, *JSON_LINES}:
        raise FileError("the name must end in .csv, .ndjson or .jsonl, with .gz if zipped")
    with path.open("rb") as raw:
        plain = cast("IO[bytes]", gzip.GzipFile(fileobj=raw) if zipped else raw)
        lines = _csv_rows(plain) if kind == CSV else _json_rows(plain)
        yield RowFile(lines, path.stat().st_size, raw.tell)


def _csv_rows(stream: IO[bytes]) -> Iterator[Line]:
    spoilt: list[bytes] = []
    reader = csv.reader(_decoded(stream, spoilt), strict=True, skipinitialspace=True)
    header = [name.strip("\N{ZERO WIDTH NO-BREAK SPACE} ").lower() for name in _first(reader)]
    missing = [name for name in REQUIRED if name not in header]
    if missing or not any(name in header for name in SECRETS):
        raise FileError("missing columns: " + ", ".join(missing or ["secret or factor"]))

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
                yield reader.line_num, RowError("line", f"{len(cells)} columns, not {len(header)}")

    return rows()


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


def _json_rows(stream: IO[bytes]) -> Iterator[Line]:
    decoder = msgspec.json.Decoder(dict[str, str | int | None])
    for number, line in enumerate(_lines(stream), 1):
        if line.isspace():
            continue
        try:
            yield number, decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            yield number, RowError("line", str(error))


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    try:
        yield from iter(partial(stream.readline, LONGEST_LINE), b"")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FileError(f"damaged: {error}") from error
