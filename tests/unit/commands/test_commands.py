"""The commands: what they do to the database, and how they tell what went wrong."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from smartcity.city import load_city
from smartcity.cli.main import main
from smartcity.cli.schema import every_index
from smartcity.geography.store import BoundaryStore
from smartcity.identifiers import token_hash
from smartcity.identity.keys.service import KeyService
from smartcity.identity.keys.store import KeyStore
from smartcity.identity.roles import Scope
from smartcity.reports.store import COLLECTION as REPORTS
from smartcity.settings import PROJECT, load_settings
from smartcity.storage.mongo import Database
from tests.unit.commands.running import Run, away, look


def commands(group: Any, before: Sequence[str] = ()) -> Iterator[str]:
    for name, inner in getattr(group, "commands", {}).items():
        yield " ".join([*before, name])
        yield from commands(inner, [*before, name])


@pytest.mark.parametrize("command", tuple(commands(main)))
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    told = CliRunner().invoke(main, [*command.split(), "--help"])
    assert told.exit_code == 0
    _, _, example = " ".join(told.output.split()).partition("Example: ")
    assert "smartcity " in example
    assert f" {command}" in example


def test_migrating_twice_is_the_same_as_once(run: Run) -> None:
    first, again = run("migrate"), run("migrate")
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert again.output.splitlines() == first.output.splitlines()[-1:], "no migration a second time"


def test_a_key_is_printed_alone_and_opens_until_it_is_revoked(
    run: Run, environment: dict[str, str]
) -> None:
    key = run("keys", "add", "one-stop", "--scope", "onestop").stdout.strip()

    def actor() -> Any:
        return look(environment, lambda d: KeyService(KeyStore(d)).actor(token_hash(key)))

    assert actor().scopes == {Scope.ONESTOP}
    assert run("keys", "revoke", "one-stop").exit_code == 0
    assert actor() is None
    assert run("keys", "revoke", "nobody").stderr == "smartcity: not found: name: nobody\n"


def test_what_commands_change_is_written_down_for_auditors(
    run: Run, environment: dict[str, str], shared_data: Path
) -> None:
    run("keys", "add", "one-stop", "--scope", "onestop", "--scope", "feed")
    run("keys", "revoke", "one-stop")
    run("boundaries", "import", shared_data / "hanoi_boundaries_30m.geojson.gz")

    async def records(database: Database) -> list[dict[str, Any]]:
        return [record async for record in database["audit_records"].find()]

    found = look(environment, records)
    assert [(record["action"], record["details"]) for record in found] == [
        ("add_key", {"key": "one-stop", "scopes": "onestop+feed"}),
        ("revoke_key", {"key": "one-stop"}),
        ("import_boundaries", {"file": "hanoi_boundaries_30m.geojson.gz"}),
    ]
    assert {record["party"] for record in found} == {"command line"}
    assert all("outbox" in record for record in found)


def test_boundaries_are_imported(run: Run, environment: dict[str, str], shared_data: Path) -> None:
    file = shared_data / "hanoi_boundaries_30m.geojson.gz"
    imported = run("boundaries", "import", file)
    assert imported.exit_code == 0, imported.output
    version = look(environment, lambda database: BoundaryStore(database).current_version())
    assert imported.stdout.startswith("126 boundaries")
    assert version in imported.stdout


def test_a_file_that_is_no_boundaries_is_refused_in_one_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "units.geojson"
    file.write_text('{"type": "FeatureCollection", "features": []}')
    refused = run("boundaries", "import", file)
    assert refused.exit_code == 1
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize("city", ["hanoi", "boston"])
def test_the_packs_of_this_project_are_sound(city: str) -> None:
    folder = PROJECT / "config" / city
    checked = CliRunner().invoke(main, ["pack", "check", str(folder)])
    assert checked.exit_code == 0, checked.output
    assert f"{len(load_city(folder).categories)} categories" in checked.output


def test_every_mistake_of_a_pack_is_printed(tmp_path: Path) -> None:
    checked = CliRunner().invoke(main, ["pack", "check", str(tmp_path)])
    assert checked.exit_code == 2
    assert len(checked.output.splitlines()) > 3
    assert "city.toml: the file is missing" in checked.output


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"SMARTCITY_PORT": "many"}, "smartcity: SMARTCITY_PORT: "),
        ({"SMARTCITY_FOO": "1"}, "smartcity: SMARTCITY_FOO: there is no such setting"),
    ],
)
def test_a_wrong_setting_is_one_line_and_an_exit_code(
    run: Run, extra: dict[str, str], said: str
) -> None:
    failed = run("migrate", **extra)
    assert failed.exit_code == 2
    assert failed.stderr.startswith(said)
    assert len(failed.stderr.splitlines()) == 1


def test_a_city_that_is_not_there_is_told_in_one_line(run: Run, tmp_path: Path) -> None:
    failed = run("--city", tmp_path, "up")
    assert failed.exit_code == 2
    assert failed.stderr.startswith(f"smartcity: the city pack {tmp_path} is wrong in ")
    assert len(failed.stderr.splitlines()) == 1


def test_options_may_stand_before_the_command_and_those_after_it_win(
    run: Run, tmp_path: Path
) -> None:
    nowhere, elsewhere = tmp_path / "nowhere", tmp_path / "elsewhere"
    assert str(nowhere) in run("--city", nowhere, "up").stderr
    assert str(elsewhere) in run("--city", nowhere, "up", "--city", elsewhere).stderr


def test_known_passwords_are_not_offered_to_other_machines(run: Run) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.7", "city.example"):
        refused = run("up", "--demo", "--host", host)
        assert (refused.exit_code, host in refused.stderr) == (2, True)


def test_data_is_one_citys_and_no_other_city_touches_it(run: Run) -> None:
    boston = {"SMARTCITY_CITY": str(PROJECT / "config" / "boston")}
    assert run("migrate").exit_code == 0
    refused = run("migrate", **boston)
    assert refused.exit_code == 2
    assert refused.stderr.startswith("smartcity: the data there is hanoi's, not boston's: ")
    told = run("doctor", **boston)
    assert told.exit_code == 1
    assert "hanoi's, and the city pack is boston's" in " ".join(told.output.split())


def test_a_pack_that_lost_what_reports_name_is_refused(
    run: Run, environment: dict[str, str]
) -> None:
    assert run("migrate").exit_code == 0
    report = {"category": "cave-in", "agency": "so-cu", "status": "closed"}
    look(environment, lambda database: database[REPORTS].insert_one(report))
    refused = run("migrate")
    assert refused.exit_code == 2
    assert "2 places" in refused.stderr
    assert "categories.toml: category.cave-in: is not there" in refused.stderr
    assert "valid_to" in refused.stderr
    told = run("doctor")
    assert told.exit_code == 1
    assert "agency.so-cu" in "".join(told.output.split())


def test_a_database_that_is_away_is_told_in_one_line() -> None:
    failed = away("migrate")
    assert failed.returncode == 1
    assert failed.stderr.startswith("smartcity: the database: 127.0.0.1:1")
    assert len(failed.stderr.splitlines()) == 1


def test_serving_needs_a_database_that_runs(run: Run) -> None:
    for command in ("serve", "work"):
        refused = run(command, SMARTCITY_MONGO_URI="")
        assert refused.exit_code == 2
        assert refused.stderr.startswith("smartcity: no database runs: ")


def test_every_store_s_indexes_are_known_by_name_once() -> None:
    for collection, models in every_index(load_settings(environment={})).items():
        names = [model.document["name"] for model in models]
        assert len(names) == len(set(names)), collection
