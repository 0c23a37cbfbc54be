"""Accounts of staff at the command line, where there is nobody yet who could log in."""

import pytest
from click.testing import CliRunner

from smartcity.cli.main import main
from smartcity.identity.emails.model import EmailState
from smartcity.identity.emails.store import EmailStore
from smartcity.identity.roles import Role
from smartcity.identity.staff.store import StaffStore
from smartcity.storage.mongo import Database
from tests.unit.commands.running import Run, look


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


def test_an_address_for_mail_is_given_with_the_account_and_kept_encrypted(
    run: Run, environment: dict[str, str]
) -> None:
    password = {"SMARTCITY_PASSWORD": "correct horse battery"}
    refused = run("staff", "add", "thu", "--role", "admin", "--email", "thu@\nx.vn", **password)
    assert refused.exit_code == 2
    assert "not an e-mail address" in refused.output
    given = ("--email", "thu@hanoi.example")
    added = run("staff", "add", "thu", "--role", "admin", *given, **password)
    assert added.exit_code == 0, added.output
    staff = look(environment, lambda database: StaffStore(database).by_name("thu"))
    kept = look(environment, lambda database: EmailStore(database).get(staff.id))
    assert kept.state is EmailState.CONFIRMED
    assert b"thu@" not in kept.kept


@pytest.mark.parametrize("words", [("disable",), ("enable",), ("password",), ("totp", "reset")])
def test_an_account_that_is_not_there_is_told(run: Run, words: tuple[str, ...]) -> None:
    told = run("staff", *words, "nobody")
    assert told.exit_code == 1
    assert told.stderr == "smartcity: not found: username: nobody\n"


def test_a_password_is_asked_for_twice_when_none_is_given(environment: dict[str, str]) -> None:
    told = CliRunner(env=environment).invoke(
        main, ["staff", "add", "thu.ha", "--role", "admin"], input="one\nother\n"
    )
    assert "do not match" in told.output


def test_an_account_that_breaks_the_rules_is_refused_in_one_line_by_its_options(run: Run) -> None:
    refused = run("staff", "add", "x", "--role", "handler", SMARTCITY_PASSWORD="short")
    assert refused.exit_code == 1
    expected = "smartcity: invalid: --password: too_short, --agency: required\n"
    assert refused.stderr == expected
    words = ("staff", "add", "x" * 101, "--role", "handler", "--agency", "nowhere")
    refused = run(*words, SMARTCITY_PASSWORD="correct horse battery")
    assert refused.stderr == "smartcity: invalid: NAME: too_long, --agency: unknown\n"
