"""`smartcity import dossiers`: what it does to the database, and what it tells."""

import asyncio
import csv
import gzip
import re
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from smartcity.audit.store import RECORDS
from smartcity.cli.main import main
from smartcity.dossiers.store import DOSSIERS
from smartcity.feed.store import ANNOUNCEMENTS
from smartcity.settings import PROJECT
from smartcity.storage.mongo import connect
from tests.unit.dossiers_made import row

pytestmark = pytest.mark.anyio

Environment = dict[str, str]


@pytest.fixture
def environment(mongo_uri: str, tmp_path: Path) -> Environment:
    return {
        "SMARTCITY_MONGO_URI": mongo_uri,
        "SMARTCITY_MONGO_DATABASE": f"test_{uuid4().hex[:12]}",
        "SMARTCITY_DATA_DIR": str(tmp_path / "var"),
        "SMARTCITY_CITY": str(PROJECT / "config" / "hanoi"),
    }


def written(file: Path, *rows: dict[str, str]) -> Path:
    with gzip.open(file, "wt", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return file


async def run(environment: Environment, *words: str) -> Result:
    """The command has an event loop of its own, so it runs on a thread of its own."""
    runner = CliRunner(env=environment)
    return await asyncio.to_thread(runner.invoke, main, ["import", "dossiers", *words])


async def counted(environment: Environment) -> tuple[int, int]:
    """How many dossiers and bulk events there are; the database is dropped afterwards."""
    name = environment["SMARTCITY_MONGO_DATABASE"]
    client, database = connect(environment["SMARTCITY_MONGO_URI"], name, timeout_s=10, pool=2)
    async with client:
        counts = [await database[c].count_documents({}) for c in (DOSSIERS, ANNOUNCEMENTS)]
        await client.drop_database(name)
    return counts[0], counts[1]


async def test_a_file_is_taken_in_once_however_often(
    environment: Environment, tmp_path: Path
) -> None:
    file = str(written(tmp_path / "a.csv.gz", row(1), row(2), row(3, status="")))
    first = await run(environment, file)
    again = await run(environment, file)
    assert first.exit_code == again.exit_code == 0, first.output
    assert first.stdout.endswith("2 new, 0 changed, 0 unchanged, 1 rejected\n")
    assert again.stdout.endswith("0 new, 0 changed, 2 unchanged, 1 rejected\n")
    assert await counted(environment) == (2, 1)


async def test_who_looks_for_an_imports_cause_finds_the_file_in_the_audit_records(
    environment: Environment, tmp_path: Path
) -> None:
    await run(environment, str(written(tmp_path / "a.csv.gz", row(1))))
    client, database = connect(
        environment["SMARTCITY_MONGO_URI"],
        environment["SMARTCITY_MONGO_DATABASE"],
        timeout_s=10,
        pool=2,
    )
    async with client:
        record = await database[RECORDS].find_one({})
        await client.drop_database(database.name)
    assert record is not None
    assert (record["action"], record["party"]) == ("import_dossiers", "command line")
    assert record["details"].keys() == {"file", "digest"}


async def test_refused_rows_are_listed_with_line_and_reason_and_nothing_personal(
    environment: Environment, tmp_path: Path
) -> None:
    file = written(tmp_path / "a.csv.gz", row(1), row(2, status=""))
    told = await run(environment, str(file))
    rejects = tmp_path / "a.csv.gz.rejects.csv"
    assert rejects.name in told.stderr.replace("\n", "")
    assert rejects.read_text("utf-8").splitlines() == [
        "line,code,column,reason",
        f"3,{row(2)['code']},status,missing",
    ]
    await run(environment, str(written(file, row(1))))
    assert not rejects.exists()
    await counted(environment)


async def test_a_file_that_is_none_is_refused_in_one_line(
    environment: Environment, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("name,street\n")
    told = await run(environment, str(file))
    assert told.exit_code == 1
    assert "missing columns: code, procedure" in re.sub(r"[\s│]+", " ", told.stderr)
    assert await counted(environment) == (0, 0)


async def test_a_file_that_was_cut_off_changes_nothing(
    environment: Environment, tmp_path: Path
) -> None:
    file = written(tmp_path / "a.csv.gz", *(row(number) for number in range(1, 20)))
    file.write_bytes(file.read_bytes()[:-9])
    rejects = tmp_path / "a.csv.gz.rejects.csv"
    rejects.write_text("of an earlier run", "utf-8")
    told = await run(environment, str(file))
    assert told.exit_code == 1
    assert "damaged" in told.stderr
    assert rejects.read_text("utf-8") == "of an earlier run"
    assert await counted(environment) == (0, 0)
