"""Which files dossiers may come in."""

import gzip
from pathlib import Path

import pytest

from smartcity.dossiers.sync.files import open_rows
from smartcity.rowfiles.files import FileError

HEADER = "code,procedure,agency,received_at,due_at,status,updated_at,factor,applicant"
GOOD = "H26-260601-0001,p,a,2026-06-01,2026-06-20,4,2026-06-02,4321,Nguyễn Văn An"
CSV = f"{HEADER.title()}\n{GOOD}\n".encode()
JSON = b'{"code": "H26-260601-0001", "status": 4}\n'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV),
        ("a.csv.gz", gzip.compress(CSV, mtime=0)),
        ("a.ndjson", JSON),
        ("a.jsonl.gz", gzip.compress(JSON, mtime=0)),
    ],
)
def test_the_name_says_what_is_in_a_file(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with open_rows(file) as rows:
        ((_, row),) = rows.lines
    assert isinstance(row, dict)
    assert row["code"] == "H26-260601-0001"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.xlsx", b"", "must end in .csv"),
        ("a.csv", b"", "missing columns: code"),
        ("a.csv", b"code,status\n", "missing columns: procedure, agency, updated_at"),
        ("a.csv", HEADER.replace("factor", "other").encode(), "missing columns: secret or factor"),
        ("a.csv.gz", b"not zipped at all", "missing columns: code"),
        ("a.csv.gz", gzip.compress(CSV, mtime=0)[:-3], "damaged"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(FileError, match=told), open_rows(file):
        pytest.fail("it was opened")
