"""The commands: what they do to the database, and how they tell what went wrong."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from smartcity.audit.store import ENTRIES
from smartcity.city import load_city
from smartcity.cli.main import main
from smartcity.cli.schema import every_index
from smartcity.geography.store import BoundaryStore
from smartcity.identifiers import token_hash
from smartcity.identity.keys.service import KeyService
from smartcity.identity.keys.store import KeyStore
from smartcity.identity.roles import Role, Scope
from smartcity.identity.staff.store import StaffStore
from smartcity.reports.store import COLLECTION as REPORTS
from smartcity.settings import PROJECT, load_settings
from smartcity.storage.mongo import Database, connect

Run = Callable[..., Result]


@pytest.fixture
def environment(mongo_uri: str, tmp_path: Path) -> dict[str, str]:
    return {
        "SMARTCITY_MONGO_URI": mongo_uri,
        "SMARTCITY_MONGO_DATABASE": f"test_{uuid4().hex[:12]}",
        "SMARTCITY_DATA_DIR": str(tmp_path),
        "SMARTCITY_CITY": str(PROJECT / "config" / "hanoi"),
    }


@pytest.fixture
def run(environment: dict[str, str]) -> Iterator[Run]:
    def invoke(*words: object, **extra: str) -> Result:
        return CliRunner(env=environment | extra).invoke(main, [str(word) for word in words])

    yield invoke
    look(environment, lambda database: database.client.drop_database(database.name))


def look(environment: dict[str, str], ask: Callable[[Database], Coroutine[Any, Any, Any]]) -> Any:
    """What a question to the commands' database answers."""

    async def asked() -> Any:
        client, database = connect(
            environment["SMARTCITY_MONGO_URI"],
            environment["SMARTCITY_MONGO_DATABASE"],
            timeout_s=10,
            pool=2,
        )
        async with client:
            return await ask(database)

    return asyncio.run(asked())


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


def test_a_staff_account_is_added_once(run: Run, environment: dict[str, str]) -> None:
    password = {"SMARTCITY_PASSWORD": "correct horse battery"}
    added = run("staff", "add", "Thu.Hà", "--role", "admin", **password)
    assert added.exit_code == 0, added.output
    staff = look(environment, lambda database: StaffStore(database).by_name("thu.ha"))
    assert staff.roles == {Role.ADMIN}
    again = run("staff", "add", "thu.ha", "--role", "admin", **password)
    assert (again.exit_code, again.stderr) == (1, "smartcity: conflict: username: thu.ha\n")


def test_an_account_is_listed_disabled_and_enabled(run: Run, environment: dict[str, str]) -> None:
    password = {"SMARTCITY_PASSWORD": "correct horse battery staple"}
    for name in ("thu.ha", "minh.tran"):
        run("staff", "add", name, "--role", "admin", "--full-name", "Trần", **password)
    listed = run("staff", "list").output
    assert "thu.ha" in listed
    assert "disabled" not in listed
    assert run("staff", "disable", "Thu.Hà").exit_code == 0
    assert "disabled" in run("staff", "list").output
    assert run("staff", "enable", "thu.ha").exit_code == 0
    assert "disabled" not in run("staff", "list").output

    async def written(database: Database) -> list[str]:
        found = await database["audit_records"].find().sort("_id").to_list()
        return [record["action"] for record in found]

    done = ["staff_created", "staff_created", "staff_disabled", "staff_enabled"]
    assert look(environment, written) == done


def test_the_last_administrator_is_not_disabled(run: Run) -> None:
    run("staff", "add", "thu.ha", "--role", "admin", SMARTCITY_PASSWORD="correct horse battery")
    refused = run("staff", "disable", "thu.ha")
    assert refused.exit_code == 1
    assert "conflict: reason: last_admin" in refused.output


def test_who_lost_password_and_phone_is_let_in_again(run: Run, environment: dict[str, str]) -> None:
    run("staff", "add", "thu.ha", "--role", "admin", SMARTCITY_PASSWORD="correct horse battery")
    before = look(environment, lambda database: StaffStore(database).by_name("thu.ha"))
    given = run("staff", "password", "thu.ha")
    temporary = given.stdout.strip()
    assert len(temporary) == 27
    assert run("staff", "totp", "reset", "thu.ha").exit_code == 0
    after = look(environment, lambda database: StaffStore(database).by_name("thu.ha"))
    assert after.password_until is not None
    assert after.password != before.password
    assert temporary not in str(after)


@pytest.mark.parametrize("words", [("disable",), ("enable",), ("password",), ("totp", "reset")])
def test_an_account_that_is_not_there_is_told(run: Run, words: tuple[str, ...]) -> None:
    told = run("staff", *words, "nobody")
    assert told.exit_code == 1
    assert "smartcity: not found" in told.output


def test_the_doctor_looks_at_the_identity_providers(run: Run, tmp_path: Path) -> None:
    assert "sign-in      good   none" in run("doctor").output
    file = tmp_path / "issuers.toml"
    away = 'url = "http://127.0.0.1:9"\nfor = "staff"\naudiences = ["a"]'
    file.write_text(f'[[issuers]]\nname = "city-id"\n{away}\n')
    told = run("doctor", SMARTCITY_OIDC_ISSUERS=str(file)).output
    assert "sign-in      mind   city-id for staff: no answer" in told
    file.write_text("[[issuers]]")
    assert "sign-in      wrong" in run("doctor", SMARTCITY_OIDC_ISSUERS=str(file)).output


def test_a_password_is_asked_for_twice_when_none_is_given(environment: dict[str, str]) -> None:
    told = CliRunner(env=environment).invoke(
        main, ["staff", "add", "thu.ha", "--role", "admin"], input="one\nother\n"
    )
    assert "do not match" in told.output


def test_an_account_that_breaks_the_rules_is_refused_in_one_line(run: Run) -> None:
    refused = run("staff", "add", "x", "--role", "handler", SMARTCITY_PASSWORD="short")
    assert refused.exit_code == 1
    expected = "smartcity: invalid: password: too_short, agencies: required\n"
    assert refused.stderr == expected


def test_a_key_is_printed_alone_and_opens_until_it_is_revoked(
    run: Run, environment: dict[str, str]
) -> None:
    key = run("keys", "add", "one-stop", "--scope", "onestop").stdout.strip()

    def actor() -> Any:
        return look(environment, lambda d: KeyService(KeyStore(d)).actor(token_hash(key)))

    assert actor().scopes == {Scope.ONESTOP}
    assert run("keys", "revoke", "one-stop").exit_code == 0
    assert actor() is None
    assert run("keys", "revoke", "nobody").stderr == "smartcity: not found\n"


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


def test_the_doctor_finds_what_is_missing_and_is_content_when_it_is_there(run: Run) -> None:
    sick = run("doctor")
    assert sick.exit_code == 1
    assert "smartcity migrate" in " ".join(sick.output.split())
    run("migrate")
    well = run("doctor")
    assert well.exit_code == 0, well.output
    assert "none imported: units are approximate" in " ".join(well.output.split())


def test_the_doctor_says_whether_there_are_two_to_confirm_an_alert(run: Run) -> None:
    for name in ("lan", "minh"):
        assert "the pack demands two" in " ".join(run("doctor").output.split())
        added = run(
            "staff",
            "add",
            name,
            "--role",
            "alerter",
            SMARTCITY_PASSWORD="correct horse battery staple",
        )
        assert added.exit_code == 0, added.output
    assert "there are officers to issue them" in " ".join(run("doctor").output.split())


def test_the_doctor_misses_an_audit_logs_head(run: Run, environment: dict[str, str]) -> None:
    run("migrate")
    assert "0 entries, no head published yet" in " ".join(run("doctor").output.split())
    look(environment, lambda database: database[ENTRIES].insert_one({"_id": 1}))
    told = run("doctor")
    assert told.exit_code == 1
    assert "audit log's head is gone" in " ".join(told.output.split())


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


def test_the_doctor_is_not_content_with_a_push_project_that_has_no_credentials(run: Run) -> None:
    told = run("doctor", SMARTCITY_FCM_PROJECT="city")
    assert "push         mind   not configured" in told.output


def away(command: str) -> subprocess.CompletedProcess[str]:
    """A command without a database, in a process of its own."""
    environment = os.environ | {
        "SMARTCITY_MONGO_URI": "mongodb://127.0.0.1:1/?replicaSet=rs0",
        "SMARTCITY_MONGO_TIMEOUT_S": "0.3",
    }
    words = [sys.executable, "-m", "smartcity.cli", command]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


def test_a_database_that_is_away_is_told_in_one_line() -> None:
    failed = away("migrate")
    assert failed.returncode == 1
    assert failed.stderr.startswith("smartcity: the database: 127.0.0.1:1")
    assert len(failed.stderr.splitlines()) == 1


def test_the_doctor_tells_that_the_database_is_away() -> None:
    told = away("doctor")
    assert told.returncode == 1
    assert "database     wrong" in told.stdout


def test_serving_needs_a_database_that_runs(run: Run) -> None:
    for command in ("serve", "work"):
        refused = run(command, SMARTCITY_MONGO_URI="")
        assert refused.exit_code == 2
        assert refused.stderr.startswith("smartcity: no database runs: ")


def test_every_store_s_indexes_are_known_by_name_once() -> None:
    for collection, models in every_index(load_settings(environment={})).items():
        names = [model.document["name"] for model in models]
        assert len(names) == len(set(names)), collection
