"""What a person decides about their own data: consents, a copy of everything, and its end."""

import json
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine

from smartcity.attachments.examiner import Examiner
from smartcity.attachments.files import open_files
from smartcity.attachments.service import AttachmentService
from smartcity.attachments.store import AttachmentStore
from smartcity.bridges import ReportsWithFiles
from smartcity.clock import now
from smartcity.feed.event import Topic
from smartcity.feed.store import FeedStore
from smartcity.identity.citizens.store import CitizenStore
from smartcity.identity.consents.store import CONSENTS, ConsentStore
from smartcity.identity.devices.store import DeviceStore
from smartcity.identity.emails.store import EmailStore
from smartcity.identity.key_files import open_personal
from smartcity.identity.persons.service import PersonKeys
from smartcity.identity.persons.store import PERSON_KEYS, PersonKeyStore
from smartcity.identity.senders.store import RestrictionStore
from smartcity.notifications.alert_reads.store import AlertReadStore
from smartcity.notifications.choices.store import ChoiceStore
from smartcity.notifications.following.store import FollowStore
from smartcity.notifications.letters.store import LetterStore
from smartcity.notifications.store import NotificationStore
from smartcity.people.erasure import REMEMBERED, Eraser, OfPersons, everything
from smartcity.people.store import ERASURES, PeopleStore
from smartcity.reports.confirmations.store import ConfirmationStore
from smartcity.reports.personal.forgetting import Forgetting
from smartcity.reports.personal.store import PersonalStore
from smartcity.reports.store import ReportStore
from tests.api.reporting import handler_of, pothole, submitted
from tests.api.town import Person, Town
from tests.api.working import until, working
from tests.unit.sample_files import photo
from tests.unit.test_notifications_inbox import notification

pytestmark = pytest.mark.anyio

CONTACT = {"name": "Nguyễn Văn An", "phone": "0912345678", "email": "an@example.org"}
VERSION = "2026-01"
CONSENT = {"contact": VERSION}
WORDS = "Ổ gà trước nhà tôi, tôi là An, gọi 0987654321"
NOTICE = "[Đã xóa theo yêu cầu của người viết]"


async def consent(person: Person, version: str = VERSION, purpose: str = "contact") -> int:
    path = f"/v1/me/consents/{purpose}"
    return (await person.ask("PUT", path, json={"version": version})).status_code


async def export(person: Person) -> list[dict[str, Any]]:
    answer = await person.get("/v1/me/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


def eraser(
    town: Town,
    *more: OfPersons,
    people: PeopleStore | None = None,
    personal: PersonalStore | None = None,
    feed: FeedStore | None = None,
) -> Eraser:
    """The workers' own; `more` keeps something besides."""
    database, reports = town.database, ReportStore(town.database)
    return Eraser(
        people or PeopleStore(database),
        personal or PersonalStore(database),
        AttachmentService(
            AttachmentStore(database),
            open_files("", town.settings.data_path),
            Examiner(pixels=town.settings.upload_pixels, zone=town.city.zone),
            ReportsWithFiles(reports),
            upload_bytes=town.settings.upload_bytes,
            per_report=town.settings.attachments_per_report,
        ),
        PersonKeys(PersonKeyStore(database), open_personal(town.settings)),
        (
            *more,
            *everything(
                DeviceStore(database),
                CitizenStore(database),
                ConsentStore(database),
                FollowStore(database),
                NotificationStore(database),
                LetterStore(database),
                EmailStore(database),
                AlertReadStore(database),
                ConfirmationStore(database),
                RestrictionStore(database),
                ChoiceStore(database),
            ),
        ),
        Forgetting(town.city),
        feed or FeedStore(database),
    )


class Dies:
    """Something that is away at that moment."""

    async def remove(self, persons: Collection[UUID]) -> None:
        raise ConnectionError


async def erased(town: Town) -> None:
    """Everything that was asked for, done; as the workers do it."""
    forgetter = eraser(town)
    while await forgetter.run_once():
        pass


async def everything_kept(town: Town) -> str:
    """The whole database as text."""
    names = await town.database.list_collection_names()
    kept = [str(document) for name in names async for document in town.database[name].find({})]
    return "\n".join(kept)


# --- consents ------------------------------------------------------------------------------------


async def test_contact_details_are_kept_with_consent_only(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    refused = await device.submit(pothole(hanoi_town.city, contact=CONTACT))
    assert (refused.status_code, refused.json()["code"]) == (422, "consent_missing")
    assert refused.json()["version"] == VERSION
    assert await hanoi_town.database["reports"].count_documents({}) == 0
    assert await consent(device) == 204
    assert (await device.submit(pothole(hanoi_town.city, contact=CONTACT))).status_code == 201


async def test_consent_may_come_with_the_report_and_is_remembered(hanoi_town: Town) -> None:
    device, _ = await submitted(hanoi_town, contact=CONTACT, consent=CONSENT)
    assert (await device.submit(pothole(hanoi_town.city, contact=CONTACT))).status_code == 201
    assert await hanoi_town.database[CONSENTS].count_documents({}) == 1


async def test_the_texts_are_told_in_the_callers_language(hanoi_town: Town) -> None:
    for language, word in (("vi", "đồng ý"), ("en", "agree")):
        answer = await hanoi_town.nobody().get(
            "/v1/consents", headers={"Accept-Language": language}
        )
        contact, email = answer.json()
        assert (contact["purpose"], contact["version"]) == ("contact", VERSION)
        assert (email["purpose"], email["version"]) == ("email", "2026-01")
        assert word in contact["text"]
        assert word in email["text"]


async def test_nobody_agrees_to_another_text_than_the_present_one(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    assert await consent(device, version="2019-12") == 400
    assert await consent(device, purpose="advertising") == 404
    report = pothole(hanoi_town.city, contact=CONTACT, consent={"contact": "2019-12"})
    refused = await device.submit(report)
    assert refused.status_code == 400
    assert refused.json()["fields"][0]["path"] == "consent.contact"


async def test_a_consent_that_is_taken_back_takes_contact_details_from_open_reports(
    hanoi_town: Town,
) -> None:
    device, receipt = await submitted(
        hanoi_town, contact=CONTACT, consent=CONSENT, share_contact=True
    )
    _, others = await submitted(hanoi_town, contact=CONTACT, consent=CONSENT)
    handler = await handler_of(hanoi_town, receipt)
    for _ in range(2):
        assert (await device.ask("DELETE", "/v1/me/consents/contact")).status_code == 204
    assert "contact" not in (await handler.get(f"/v1/reports/{receipt['id']}")).json()
    kept = await hanoi_town.database["reports"].distinct("_id", {"reporter.contact": {"$ne": None}})
    assert kept == [UUID(others["id"])]
    refused = await device.submit(pothole(hanoi_town.city, contact=CONTACT))
    assert refused.status_code == 422
    history = [c["given"] for c in await export(device) if c["kind"] == "consent"]
    assert history == [True, False]


# --- a copy of everything ------------------------------------------------------------------------


async def test_a_person_gets_everything_that_is_kept_about_them_and_nothing_of_others(
    hanoi_town: Town,
) -> None:
    await submitted(hanoi_town, description="Của người khác")
    device, receipt = await submitted(
        hanoi_town, description=WORDS, contact=CONTACT, consent=CONSENT
    )
    me = UUID((await device.get("/v1/devices/me")).json()["id"])
    await device.ask("PUT", f"/v1/reports/{receipt['id']}/follow")
    await NotificationStore(hanoi_town.database).add([notification(n, me) for n in range(1, 251)])
    lines = await export(device)
    kinds = [line["kind"] for line in lines]
    assert kinds == ["device", "consent", "follow", *["notification"] * 250, "report"]
    assert len({line["id"] for line in lines if line["kind"] == "notification"}) == 250
    report = lines[-1]
    assert report["id"] == receipt["id"]
    assert report["description"] == WORDS
    assert report["contact"] == CONTACT
    assert "token_hash" not in lines[0]


# --- its end -------------------------------------------------------------------------------------


async def test_the_token_of_who_was_erased_opens_nothing(hanoi_town: Town) -> None:
    device, receipt = await submitted(hanoi_town)
    assert (await device.ask("DELETE", "/v1/me")).status_code == 202
    assert (await device.get("/v1/devices/me")).status_code == 401
    assert (await device.ask("DELETE", "/v1/me")).status_code == 401
    assert (await device.act(receipt["id"], {"action": "withdraw"})).status_code == 401


async def test_nothing_of_a_person_is_left_when_their_finished_report_is_erased(
    hanoi_town: Town,
) -> None:
    device = await hanoi_town.device()
    picture = (await device.ask("POST", "/v1/attachments", content=photo())).json()["id"]
    receipt = (
        await device.submit(
            pothole(
                hanoi_town.city,
                description=WORDS,
                contact=CONTACT,
                consent=CONSENT,
                attachments=[picture],
            )
        )
    ).json()
    report = receipt["id"]
    me = UUID((await device.get("/v1/devices/me")).json()["id"])
    await device.act(report, {"action": "comment", "text": "An lại đây"})
    await device.ask("PUT", f"/v1/reports/{report}/follow")
    await NotificationStore(hanoi_town.database).add([notification(1, me)])
    await device.act(report, {"action": "withdraw"})
    await device.ask("DELETE", "/v1/me")
    await erased(hanoi_town)

    handler = await handler_of(hanoi_town, receipt)
    shown = (await handler.get(f"/v1/reports/{report}")).json()
    assert shown["description"] == NOTICE
    assert [entry.get("text") for entry in shown["timeline"]] == [None, NOTICE, None]
    assert [entry["action"] for entry in shown["timeline"]] == ["submit", "comment", "withdraw"]
    assert "attachments" not in shown
    assert (await handler.get(f"/v1/attachments/{picture}")).status_code == 404
    assert await hanoi_town.database[PERSON_KEYS].count_documents({}) == 0
    follows = FollowStore(hanoi_town.database)
    assert await follows.followed_by(me, Topic.REPORT, 10) == []
    with time_machine.travel(now() + REMEMBERED + timedelta(seconds=1), tick=True):
        await erased(hanoi_town)
    await hanoi_town.database["feed"].delete_many({})
    kept = await everything_kept(hanoi_town)
    assert "0987654321" not in kept
    assert "tôi là An" not in kept
    assert "An lại đây" not in kept


async def test_an_open_report_stays_as_nobodys_without_numbers_until_it_is_finished(
    hanoi_town: Town,
) -> None:
    device, receipt = await submitted(
        hanoi_town, description=WORDS, contact=CONTACT, consent=CONSENT, share_contact=True
    )
    handler = await handler_of(hanoi_town, receipt)
    path = f"/v1/reports/{receipt['id']}"
    before = (await handler.get(path)).json()
    assert before["contact"] == CONTACT
    await device.ask("DELETE", "/v1/me")
    await erased(hanoi_town)
    open_ = (await handler.get(path)).json()
    assert open_["description"] == WORDS.replace("0987654321", "•••")
    assert "contact" not in open_
    unmoved = ("version", "status", "agency", "deadlines", "location", "submitted_at")
    assert {n: open_[n] for n in unmoved} == {n: before[n] for n in unmoved}
    reason = next(iter(hanoi_town.city.reasons))
    step = {"action": "reject", "reason": reason, "text": "Không đúng."}
    assert (await handler.act(receipt["id"], step, version=1)).status_code == 200
    await erased(hanoi_town)
    finished = (await handler.get(path)).json()
    assert finished["description"] == NOTICE
    assert finished["timeline"][-1]["text"] == "Không đúng."


async def test_an_erasure_ends_what_others_keep_and_nothing_of_theirs(hanoi_town: Town) -> None:
    device, _ = await submitted(hanoi_town)
    other, receipt = await submitted(
        hanoi_town, description=WORDS, contact=CONTACT, consent=CONSENT, share_contact=True
    )
    await device.ask("DELETE", "/v1/me")
    await erased(hanoi_town)
    handler = await handler_of(hanoi_town, receipt)
    shown = (await handler.get(f"/v1/reports/{receipt['id']}")).json()
    assert shown["description"] == WORDS
    assert shown["contact"] == CONTACT
    assert (await other.get("/v1/devices/me")).status_code == 200


async def test_an_erasure_that_dies_at_any_step_is_done_by_the_next(hanoi_town: Town) -> None:
    device, receipt = await submitted(
        hanoi_town, description=WORDS, contact=CONTACT, consent=CONSENT
    )
    await device.act(receipt["id"], {"action": "withdraw"})
    await device.ask("DELETE", "/v1/me")

    with pytest.raises(ConnectionError):
        await eraser(hanoi_town, Dies()).run_once()
    reports = hanoi_town.database["reports"]
    assert await reports.count_documents({"description": WORDS}) == 1
    await erased(hanoi_town)
    assert await reports.count_documents({"description": WORDS}) == 0
    assert await hanoi_town.database[ERASURES].count_documents({"done_at": None}) == 1
    with time_machine.travel(now() + REMEMBERED + timedelta(seconds=1), tick=True):
        await erased(hanoi_town)
    (done,) = await hanoi_town.database[ERASURES].find({}).to_list()
    assert done.keys() == {"_id", "at", "done_at"}


async def test_what_is_sent_while_a_token_is_still_remembered_is_erased_too(
    hanoi_town: Town,
) -> None:
    device, receipt = await submitted(hanoi_town)
    await device.ask("DELETE", "/v1/me")
    await erased(hanoi_town)
    # As another process that had asked for the token a second earlier would write it.
    (record,) = await hanoi_town.database[ERASURES].find({}).to_list()
    late = {"_id": UUID(receipt["id"])}
    await hanoi_town.database["reports"].update_one(
        late, {"$set": {"reporter.id": record["persons"][0]}}
    )
    with time_machine.travel(now() + REMEMBERED + timedelta(seconds=1), tick=True):
        await erased(hanoi_town)
    found = await hanoi_town.database["reports"].find_one(late)
    assert found is not None
    assert found["reporter"]["id"] != record["persons"][0]


async def test_the_workers_erase_by_themselves(hanoi_town: Town) -> None:
    device, receipt = await submitted(hanoi_town, description=WORDS)
    await device.act(receipt["id"], {"action": "withdraw"})
    await device.ask("DELETE", "/v1/me")

    async def gone() -> bool:
        found = await hanoi_town.database["reports"].find_one({"code": receipt["code"]})
        return found is not None and found["description"] == NOTICE

    async with working(hanoi_town):
        await until(gone)
