"""Rows from files, good and bad."""

import gzip
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

import pytest

from smartcity.rowfiles.files import FileError, csv_rows, json_rows, require, row_file
from smartcity.rowfiles.rows import Line, Reject, RowError, Tally, read_rows

HEADER = "code,street,name"
GOOD = "H26-260601-0001,Phố Huế,Nguyễn Văn An"
CONTENT = f"{HEADER}\r\n{GOOD}\r\n".encode()

Reader = Callable[[IO[bytes]], Iterator[Line[Any]]]


def header(names: Sequence[str]) -> Sequence[str]:
    require(names, ("code", "name"))
    return names


CSV: Reader = partial(csv_rows, header=header)


def read(path: Path, content: bytes, reader: Reader = CSV) -> Sequence[tuple[int, object]]:
    path.write_bytes(content)
    with row_file(path, reader) as rows:
        lines = [
            (number, str(row) if isinstance(row, RowError) else row.get("name"))
            for number, row in rows.lines
        ]
        assert rows.position() == rows.size
    return lines


def test_a_csv_is_read_with_or_without_a_mark_and_zipped_or_not(tmp_path: Path) -> None:
    expected = [(2, "Nguyễn Văn An")]
    assert read(tmp_path / "a.csv", CONTENT) == expected
    assert read(tmp_path / "a.csv", b"\xef\xbb\xbf" + CONTENT) == expected
    assert read(tmp_path / "a.csv.gz", gzip.compress(CONTENT)) == expected


def test_the_content_says_whether_a_file_is_zipped_and_not_its_name(tmp_path: Path) -> None:
    expected = read(tmp_path / "a.csv", CONTENT)
    assert read(tmp_path / "a.csv", gzip.compress(CONTENT)) == expected
    assert read(tmp_path / "a.csv.gz", CONTENT) == expected


def test_a_file_has_the_same_digest_zipped_or_not(tmp_path: Path) -> None:
    plain, zipped = tmp_path / "a.csv", tmp_path / "b.csv.gz"
    plain.write_bytes(CONTENT)
    zipped.write_bytes(gzip.compress(CONTENT))
    with row_file(plain, CSV) as one, row_file(zipped, CSV) as other:
        assert one.digest == other.digest
        assert list(one.lines) == list(other.lines)


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
    assert read(tmp_path / "a.csv", b"\n".join(lines)) == [
        (2, "Nguyễn Văn An"),
        (3, "line: not UTF-8"),
        (4, "line: 2 columns, not 3"),
        (6, "line: 4 columns, not 3"),
        (7, "line: ',' expected after '\"'"),
        (8, "Nguyễn Văn An"),
    ]


def test_an_endless_line_is_read_in_pieces(tmp_path: Path) -> None:
    content = f"{HEADER}\n{'x' * 400_000}\n{GOOD}\n".encode()
    *pieces, last = read(tmp_path / "a.csv", content)
    assert len(pieces) > 1
    assert all(str(piece).startswith("line: ") for _, piece in pieces)
    assert last[1] == "Nguyễn Văn An"


def test_json_lines_are_read(tmp_path: Path) -> None:
    lines = [
        '{"code": "H26-260601-0001", "status": 4, "name": "Nguyễn Văn An"}',
        "",
        '{"code": ',
        '["no", "object"]',
        '{"code": {"nested": 1}}',
        '{"name": null}',
    ]
    content = "\n".join(lines).encode() + b'\n{"name": "\xff"}'
    (first, broken, listed, nested, empty, spoilt) = read(tmp_path / "a.ndjson", content, json_rows)
    assert first == (1, "Nguyễn Văn An")
    assert (broken[0], listed[0], nested[0], spoilt[0]) == (3, 4, 5, 7)
    assert all(str(told).startswith("line: ") for _, told in (broken, listed, nested, spoilt))
    assert empty == (6, None)


def test_a_damaged_archive_is_told_before_anything_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.csv.gz"
    whole = gzip.compress(CONTENT * 1000)
    for damaged in (whole[: len(whole) // 2], whole[:-1], whole[:-8] + bytes(8), whole[:20]):
        file.write_bytes(damaged)
        with pytest.raises(FileError, match="damaged"), row_file(file, CSV):
            pytest.fail("it was opened")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "missing columns: code, name"),
        (b"code;name\n", "missing columns: code, name"),
        (b"code,street\n", "missing columns: name"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "missing columns: code, name"),
        (b"code,name,code\n", "columns that are there twice: code"),
        (b'"code" but\n', "the header: "),
    ],
)
def test_a_file_without_its_columns_is_refused_as_a_whole(
    tmp_path: Path, content: bytes, told: str
) -> None:
    with pytest.raises(FileError, match=told):
        read(tmp_path / "a.csv", content)


def test_refused_rows_are_listed_with_their_line_and_name() -> None:
    def length(row: Any) -> int:
        if not row["street"]:
            raise RowError("street", "missing")
        return len(row["street"])

    lines: list[Line[str]] = [
        (2, {"name": "a", "street": "Phố Huế"}),
        (3, {"name": f" {'b' * 101}", "street": ""}),
        (4, RowError("line", "not UTF-8")),
    ]
    assert read_rows(lines, length, "name") == (
        [7],
        [
            Reject(line=3, name="b" * 100, column="street", reason="missing"),
            Reject(line=4, name="", column="line", reason="not UTF-8"),
        ],
    )


def test_tallies_of_one_kind_add_up() -> None:
    class Doors(Tally, frozen=True, kw_only=True):
        open: int = 0

    total = Doors(open=2, rejected=1) + Doors(open=3)
    assert total == Doors(open=5, rejected=1)
    assert total.rows == 6
