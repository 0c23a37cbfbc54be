"""Rows from a file: CSV with a header, or one JSON object a line; either may be gzipped.

Read as a stream. A line that cannot be read is handed on with the reason and spoils no other.
"""

import csv
import gzip
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, Final, cast

import msgspec

from smartcity.dossiers.sync.rows import REQUIRED, SECRETS, Row, RowError

Line = tuple[int, Row | RowError]
"""A line's number, and its row or why there is none."""

LONGEST_LINE: Final = 65_536
"""A longer one is read as several, all of them refused: memory stays bounded."""

SPOILT: Final = "\N{REPLACEMENT CHARACTER}"
"""Stands where bytes were not UTF-8; they spoil their own row only."""

CSV, JSON_LINES = ".csv", (".ndjson", ".jsonl")


class FileError(Exception):
    """The file as a whole cannot be read."""


class RowFile:
    """A file of rows, open for one reading. Raises `FileError` at once if it is no such file."""

    def __init__(self, path: Path) -> None:
        names = path.with_suffix("") if path.suffix == ".gz" else path
        if names.suffix not in {CSV, *JSON_LINES}:
            raise FileError("the name must end in .csv, .ndjson or .jsonl, with .gz if zipped")
        self.size = path.stat().st_size
        self._raw = path.open("rb")
        zipped = path.suffix == ".gz"
        plain = cast("IO[bytes]", gzip.GzipFile(fileobj=self._raw) if zipped else self._raw)
        self.lines: Iterator[Line] = _csv(plain) if names.suffix == CSV else _json_lines(plain)

    def position(self) -> int:
        """How many bytes of the file have been read; for showing progress against `size`."""
        return self._raw.tell()

    def close(self) -> None:
        self._raw.close()


def _csv(stream: IO[bytes]) -> Iterator[Line]:
    text = io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline="")
    spoilt: list[str] = []
    reader = csv.reader(_watched(text, spoilt), strict=True, skipinitialspace=True)
    header = [name.strip().lower() for name in next(reader, list[str]())]
    missing = [name for name in REQUIRED if name not in header]
    if missing or not any(name in header for name in SECRETS):
        raise FileError("missing columns: " + ", ".join(missing or ["secret or factor"]))
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


def _watched(text: io.TextIOWrapper, spoilt: list[str]) -> Iterator[str]:
    """The lines of a text; those that were not UTF-8 are noted as they go by."""
    for line in iter(partial(text.readline, LONGEST_LINE), ""):
        if SPOILT in line:
            spoilt.append(line)
        yield line


def _json_lines(stream: IO[bytes]) -> Iterator[Line]:
    decoder = msgspec.json.Decoder(dict[str, str | int | None])
    for number, line in enumerate(iter(partial(stream.readline, LONGEST_LINE), b""), 1):
        if line.isspace():
            continue
        try:
            yield number, decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            yield number, RowError("line", str(error))
