"""What is kept of a person, wherever it lies: all of it is exported, and nothing outlives them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

import pytest

from smartcity.city.model import Publicity
from smartcity.clock import now
from smartcity.identity.phones import Phones
from smartcity.people.store import ERASURES
from tests.api.alerting import issued
from tests.api.auditing import verify
from tests.api.reporting import category_that_is, pothole
from tests.api.test_accounts import linked
from tests.api.test_me import CONSENT, NOTICE, export
from tests.api.town import Person, Town, town
from tests.api.working import until, working
from tests.standins.oidc import LocalIssuer, local_issuer
from tests.unit.sample_files import photo

pytestmark = pytest.mark.anyio

NUMBER: Final = "0987654321"
CONTACT: Final = {"name": "Trần Thị Lan", "phone": NUMBER}
WORDS: Final = f"Tôi là Lan, nhà ông Tư Hỏi, gọi {NUMBER}"
SAID: Final = "Lan đã nói thêm ở đây"
ADDRESS: Final = "Số 5, nhà bà Lan"
OF_OFFICIALS: Final = f"Đã gọi {NUMBER}"
TEXTS: Final = (NUMBER, "ông Tư Hỏi", "Tôi là Lan", SAID, ADDRESS, "Trần Thị Lan")
HIDDEN: Final = "ông Tư Hỏi"
SPAN: Final = [WORDS.index(HIDDEN), WORDS.index(HIDDEN) + len(HIDDEN)]

EXPORTED_AS: Final = {
    "reports": {"report", "said"},
    "devices": {"device"},
    "citizens": {"account"},
    "consents": {"consent"},
    "choices": {"choices"},
    "follows": {"follow"},
    "notifications": {"notification"},
    "alert_reads": {"alerts_read"},
    "confirmations": {"confirmation"},
    "attachments": {"attachment"},
    "restrictions": {"restriction"},
}
NOT_EXPORTED: Final = {
    "person_keys": "opens what is exported in the clear, and nothing else",
    "feed": "ids and codes of the same reports, for some days",
    "bursts": "that a new device sent something, for some minutes",
    "oidc_used": "that a log-in token was used, until it ends by itself",
}
OUTLIVES: Final = {
    "restrictions": "the account's keyed digest alone, or erasure would lift a ban",
    "oidc_used": "that a log-in token was used, until it ends by itself",
    "bursts": "that a new device sent something, for some minutes",
}


class Story:
    """Lan: two phones, one account, and all that she and the city did."""

    def __init__(self, place: Town, phones: list[Person], other: Person, other_report: str) -> None:
        self.town = place
        self.phones = phones
        self.other = other
        self.other_report = other_report
        self.ids: set[UUID] = set()
        self.account = UUID(int=0)
        self.reports: list[str] = []

    @property
    def phone_hash(self) -> bytes:
        return Phones(self.town.settings.secret(), self.town.city.region).hash(NUMBER, "phone")


@pytest.fixture
async def issuer() -> AsyncIterator[LocalIssuer]:
    async with local_issuer() as started:
        yield started


@pytest.fixture
async def linked_town(mongo_uri: str, tmp_path: Path, issuer: LocalIssuer) -> AsyncIterator[Town]:
    async with town(mongo_uri, tmp_path, oidc_issuers=issuer.configured(tmp_path)) as started:
        yield started


async def uploaded(person: Person, content: bytes) -> str:
    answer = await person.ask("POST", "/v1/attachments", content=content)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def must(person: Person, report: str, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = await person.act(report, *steps, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def told(place: Town, issuer: LocalIssuer) -> Story:
    """The whole story; the workers run."""
    first, second = [await linked(place, issuer, "lan") for _ in range(2)]
    at_once = category_that_is(place, Publicity.AT_ONCE)
    other = await place.device()
    receipt = (await other.submit(pothole(place.city, **at_once))).json()
    story = Story(place, [first, second], other, receipt["id"])
    picture, loose = await uploaded(first, photo()), await uploaded(first, photo(width=320))
    assert picture != loose
    sent = await first.submit(
        pothole(
            place.city,
            **at_once,
            description=WORDS,
            address=ADDRESS,
            contact=CONTACT,
            consent=CONSENT,
            share_contact=True,
            attachments=[picture],
        )
    )
    assert sent.status_code == 201, sent.text
    mine = sent.json()
    again = (await second.submit(pothole(place.city, **at_once, description=WORDS))).json()
    story.reports = [mine["id"], again["id"]]
    await worked_on(place, mine, second)
    for path in ("follow", "confirmation"):
        answer = await first.ask("PUT", f"/v1/reports/{receipt['id']}/{path}")
        assert answer.status_code == 204, answer.text
    quieter: dict[str, Any] = {"channels": {"comment": []}}
    assert (await first.ask("PATCH", "/v1/me/choices", json=quieter)).status_code == 200
    comment = {"action": "comment", "text": SAID}
    await must(first, receipt["id"], comment, secret=receipt["secret"], key="once")
    dispatcher = await place.staff("dispatcher")
    await dispatcher.ask("POST", f"/v1/reports/{mine['id']}/disclosure", json={"reason": "Gấp"})
    banned = {
        "kind": "banned",
        "until": (now() + timedelta(days=7)).isoformat(),
        "reason": "Bịa đặt",
        "explanation": "Phản ánh sai nhiều lần",
    }
    path = f"/v1/reports/{mine['id']}/sender/restriction"
    assert (await dispatcher.ask("PUT", path, json=banned)).status_code == 200
    assert (await first.submit(pothole(place.city))).status_code == 403  # and so the account
    await issued(await place.staff("alerter"), area={"everywhere": True})
    await until(lambda: reads_of_alerts(first))
    devices = await place.database["devices"].find({"account": {"$exists": True}}).to_list()
    story.account = devices[0]["account"]
    story.ids = {device["_id"] for device in devices} | {story.account}
    assert len(story.ids) == 3
    return story


async def reads_of_alerts(phone: Person) -> bool:
    """Whether there is an alert in the inbox; all of it is read then."""
    items = (await phone.get("/v1/me/notifications")).json()["items"]
    await phone.ask("POST", "/v1/me/notifications/read", json={"up_to": now().isoformat()})
    return any(item["topic"] == "alert" for item in items)


async def worked_on(place: Town, mine: dict[str, Any], second: Person) -> None:
    """Every kind of text that an official or the person leaves on a report."""
    handler = await place.staff("handler", agencies=[mine["agency"]["code"]])
    lat, lon = place.city.centre[1] + 0.001, place.city.centre[0]
    hidden = {"target": "description", "spans": [SPAN]}
    steps: list[dict[str, Any]] = [
        {"action": "receive"},
        {"action": "redact", "text": OF_OFFICIALS, "redaction": hidden},
        {
            "action": "correct",
            "text": OF_OFFICIALS,
            "location": {"lat": lat, "lon": lon},
            "address": ADDRESS,
        },
        {"action": "start"},
        {"action": "open_task", "agency": "cong-an", "text": OF_OFFICIALS},
        {
            "action": "extend",
            "text": OF_OFFICIALS,
            "until": (now() + timedelta(days=90)).isoformat(),
        },
        {"action": "note", "text": OF_OFFICIALS},
        {"action": "ask", "text": OF_OFFICIALS},
    ]
    version = 1
    for step in steps:
        version = (await must(handler, mine["id"], step, version=version))["version"]
    await must(second, mine["id"], {"action": "answer", "text": SAID})
    await must(second, mine["id"], {"action": "comment", "text": SAID}, key="twice")


def found_in(value: Any, ids: set[UUID], blobs: set[bytes], texts: tuple[str, ...]) -> bool:
    """Whether a value of a document names a person."""
    if isinstance(value, dict):
        pairs = cast("dict[Any, Any]", value).items()
        return any(found_in(one, ids, blobs, texts) for pair in pairs for one in pair)
    if isinstance(value, list | tuple):
        several = cast("list[Any]", value)
        return any(found_in(one, ids, blobs, texts) for one in several)
    if isinstance(value, UUID):
        return value in ids
    if isinstance(value, bytes):
        return any(blob in value for blob in blobs)
    if isinstance(value, str):
        return any(text in value for text in texts) or any(str(one) in value for one in ids)
    return False


async def documents_of(story: Story, texts: tuple[str, ...] = ()) -> dict[str, list[Any]]:
    """Every document of the database that names the person, by its collection."""
    database, ids = story.town.database, story.ids
    blobs = {one.bytes for one in ids} | {story.phone_hash}
    found: dict[str, list[Any]] = {}
    for name in await database.list_collection_names():
        async for document in database[name].find({}):
            if found_in(document, ids, blobs, texts):
                found.setdefault(name, []).append(document)
    return found


async def published(place: Town) -> bool:
    waiting = await place.database["reports"].count_documents({"outbox_at": {"$exists": True}})
    return waiting == 0


async def test_whatever_holds_a_persons_id_is_exported_to_them(
    linked_town: Town, issuer: LocalIssuer
) -> None:
    async with working(linked_town):
        story = await told(linked_town, issuer)
        await until(lambda: published(linked_town))
    lines = await export(story.phones[0])
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        by_kind.setdefault(line["kind"], []).append(line)
    kept = await documents_of(story)
    assert kept.keys() <= EXPORTED_AS.keys() | NOT_EXPORTED.keys()
    assert EXPORTED_AS.keys() <= kept.keys(), "the story leaves something everywhere"
    for name, kinds in EXPORTED_AS.items():
        told_of = [line for kind in kinds for line in by_kind.get(kind, [])]
        assert len(told_of) == len(kept[name]), name
    whole = {line["id"]: line for line in by_kind["report"]}
    assert whole.keys() == set(story.reports)
    assert whole[story.reports[0]]["description"] == WORDS
    assert whole[story.reports[0]]["contact"] == CONTACT
    (said,) = by_kind["said"]
    assert [entry["text"] for entry in said["entries"]] == [SAID]
    assert {line["id"] for line in by_kind["attachment"]} == {
        str(one["_id"]) for one in kept["attachments"]
    }
    assert "Bịa đặt" not in str(by_kind["restriction"])


async def test_erasing_a_person_from_one_phone_leaves_nothing_of_them_anywhere(
    linked_town: Town, issuer: LocalIssuer
) -> None:
    database = linked_town.database
    async with working(linked_town):
        story = await told(linked_town, issuer)
        for report in story.reports:
            closed = await database["reports"].find_one({"_id": UUID(report)})
            assert closed is not None
            handler = await linked_town.staff("handler", agencies=[closed["agency"]])
            reason = next(iter(linked_town.city.reasons))
            step = {"action": "reject", "reason": reason, "text": OF_OFFICIALS}
            await must(handler, report, step, version=closed["version"])
        assert (await story.phones[1].ask("DELETE", "/v1/me")).status_code == 202

        async def done() -> bool:
            return await database[ERASURES].count_documents({"done_at": {"$exists": True}}) == 1

        await until(done)
        for phone in story.phones:
            assert (await phone.get("/v1/devices/me")).status_code == 401
        await until(lambda: published(linked_town))
    left = await documents_of(story, TEXTS)
    assert left.keys() <= OUTLIVES.keys(), left
    (ban,) = await database["restrictions"].find({}).to_list()
    assert ban["senders"] == [story.account]
    report = await database["reports"].find_one({"_id": UUID(story.reports[0])})
    assert report is not None
    assert report["description"] == NOTICE
    assert "redactions" not in report
    assert "address" not in str(report["timeline"])
    assert [task["text"] for task in report["tasks"]] == ["Đã gọi •••"]
    others = await database["reports"].find_one({"_id": UUID(story.other_report)})
    assert others is not None
    assert "guests" not in others
    assert [entry.get("text") for entry in others["timeline"]] == [None, NOTICE]
    checked = await verify(linked_town)
    assert checked.exit_code == 0, checked.output


async def test_who_is_erased_and_comes_back_is_still_banned_and_may_be_freed(
    linked_town: Town, issuer: LocalIssuer
) -> None:
    async with working(linked_town):
        story = await told(linked_town, issuer)
        await story.phones[0].ask("DELETE", "/v1/me")

        async def done() -> bool:
            found = linked_town.database[ERASURES].count_documents({"done_at": {"$exists": True}})
            return await found == 1

        await until(done)
    back = await linked(linked_town, issuer, "lan")
    assert (await back.get("/v1/me/reports")).json()["items"] == []
    assert (await back.submit(pothole(linked_town.city))).status_code == 403
    dispatcher = await linked_town.staff("dispatcher")
    path = f"/v1/reports/{story.reports[0]}/sender/restriction"
    assert (await dispatcher.ask("DELETE", path)).status_code == 204
    assert (await back.submit(pothole(linked_town.city))).status_code == 201
