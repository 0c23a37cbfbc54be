"""E-mail from outside: people ask for it, and get it in their language through an SMTP server that
refuses, makes wait and cuts off; a worker that dies in the middle misses none.
"""

from collections import Counter
from collections.abc import AsyncIterator
from email import message_from_string
from email.message import EmailMessage
from email.policy import default as policy
from re import search
from uuid import uuid4

import pytest

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.composition import Composition
from smartcity.identifiers import new_id
from smartcity.identity.citizens.model import Citizen
from smartcity.identity.citizens.store import CitizenStore
from smartcity.identity.roles import Assurance
from smartcity.settings import PREFIX, load_settings
from smartcity.storage.mongo import connect
from tests.faults.installations import Apart, running
from tests.faults.people import PASSWORD, Caller, Json, Phone, phone
from tests.faults.processes import until
from tests.faults.stories import STEPS, pothole, tell
from tests.standins.fixtures import Smtp
from tests.standins.oidc import LocalIssuer, local_issuer
from tests.standins.smtp import Mail
from tests.unit.reports_made import make_report
from tests.workers.notified import letter

pytestmark = pytest.mark.anyio

WAIT_S = 3.0
BULK = 60


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[LocalIssuer]:
    async with local_issuer() as started:
        yield started


@pytest.fixture(scope="module")
async def installation(
    tmp_path_factory: pytest.TempPathFactory, smtp_process: Smtp, issuer: LocalIssuer
) -> AsyncIterator[Apart]:
    folder = tmp_path_factory.mktemp("mail")
    made = Apart(
        folder,
        oidc_issuers=issuer.configured(tmp_path_factory.mktemp("issuer")),
        smtp_url=smtp_process.url(),
        smtp_from="no-reply@hanoi.example",
        smtp_per_second=1000,
        letter_wait_s=WAIT_S,
    )
    async with running(made) as started:
        assert isinstance(started, Apart)
        yield started


@pytest.fixture(scope="module")
async def desk(installation: Apart, hanoi: City) -> AsyncIterator[Caller]:
    """A handler of the agency that the reports of these tests are routed to, with an address."""
    agency = make_report(hanoi, now()).agency
    words = ("staff", "add", "thu", "--role", "handler", "--agency", agency)
    await installation.command(
        *words, "--email", "thu@hanoi.example", **{f"{PREFIX}PASSWORD": PASSWORD}
    )
    async with phone(installation) as somebody:
        given = {"username": "thu", "password": PASSWORD}
        answer = await Caller(somebody.http).ask("POST", "/v1/sessions", json=given)
        somebody.http.cookies.clear()
        yield Caller(somebody.http, answer.json()["token"])


@pytest.fixture
async def citizen(installation: Apart) -> AsyncIterator[Phone]:
    async with phone(installation) as caller:
        yield caller


@pytest.fixture
async def other(installation: Apart) -> AsyncIterator[Phone]:
    async with phone(installation) as caller:
        yield caller


def fresh(name: str) -> str:
    return f"{name}-{uuid4().hex[:8]}@example.org"


def read(mail: Mail) -> EmailMessage:
    parsed = message_from_string(mail.text, policy=policy)
    assert isinstance(parsed, EmailMessage)
    return parsed


def text_of(mail: Mail) -> str:
    body = read(mail).get_body(("plain",))
    assert body is not None
    return body.get_content()


async def mailed(smtp: Smtp, address: str, count: int) -> list[Mail]:
    async def taken() -> bool:
        return len(smtp.mails(address)) >= count

    await until(taken, f"{count} mails to {address}: {smtp.refused()}")
    return smtp.mails(address)


async def asks_for_mail(person: Phone, issuer: LocalIssuer, address: str, language: str) -> None:
    token = {"id_token": issuer.token(address)}
    assert (await person.ask("POST", "/v1/me/account", json=token)).status_code == 200
    change = {"language": language}
    assert (await person.ask("PATCH", "/v1/devices/me", json=change)).status_code == 200
    given = {"address": address, "consent": {"email": "2026-01"}}
    answer = await person.ask("PUT", "/v1/me/email", json=given)
    assert answer.status_code == 202, answer.text


async def confirms(person: Phone, smtp: Smtp, address: str) -> None:
    (mail,) = await mailed(smtp, address, 1)
    found = search(r"\b[2-9A-HJKMNP-Z]{8}\b", text_of(mail))
    assert found
    given = {"code": found.group()}
    answer = await person.ask("POST", "/v1/me/email/confirm", json=given)
    assert answer.json()["state"] == "confirmed", answer.text


async def test_what_an_account_waits_for_comes_by_mail_in_its_language_and_without_free_text(
    hanoi: City, citizen: Phone, other: Phone, desk: Caller, issuer: LocalIssuer, smtp: Smtp
) -> None:
    lan, silent = fresh("lan"), fresh("silent")
    await asks_for_mail(citizen, issuer, lan, "vi")
    await asks_for_mail(other, issuer, silent, "en")
    smtp.fault("rcpt", "450 4.2.0 greylisted, come again", times=1, recipient=lan)
    await confirms(citizen, smtp, lan)
    report = await citizen.submit(pothole(hanoi))
    for by, step in STEPS:
        actor = desk if by == "handler" else citizen
        report = await actor.act(report["id"], report["version"], **step)
        if step["action"] == "ask":
            await mailed(smtp, lan, 2)  # at once: else what follows would go in the same mail
    await tell(hanoi, other, desk)
    asked, resolved = (await mailed(smtp, lan, 3))[1:]
    for mail, action in ((asked, "ask"), (resolved, "resolve")):
        title = hanoi.messages.texts["vi"][f"notifications.{action}.title"]
        assert str(read(mail)["Subject"]).startswith(title.split("{")[0])
        assert read(mail)["Content-Language"] == "vi"
        for words in ("Ổ gà sâu", *(str(step.get("text", "Ổ gà")) for _, step in STEPS)):
            assert words not in text_of(mail)
    assert smtp.refused() == ["rcpt: 450 4.2.0 greylisted, come again"]
    assert len(smtp.mails(silent)) == 1, "whoever did not confirm gets a code and nothing else"


async def commented(citizen: Phone, desk: Caller, report: Json, count: int) -> None:
    report = await desk.act(report["id"], report["version"], action="receive")
    handler = (await desk.get("/v1/sessions/current"))["id"]
    await desk.act(report["id"], report["version"], action="assign", assignee=handler)
    for number in range(count):
        step = {"action": "comment", "text": f"Số {number}, gọi 0912345678"}
        path = f"/v1/reports/{report['id']}/actions"
        assert (await citizen.ask("POST", path, json=step)).status_code == 200


async def test_staff_hear_of_their_work_in_one_mail_for_what_happens_within_minutes(
    hanoi: City, citizen: Phone, desk: Caller, smtp: Smtp
) -> None:
    report = await citizen.submit(pothole(hanoi))
    await mailed(smtp, "thu@hanoi.example", 1)  # at once, as it presses
    await commented(citizen, desk, report, 3)
    _, mail = await mailed(smtp, "thu@hanoi.example", 2)
    assert "(và 2 thông báo khác)" in str(read(mail)["Subject"])
    assert "0912345678" not in text_of(mail)
    assert len(smtp.mails("thu@hanoi.example")) == 2


async def test_a_worker_that_is_killed_in_a_batch_misses_none_and_repeats_under_the_same_id(
    installation: Apart, hanoi: City, smtp: Smtp
) -> None:
    smtp.fault("taken", delay_s=0.1)
    client, database = connect(installation.mongo_uri, "smartcity", timeout_s=30, pool=4)
    async with client:
        settings = load_settings({"data_dir": str(installation.folder)}, environment={})
        shared = Composition(settings, hanoi, database)
        people = [new_id() for _ in range(BULK)]
        for number, person in enumerate(people):
            citizen = Citizen(
                id=person,
                issuer="city-id",
                identity=person.bytes,
                assurance=Assurance.ACCOUNT,
                created_at=now(),
            )
            await CitizenStore(database).get_or_add(citizen)
            await shared.emails.give(person, f"reader-{number}@example.org")
        letters = [letter(recipient=person) for person in people]
        await shared.letter_store.add(letters)
        for share in (10, 30):

            async def some(share: int = share) -> bool:
                return len(smtp.mails()) >= share

            await until(some, f"{share} mails were taken")
            await installation.workers[0].kill_and_start()

        async def settled() -> bool:
            return not await database["letters"].count_documents({"sending.state": "pending"})

        await until(settled, "no letter waits")
        states = await database["letters"].distinct("sending.state", {"recipient": {"$in": people}})
    assert states == ["sent"]
    ids = Counter(str(read(mail)["Message-ID"]) for mail in smtp.mails())
    assert ids.keys() == {f"<{one.id}@hanoi.example>" for one in letters}
    assert ids.total() - len(ids) <= 2, (
        "of each batch that was cut off, the mail that was in flight"
    )
