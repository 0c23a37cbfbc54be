"""`smartcity import reports`: said once, repeated harmlessly, refused in words that help."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from smartcity.cli.main import main
from smartcity.storage.mongo import connect
from tests.unit.imports_made import BOSTON, row, write

Run = Callable[..., Result]

ROWS = [row(1), row(2, REASON="Aliens"), row(3)]
REFUSED = "line,id,column,reason\n3,101000000002,REASON,unknown: Aliens\n"


@pytest.fixture
def run(mongo_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.chdir(tmp_path)
    environment = {
        "SMARTCITY_MONGO_URI": mongo_uri,
        "SMARTCITY_MONGO_DATABASE": f"test_{uuid4().hex[:12]}",
        "SMARTCITY_DATA_DIR": str(tmp_path),
        "SMARTCITY_CITY": str(BOSTON),
    }

    def invoke(*words: object) -> Result:
        given = ["import", "reports", *map(str, words)]
        return CliRunner(env=environment).invoke(main, given)

    yield invoke

    async def drop() -> None:
        client, database = connect(
            mongo_uri, environment["SMARTCITY_MONGO_DATABASE"], timeout_s=10, pool=2
        )
        async with client:
            await client.drop_database(database.name)

    asyncio.run(drop())


def test_an_import_counts_and_lists_what_it_refused_and_may_be_repeated(
    run: Run, tmp_path: Path
) -> None:
    file = write(tmp_path / "requests.csv", ROWS)
    first = run(file)
    assert first.exit_code == 0, first.output
    assert first.stdout == "2 new, 0 already there, 1 rejected\n"
    listed = tmp_path / "requests.csv.rejects.csv"
    assert listed.read_text() == REFUSED
    before = listed.read_bytes()
    assert run(file).stdout == "0 new, 2 already there, 1 rejected\n"
    assert listed.read_bytes() == before


def test_the_list_of_an_earlier_run_does_not_stay(run: Run, tmp_path: Path) -> None:
    listed = tmp_path / "refused.csv"
    run(write(tmp_path / "a.csv", ROWS), "--rejects", listed)
    assert listed.exists()
    run(write(tmp_path / "b.csv", ROWS[:1]), "--rejects", listed)
    assert not listed.exists()


def test_every_mistake_of_a_mapping_is_printed_and_nothing_is_done(
    run: Run, tmp_path: Path
) -> None:
    mapping = tmp_path / "mine.toml"
    text = (BOSTON / "import.toml").read_text("utf-8")
    mapping.write_text(text.replace("America/New_York", "Boston").replace("INFO", "info"), "utf-8")
    refused = run(write(tmp_path / "a.csv", ROWS), "--mapping", mapping)
    assert refused.exit_code == 2
    assert refused.stderr.splitlines() == [
        "mine.toml: times.zone: there is no time zone Boston",
        "mine.toml: agency.values.No Q: there is no agency info",
    ]
    assert not (tmp_path / "a.csv.rejects.csv").exists()


def test_a_file_that_is_no_table_is_refused_in_one_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "photo.csv"
    file.write_bytes(b"\x89PNG\r\n\x1a\n")
    refused = run(file)
    assert refused.exit_code == 1
    assert "missing columns" in " ".join(refused.stderr.split())
