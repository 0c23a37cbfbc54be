"""What the doctor finds."""

import socket
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from smartcity.audit.store import ENTRIES
from smartcity.clock import now
from smartcity.notifications.letters.email import carrier
from smartcity.notifications.letters.sms.store import MONTHS
from tests.standins.certificates import TRUSTED
from tests.standins.fixtures import SmsGateway, Smtp
from tests.standins.sms import KEY
from tests.unit.commands.running import Run, away, look

MAIL = {
    "SMARTCITY_SMTP_FROM": "no-reply@city.example",
    "SMARTCITY_PUBLIC_URL": "https://city.example",
}
LOG_IN = "city:p%40ss%3Aword@"


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


def test_the_doctor_logs_in_to_the_mail_server_and_sends_nothing(
    run: Run, smtp: Smtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "e-mail       mind   not configured: recorded as not sent" in run("doctor").output
    monkeypatch.setenv(TRUSTED, str(smtp.authority))
    for kind in ("tls", "starttls"):
        city = MAIL | {"SMARTCITY_SMTP_URL": smtp.url(kind, LOG_IN)}
        told = run("doctor", **city).output
        assert "e-mail       good   from no-reply@city.example through 127.0.0.1" in told
        assert "which lets us in (no mail was sent)" in " ".join(told.split())
        assert "p%40ss" not in told
    wrong = run("doctor", **city | {"SMARTCITY_SMTP_FROM": "the city"})
    assert "e-mail       wrong  smtp_from" in wrong.output
    assert smtp.mails() == []


@pytest.mark.parametrize(
    ("kind", "log_in", "trusted", "reason"),
    [
        ("tls", "city:wrong@", True, "log-in refused: 535 5.7.8: the user name or the password"),
        ("starttls", "city:wrong@", True, "log-in refused: 535 5.7.8: the user name or the pass"),
        ("tls", LOG_IN, False, "its certificate is not trusted: self-signed certificate"),
        ("starttls", LOG_IN, False, "its certificate is not trusted: self-signed certificate"),
    ],
)
def test_the_doctor_says_why_the_mail_server_does_not_let_us_in(
    run: Run,
    smtp: Smtp,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    log_in: str,
    trusted: bool,
    reason: str,
) -> None:
    if trusted:
        monkeypatch.setenv(TRUSTED, str(smtp.authority))
    told = run("doctor", **MAIL, SMARTCITY_SMTP_URL=smtp.url(kind, log_in))
    assert told.exit_code == 1
    assert "e-mail       wrong" in told.output
    assert reason in " ".join(told.output.split())


def test_the_doctor_says_why_there_is_no_mail_server(run: Run, smtp: Smtp) -> None:
    plain = smtp.url().removeprefix("smtp+plain://")
    for url, reason in {
        "smtp+plain://127.0.0.1:1": "nothing listens there",
        f"smtps://{plain}": "it speaks no TLS there",
        f"smtp://{plain}": "STARTTLS extension not supported",
    }.items():
        told = run("doctor", **MAIL, SMARTCITY_SMTP_URL=url)
        assert reason in " ".join(told.output.split())


def test_the_doctor_does_not_wait_for_a_mail_server_that_says_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrier, "TRY_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        told = run("doctor", **MAIL, SMARTCITY_SMTP_URL=f"smtps://127.0.0.1:{port}")
    assert f"127.0.0.1:{port}: no answer in time" in " ".join(told.output.split())


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


def test_the_doctor_reaches_the_gateway_and_tries_no_message(
    run: Run, sms: SmsGateway, tmp_path: Path
) -> None:
    def told(*changes: tuple[str, str]) -> str:
        file = sms.file(tmp_path, *changes)
        given = {"SMARTCITY_SMS_GATEWAY": file, "SMARTCITY_SMS_SECRET": KEY}
        return " ".join(run("doctor", **given).output.split())

    reached = "through 127.0.0.1, which was reached (no message was tried)"
    assert f"sms gateway good {reached}" in told()
    repeating = told(("repeats_dropped = true\n", ""))
    assert f"sms gateway mind {reached}; it may send a repeat twice" in repeating
    nowhere = told((f"{sms.url}/", "http://127.0.0.1:1/"))
    assert "sms gateway wrong through 127.0.0.1: nothing listens there" in nowhere
    in_the_clear = told(("http://", "https://"))
    assert "sms gateway wrong through 127.0.0.1: it speaks no TLS there" in in_the_clear
    assert sms.attempts() == []


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
