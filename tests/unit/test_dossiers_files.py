"""Rows from files, good and bad."""

import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest

from smartcity.dossiers.sync.files import FileError, open_rows
from smartcity.dossiers.sync.rows import RowError

HEADER = "code,procedure,agency,received_at,due_at,status,updated_at,factor,applicant"
GOOD = "H26-260601-0001,p,a,2026-06-01,2026-06-20,4,2026-06-02,4321,Nguyễn Văn An"


def read(path: Path, content: bytes) -> Sequence[tuple[int, object]]:
    path.write_bytes(content)
    with open_rows(path) as rows:
        lines = [
            (number, str(row) if isinstance(row, RowError) else row.get("applicant"))
            for number, row in rows.lines
        ]
        assert rows.position() == rows.size
    return lines


def test_a_csv_is_read_with_or_without_a_mark_and_zipped_or_not(tmp_path: Path) -> None:
    content = f"{HEADER}\r\n{GOOD}\r\n".encode()
    expected = [(2, "Nguyễn Văn An")]
    assert read(tmp_path / "a.csv", content) == expected
    assert read(tmp_path / "a.csv", b"\xef\xbb\xbf" + content) == expected
    assert read(tmp_path / "a.csv.gz", gzip.compress(content)) == expected


def test_a_bad_line_of_a_csv_spoils_no_other(tmp_path: Path) -> None:
    lines = [
        HEADER.encode(),
        GOOD.encode(),
        GOOD.encode().replace("ễ".encode(), b"\xff"),
        b"one,two",
        b"",
        GOOD.encode() + b",more",
        b'"never closed" but,' + b"x" * 10,
        GOOD.encode(),
    ]
    read_lines = read(tmp_path / "a.csv", b"\n".join(lines))
    assert read_lines == [
        (2, "Nguyễn Văn An"),
        (3, "line: not UTF-8"),
        (4, "line: 2 columns, not 9"),
        (6, "line: 10 columns, not 9"),
        (7, "line: ',' expected after '\"'"),
        (8, "Nguyễn Văn An"),
    ]


def test_an_endless_line_is_read_in_pieces(tmp_path: Path) -> None:
    content = f"{HEADER}\n{'x' * 200_000}\n{GOOD}\n".encode()
    *pieces, last = read(tmp_path / "a.csv", content)
    assert all(str(piece).startswith("line: ") for _, piece in pieces)
    assert last[1] == "Nguyễn Văn An"


def test_json_lines_are_read(tmp_path: Path) -> None:
    lines = [
        '{"code": "H26-260601-0001", "status": 4, "applicant": "Nguyễn Văn An"}',
        "",
        '{"code": ',
        '["no", "object"]',
        '{"code": {"nested": 1}}',
        '{"applicant": null}',
    ]
    (first, broken, listed, nested, empty) = read(
        tmp_path / "a.ndjson", "\n".join(lines).encode() + b'\n{"applicant": "\xff"}'
    )[:5]
    assert first == (1, "Nguyễn Văn An")
    assert (broken[0], listed[0], nested[0]) == (3, 4, 5)
    assert all(str(told).startswith("line: ") for _, told in (broken, listed, nested))
    assert empty == (6, None)


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    whole = gzip.compress(f"{HEADER}\n{GOOD}\n".encode() * 1000)
    with pytest.raises(FileError, match="damaged"):
        read(tmp_path / "a.csv.gz", whole[: len(whole) // 2])
    with pytest.raises(FileError, match="damaged"):
        read(tmp_path / "a.csv.gz", b"not zipped at all")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.xlsx", b"", "must end in .csv"),
        ("a.csv", b"", "missing columns: code"),
        ("a.csv", b"code,status\n", "missing columns: procedure, agency, updated_at"),
        ("a.csv", HEADER.replace("factor", "other").encode(), "missing columns: secret or factor"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    with pytest.raises(FileError, match=told):
        read(tmp_path / name, content)
