"""Whom the city may write to by e-mail: given, confirmed, stopped and forgotten, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_string
from email.policy import default as policy
from pathlib import Path
from re import search
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
import time_machine

from smartcity.clock import now
from smartcity.composition import Composition
from smartcity.storage.leases import Lease
from tests.api.test_accounts import link
from tests.api.test_me import erased, everything_kept, export
from tests.api.town import PASSWORD, Person, Town, town
from tests.standins.fixtures import Smtp
from tests.standins.oidc import LocalIssuer, local_issuer
from tests.workers.notified import letter
from workers.crew.posts import email_post
from workers.letters import LetterSender

pytestmark = pytest.mark.anyio

EMAIL = "/v1/me/email"
LAN = "lan.nguyen@example.org"
CONSENT = {"email": "2026-01"}


@pytest.fixture
async def issuer() -> AsyncIterator[LocalIssuer]:
    async with local_issuer() as started:
        yield started


@pytest.fixture
async def mailing_town(
    mongo_uri: str, tmp_path: Path, issuer: LocalIssuer, smtp: Smtp
) -> AsyncIterator[Town]:
    """Citizens have accounts, and mail goes out."""
    async with town(
        mongo_uri,
        tmp_path,
        oidc_issuers=issuer.configured(tmp_path),
        smtp_url=smtp.url(),
        smtp_from="no-reply@hanoi.example",
        public_url="https://hanoi.example",
    ) as started:
        yield started


@pytest.fixture
async def lan(mailing_town: Town, issuer: LocalIssuer) -> Person:
    return await member(mailing_town, issuer, "lan")


async def member(town: Town, issuer: LocalIssuer, subject: str, language: str = "en") -> Person:
    device = await town.device(language)
    assert (await link(device, issuer.token(subject))).status_code == 200
    return device


def sender_of(town: Town) -> LetterSender:
    """What a worker has, over the town's data."""
    shared = Composition(town.settings, town.city, town.database)
    post = email_post(shared)
    return LetterSender(post, shared.letter_store, Lease(town.database, "letters", "test", 10))


async def sent(town: Town) -> None:
    """Whatever is due has left."""
    sender = sender_of(town)
    while await sender.run_once():
        pass


async def ask(person: Person, address: str = LAN, **more: Any) -> int:
    given = {"address": address, "consent": CONSENT} | more
    return (await person.ask("PUT", EMAIL, json=given)).status_code


async def state(person: Person) -> str | None:
    answer = await person.get(EMAIL)
    return answer.json()["state"] if answer.status_code == 200 else None


def code_of(smtp: Smtp, address: str = LAN) -> str:
    """The code of the last mail there."""
    text = text_to(smtp, address)
    found = search(r"\b[2-9A-HJKMNP-Z]{8}\b", text)
    assert found, text
    return found.group()


def text_to(smtp: Smtp, address: str = LAN) -> str:
    body = message_from_string(smtp.mails(address)[-1].text, policy=policy).get_body(("plain",))
    assert body is not None
    return body.get_content()


async def confirm(person: Person, code: str) -> int:
    return (await person.ask("POST", f"{EMAIL}/confirm", json={"code": code})).status_code


async def confirmed(town: Town, person: Person, smtp: Smtp, address: str = LAN) -> None:
    assert await ask(person, address) == 202
    await sent(town)
    assert await confirm(person, code_of(smtp, address)) == 200


async def write(town: Town) -> None:
    """A letter about a report, to whoever gave an address last, which a worker is to send."""
    shared = Composition(town.settings, town.city, town.database)
    email = await town.database["emails"].find_one(sort=[("asked_at", -1)])
    assert email is not None
    await shared.letter_store.add([letter(recipient=email["_id"])])


async def stop_link(town: Town, smtp: Smtp) -> str:
    """The path of the unsubscribe link in a mail about a report."""
    await write(town)
    await sent(town)
    found = search(r"List-Unsubscribe: <(.*)>", smtp.mails(LAN)[-1].text)
    assert found is not None
    parts = urlsplit(found.group(1))
    assert (parts.scheme, parts.netloc) == ("https", "hanoi.example")
    return f"{parts.path}?{parts.query}"


# --- given and confirmed -------------------------------------------------------------------------


async def test_an_address_is_written_to_once_its_code_came_back(
    mailing_town: Town, lan: Person, smtp: Smtp
) -> None:
    answer = await lan.ask("PUT", EMAIL, json={"address": LAN, "consent": CONSENT})
    assert answer.json() == {"address": "l***@example.org", "state": "unconfirmed"}
    await write(mailing_town)
    await sent(mailing_town)
    (only,) = smtp.mails()  # the code, and nothing else
    assert "List-Unsubscribe" not in only.text
    code = code_of(smtp)
    assert await confirm(lan, f" {code[:4].lower()}-{code[4:]} ") == 200
    assert await confirm(lan, code) == 200
    assert (await lan.get(EMAIL)).json() == {"address": "l***@example.org", "state": "confirmed"}
    await write(mailing_town)
    await sent(mailing_town)
    assert len(smtp.mails(LAN)) == 2


async def test_the_code_comes_in_the_callers_language(
    mailing_town: Town, issuer: LocalIssuer, smtp: Smtp
) -> None:
    for language, word in (("vi", "Mã xác nhận"), ("en", "Your code")):
        person = await member(mailing_town, issuer, language, language)
        assert await ask(person, f"{language}@example.org") == 202
        await sent(mailing_town)
        assert word in text_to(smtp, f"{language}@example.org")


async def test_mail_about_reports_comes_in_the_language_of_the_phone_that_was_used_last(
    mailing_town: Town, lan: Person, issuer: LocalIssuer, smtp: Smtp
) -> None:
    await confirmed(mailing_town, lan, smtp)
    phone = UUID((await lan.get("/v1/devices/me")).json()["id"])
    shared = Composition(mailing_town.settings, mailing_town.city, mailing_town.database)
    readers = email_post(shared).readers
    assert (await readers.of({phone}))[phone].language == "en"
    await member(mailing_town, issuer, "lan", "vi")
    reader = (await readers.of({phone, uuid4()}))[phone]
    assert (reader.language, len(reader.ids)) == ("vi", 2)


async def test_a_device_without_an_account_is_told_to_sign_in(mailing_town: Town) -> None:
    device = await mailing_town.device()
    answer = await device.ask("PUT", EMAIL, json={"address": LAN})
    assert (answer.status_code, answer.json()["code"]) == (403, "assurance_needed")
    assert answer.json()["needs"] == "account"
    for method, path in (("GET", EMAIL), ("POST", f"{EMAIL}/confirm"), ("DELETE", EMAIL)):
        assert (await device.ask(method, path)).status_code == 403


async def test_nobodys_address_is_kept_without_their_consent(
    mailing_town: Town, lan: Person
) -> None:
    answer = await lan.ask("PUT", EMAIL, json={"address": LAN})
    assert (answer.status_code, answer.json()["code"]) == (422, "consent_missing")
    assert await state(lan) is None
    assert await ask(lan) == 202
    assert (await lan.ask("DELETE", "/v1/me/consents/email")).status_code == 204
    assert await state(lan) is None


async def test_a_wrong_code_confirms_nothing_and_ten_are_enough(
    mailing_town: Town, lan: Person, smtp: Smtp
) -> None:
    assert await ask(lan) == 202
    await sent(mailing_town)
    for _ in range(10):
        answer = await lan.ask("POST", f"{EMAIL}/confirm", json={"code": "ABCD2345"})
        assert (answer.status_code, answer.json()["fields"][0]["reason"]) == (404, "wrong")
    assert await confirm(lan, code_of(smtp)) == 429
    assert await state(lan) == "unconfirmed"


async def test_a_code_of_another_person_or_of_an_earlier_asking_confirms_nothing(
    mailing_town: Town, lan: Person, issuer: LocalIssuer, smtp: Smtp
) -> None:
    mai = await member(mailing_town, issuer, "mai")
    assert await ask(lan) == 202
    await sent(mailing_town)
    earlier = code_of(smtp)
    assert await ask(mai, "mai@example.org") == 202
    assert await ask(lan) == 202
    assert await confirm(mai, earlier) == 404
    assert await confirm(lan, earlier) == 404
    await sent(mailing_town)
    assert await confirm(lan, code_of(smtp)) == 200


async def test_a_code_lapses_after_a_day(mailing_town: Town, lan: Person, smtp: Smtp) -> None:
    assert await ask(lan) == 202
    await sent(mailing_town)
    with time_machine.travel(now() + timedelta(hours=25), tick=True):
        assert await confirm(lan, code_of(smtp)) == 404


async def test_a_stranger_is_sent_five_codes_a_day_at_the_most_whoever_asks(
    mailing_town: Town, issuer: LocalIssuer, smtp: Smtp
) -> None:
    for number in range(5):
        assert (
            await ask(await member(mailing_town, issuer, f"{number}"), "Victim@example.org") == 202
        )
    another = await member(mailing_town, issuer, "another")
    assert await ask(another, "victim@EXAMPLE.org") == 429
    assert await state(another) is None
    await sent(mailing_town)
    assert len(smtp.mails()) == 5


async def test_asking_many_times_at_once_sends_no_more_codes_than_asking_in_turn(
    mailing_town: Town, issuer: LocalIssuer, lan: Person
) -> None:
    members = [await member(mailing_town, issuer, f"{number}") for number in range(8)]
    answers = await asyncio.gather(*(ask(one, "victim@example.org") for one in members))
    assert sorted(answers) == [202] * 5 + [429] * 3, "to one address"
    answers = await asyncio.gather(*(ask(lan, f"{number}@example.org") for number in range(8)))
    assert sorted(answers) == [202] * 5 + [429] * 3, "of one person"


async def test_another_address_takes_the_place_of_the_first_and_needs_its_own_code(
    mailing_town: Town, lan: Person, smtp: Smtp
) -> None:
    await confirmed(mailing_town, lan, smtp)
    assert await ask(lan) == 202
    assert await state(lan) == "confirmed", "it is the same"
    assert await ask(lan, "new@example.org") == 202
    await write(mailing_town)
    await sent(mailing_town)
    assert len(smtp.mails(LAN)) == 1
    assert len(smtp.mails("new@example.org")) == 1
    assert await confirm(lan, code_of(smtp, "new@example.org")) == 200


async def test_an_address_is_the_accounts_and_outlives_a_phone(
    mailing_town: Town, lan: Person, issuer: LocalIssuer, smtp: Smtp
) -> None:
    await confirmed(mailing_town, lan, smtp)
    assert (await lan.ask("DELETE", "/v1/me/account")).status_code == 200
    await write(mailing_town)
    await sent(mailing_town)
    assert len(smtp.mails(LAN)) == 2
    assert await state(await member(mailing_town, issuer, "lan")) == "confirmed"


async def test_what_is_no_address_is_refused_and_changes_nothing(
    mailing_town: Town, lan: Person
) -> None:
    for address in ("lan@example.org\r\nBcc: all@example.org", "a@b.vn\n", "lan", "a@b@c.vn"):
        answer = await lan.ask("PUT", EMAIL, json={"address": address, "consent": CONSENT})
        assert answer.status_code == 400
        assert answer.json()["fields"][0]["path"] == "address"
    assert await mailing_town.database["letters"].count_documents({}) == 0


# --- taken away ----------------------------------------------------------------------------------


async def test_who_takes_the_address_away_is_written_to_no_more(
    mailing_town: Town, lan: Person, smtp: Smtp
) -> None:
    await confirmed(mailing_town, lan, smtp)
    await write(mailing_town)
    assert (await lan.ask("DELETE", EMAIL)).status_code == 204
    assert (await lan.ask("DELETE", EMAIL)).status_code == 204
    await sent(mailing_town)
    assert len(smtp.mails(LAN)) == 1


async def test_one_click_in_a_mail_program_stops_all_mail_without_a_log_in(
    mailing_town: Town, lan: Person, smtp: Smtp
) -> None:
    await confirmed(mailing_town, lan, smtp)
    link = await stop_link(mailing_town, smtp)
    asked = await mailing_town.nobody().get(link, headers={"Accept-Language": "en"})
    assert asked.status_code == 200
    assert "l***@example.org" in asked.text
    assert LAN not in asked.text
    assert await state(lan) == "confirmed", "a scanner that opens every link stops nothing"
    clicked = await mailing_town.nobody().ask(
        "POST", link, data={"List-Unsubscribe": "One-Click"}, headers={"Origin": "null"}
    )
    assert clicked.status_code == 200, clicked.text
    assert await state(lan) == "stopped"
    await write(mailing_town)
    await sent(mailing_town)
    assert len(smtp.mails(LAN)) == 2
    assert await ask(lan) == 202
    await sent(mailing_town)
    assert await confirm(lan, code_of(smtp)) == 200, "whoever wants mails again gets a new code"


async def test_no_log_in_that_a_browser_still_keeps_stands_in_the_way_of_stopping_mail(
    mailing_town: Town, lan: Person, smtp: Smtp
) -> None:
    await confirmed(mailing_town, lan, smtp)
    link = await stop_link(mailing_town, smtp)
    ended = {"Cookie": "smartcity=d_ended-long-ago", "Origin": "null"}
    browser = mailing_town.nobody()
    assert (await browser.get(link, headers=ended)).status_code == 200
    assert (await browser.ask("POST", link, headers=ended)).status_code == 200
    assert await state(lan) == "stopped"


async def test_a_link_that_was_tampered_with_stops_nothing(
    mailing_town: Town, lan: Person, smtp: Smtp
) -> None:
    await confirmed(mailing_town, lan, smtp)
    link = await stop_link(mailing_town, smtp)
    path, _, token = link.partition("?token=")
    of_another, sealed_otherwise = (
        token[:place] + ("B" if token[place] == "A" else "A") + token[place + 1 :]
        for place in (0, 30)
    )
    for wrong in (of_another, sealed_otherwise, token[:20], "", "=", "é", token * 2):
        for method in ("GET", "POST"):
            answer = await mailing_town.nobody().ask(method, path, params={"token": wrong})
            assert answer.status_code in {400, 404}, wrong
    assert await state(lan) == "confirmed"
    assert (await mailing_town.nobody().ask("POST", path)).status_code == 400


async def test_the_link_of_an_old_address_does_not_stop_the_new_one(
    mailing_town: Town, lan: Person, smtp: Smtp
) -> None:
    await confirmed(mailing_town, lan, smtp)
    link = await stop_link(mailing_town, smtp)
    await confirmed(mailing_town, lan, smtp, "new@example.org")
    assert (await mailing_town.nobody().ask("POST", link)).status_code == 404
    assert await state(lan) == "confirmed"


async def test_an_address_that_nobody_has_is_marked_until_it_is_confirmed_anew(
    mailing_town: Town, lan: Person, smtp: Smtp
) -> None:
    await confirmed(mailing_town, lan, smtp)
    smtp.fault("rcpt", f"550 5.1.1 <{LAN}> unknown", times=1)
    await write(mailing_town)
    await sent(mailing_town)
    assert await state(lan) == "failing"
    await write(mailing_town)
    await sent(mailing_town)
    assert len(smtp.refused()) == 1, "nothing else was tried"
    await confirmed(mailing_town, lan, smtp)


# --- one's own data ------------------------------------------------------------------------------


async def test_an_address_is_exported_encrypted_at_rest_and_gone_with_its_person(
    mailing_town: Town, lan: Person, smtp: Smtp
) -> None:
    await confirmed(mailing_town, lan, smtp)
    told = {line["kind"]: line for line in await export(lan)}
    assert (told["email"]["address"], told["email"]["state"]) == (LAN, "confirmed")
    assert told["letter"]["action"] == "confirm_email"
    code = code_of(smtp)
    kept = await everything_kept(mailing_town)
    assert LAN not in kept
    assert code not in kept
    await write(mailing_town)
    assert (await lan.ask("DELETE", "/v1/me")).status_code == 202
    await erased(mailing_town)
    for collection in ("emails", "letters"):
        assert await mailing_town.database[collection].count_documents({}) == 0
    await sent(mailing_town)
    assert len(smtp.mails(LAN)) == 1


# --- staff ---------------------------------------------------------------------------------------


async def test_an_address_that_a_manager_gives_counts_and_only_managers_see_it(
    mailing_town: Town, smtp: Smtp
) -> None:
    admin = await mailing_town.staff("admin")
    given = {"username": "thu", "roles": ["dispatcher"], "email": "thu@hanoi.example"}
    thu = (await admin.ask("POST", "/v1/staff", json=given)).json()
    assert thu["email"] == "thu@hanoi.example"
    path = f"/v1/staff/{thu['id']}"
    assert (await admin.get(path)).json()["email"] == "thu@hanoi.example"
    assert "thu@" not in (await admin.get("/v1/staff")).text
    await write(mailing_town)
    await sent(mailing_town)
    assert len(smtp.mails("thu@hanoi.example")) == 1
    assert "thu@hanoi" not in await everything_kept(mailing_town)
    changed = await admin.ask("PATCH", path, json={"email": "ha@hanoi.example"})
    assert changed.json()["email"] == "ha@hanoi.example"
    assert "email" not in (await admin.ask("PATCH", path, json={"email": None})).json()
    wrong = await admin.ask("PATCH", path, json={"email": "ha@hanoi.example\nBcc: x@y.vn"})
    assert wrong.status_code == 400


async def test_who_left_the_citys_service_is_written_to_no_more(
    mailing_town: Town, smtp: Smtp
) -> None:
    admin = await mailing_town.staff("admin")
    given = {"username": "thu", "roles": ["dispatcher"], "email": "thu@hanoi.example"}
    thu = (await admin.ask("POST", "/v1/staff", json=given)).json()
    await write(mailing_town)
    assert (await admin.ask("PUT", f"/v1/staff/{thu['id']}/disabled")).status_code == 204
    await sent(mailing_town)
    assert smtp.mails() == []


async def test_staff_change_their_own_address_with_a_code_and_it_is_written_down(
    mailing_town: Town, smtp: Smtp
) -> None:
    thu = await mailing_town.staff("dispatcher")
    assert (await thu.ask("PUT", EMAIL, json={"address": LAN})).status_code == 202
    await sent(mailing_town)
    assert await confirm(thu, code_of(smtp)) == 200
    assert (await thu.ask("DELETE", EMAIL)).status_code == 204
    records = await mailing_town.database["audit_records"].find().to_list()
    assert [one["action"] for one in records].count("staff_email_changed") == 2
    assert PASSWORD not in str(records)
    assert LAN not in str(records)
