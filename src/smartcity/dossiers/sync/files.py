"""Which files dossiers come in: by the name's end a CSV or JSON lines, gzipped or not."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, Final

from smartcity.dossiers.sync.rows import REQUIRED, SECRETS
from smartcity.rowfiles.files import FileError, RowFile, csv_rows, json_rows, require, row_file
from smartcity.rowfiles.rows import Line


@contextmanager
def open_rows(path: Path) -> Generator[RowFile[Any]]:
    """Open a file of dossiers. Raises `FileError` at once if it is none, or damaged."""
    reader = READERS.get(path.with_name(path.name.removesuffix(".gz")).suffix)
    if reader is None:
        raise FileError("the name must end in .csv, .ndjson or .jsonl, with .gz if zipped")
    with row_file(path, reader) as rows:
        yield rows


def _header(names: Sequence[str]) -> Sequence[str]:
    columns = [name.lower() for name in names]
    require(columns, REQUIRED)
    if not any(name in columns for name in SECRETS):
        raise FileError(f"missing columns: {' or '.join(SECRETS)}")
    return columns


READERS: Final[Mapping[str, Callable[[IO[bytes]], Iterator[Line[Any]]]]] = {
    ".csv": partial(csv_rows, header=_header),
    ".ndjson": json_rows,
    ".jsonl": json_rows,
}
