"""Which files reports come in: a CSV, gzipped or not, with the columns that a mapping names."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from smartcity.reports.imports.mapping import ImportMapping
from smartcity.rowfiles.files import RowFile, csv_rows, require, row_file


def open_rows(path: Path, mapping: ImportMapping) -> AbstractContextManager[RowFile[str]]:
    """Open a file of reports. Raises `FileError` when entered if it is none, or damaged."""

    def header(names: Sequence[str]) -> Sequence[str]:
        require(names, sorted(mapping.columns))
        return names

    return row_file(path, partial(csv_rows, header=header))
