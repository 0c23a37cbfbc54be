"""What the doctor finds."""

from pathlib import Path
from zoneinfo import ZoneInfo

from smartcity.audit.store import ENTRIES
from smartcity.clock import now
from smartcity.notifications.letters.sms.store import MONTHS
from tests.unit.commands.running import Run, away, look


def test_the_doctor_finds_what_is_missing_and_is_content_when_it_is_there(run: Run) -> None:
    sick = run("doctor")
    assert sick.exit_code == 1
    assert "smartcity migrate" in " ".join(sick.output.split())
    run("migrate")
    well = run("doctor")
    assert well.exit_code == 0, well.output
    said = " ".join(well.output.split())
    assert "none imported: units are approximate" in said
    assert "personal.keys with the first personal data" in said


def test_the_doctor_looks_at_the_identity_providers(run: Run, tmp_path: Path) -> None:
    assert "sign-in      good   none" in run("doctor").output
    file = tmp_path / "issuers.toml"
    away = 'url = "http://127.0.0.1:9"\nfor = "staff"\naudiences = ["a"]'
    file.write_text(f'[[issuers]]\nname = "city-id"\n{away}\n')
    told = run("doctor", SMARTCITY_OIDC_ISSUERS=str(file)).output
    assert "sign-in      mind   city-id for staff: no answer" in told
    file.write_text("[[issuers]]")
    assert "sign-in      wrong" in run("doctor", SMARTCITY_OIDC_ISSUERS=str(file)).output


def test_the_doctor_misses_an_audit_logs_head(run: Run, environment: dict[str, str]) -> None:
    run("migrate")
    assert "0 entries, no head published yet" in " ".join(run("doctor").output.split())
    look(environment, lambda database: database[ENTRIES].insert_one({"_id": 1}))
    told = run("doctor")
    assert told.exit_code == 1
    assert "audit log's head is gone" in " ".join(told.output.split())


def test_the_doctor_is_not_content_with_a_push_project_that_has_no_credentials(run: Run) -> None:
    told = run("doctor", SMARTCITY_FCM_PROJECT="city")
    assert "push         mind   not configured" in told.output


def test_the_doctor_says_through_whom_mail_goes_and_never_the_password(run: Run) -> None:
    assert "e-mail       mind   not configured: recorded as not sent" in run("doctor").output
    city = {
        "SMARTCITY_SMTP_URL": "smtps://city:secret@mail.example",
        "SMARTCITY_SMTP_FROM": "no-reply@city.example",
        "SMARTCITY_PUBLIC_URL": "https://city.example",
    }
    told = run("doctor", **city).output
    assert "e-mail       good   from no-reply@city.example through mail.example:465" in told
    assert "secret@" not in told
    wrong = run("doctor", **city | {"SMARTCITY_SMTP_FROM": "the city"})
    assert "e-mail       wrong  smtp_from" in wrong.output


def test_the_doctor_tells_that_the_database_is_away() -> None:
    told = away("doctor")
    assert told.returncode == 1
    assert "database     wrong" in told.stdout


def test_the_doctor_says_whether_there_are_two_to_confirm_an_alert(run: Run) -> None:
    password = {"SMARTCITY_PASSWORD": "correct horse battery staple"}
    for name in ("lan", "minh"):
        assert "the pack demands two" in " ".join(run("doctor").output.split())
        added = run("staff", "add", name, "--role", "alerter", **password)
        assert added.exit_code == 0, added.output
    assert "there are officers to issue them" in " ".join(run("doctor").output.split())


def test_the_doctor_lists_every_mistake_in_a_gateways_file(run: Run, tmp_path: Path) -> None:
    assert "sms gateway  mind   no gateway: recorded as not sent" in run("doctor").output
    file = tmp_path / "sms.toml"
    file.write_text('url = "http://sms.example.vn"\n[json]\nto = "{to}"\ntext = "{words}"\n')
    told = run("doctor", SMARTCITY_SMS_GATEWAY=str(file))
    assert told.exit_code == 1
    said = " ".join(told.output.split())
    assert "url: must begin with https://" in said
    assert "json.text: has {words}, which is never filled" in said
    file.write_text(file.read_text().replace("http:", "https:").replace("{words}", "{text}"))
    told = run("doctor", SMARTCITY_SMS_GATEWAY=str(file))
    assert "sms gateway  mind   through sms.example.vn, which may send" in told.output
    file.write_text("repeats_dropped = true\n" + file.read_text() + 'ref = "{id}"\n')
    told = run("doctor", SMARTCITY_SMS_GATEWAY=str(file))
    assert "sms gateway  good   through sms.example.vn" in told.output


def test_the_doctor_says_when_the_months_text_messages_are_nearly_paid(
    run: Run, environment: dict[str, str]
) -> None:
    run("migrate")
    assert "sms budget good 0 of 20,000 parts spent" in " ".join(run("doctor").output.split())
    month = f"{now().astimezone(ZoneInfo('Asia/Ho_Chi_Minh')):%Y-%m}"
    spent = {"_id": month, "parts": 16_000}
    look(environment, lambda database: database[MONTHS].insert_one(spent))
    said = " ".join(run("doctor").output.split())
    assert f"sms budget mind 16,000 of 20,000 parts spent in {month}" in said
