"""What staff and the clock do is in the audit log, once and in order, and auditors read it."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine

from api.parts import Parts
from smartcity.clock import now
from smartcity.feed.event import Event, Topic
from smartcity.feed.store import FeedStore
from smartcity.identifiers import new_id
from smartcity.identity.roles import CLOCK
from smartcity.reports.requests import Step
from smartcity.reports.words import Action
from tests.api.auditing import chain, documents, verify
from tests.api.reporting import handler_of, submitted
from tests.api.town import Person, Town
from workers.main import work

pytestmark = pytest.mark.anyio

PLACE = {"lat": 21.0285, "lon": 105.8542}
PRIVATE = "Gọi bà Lan 0912345678"


async def worked_on(town: Town) -> tuple[Person, dict[str, Any], Person]:
    """A report that a handler received, noted something on, and resolved."""
    device, report = await submitted(town)
    handler = await handler_of(town, report)
    for version, step in (
        (1, {"action": "receive"}),
        (None, {"action": "note", "text": PRIVATE}),
        (2, {"action": "resolve", "text": "Đã vá"}),
    ):
        answer = await handler.act(report["id"], step, version=version)
        assert answer.status_code == 200, answer.text
    return device, report, handler


async def read(auditor: Person, **wanted: Any) -> list[dict[str, Any]]:
    answer = await auditor.get("/v1/audit", params=wanted)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def id_of(town: Town, role: str) -> str:
    staff = await town.database["staff"].find_one({"roles": role})
    assert staff is not None
    return str(staff["_id"])


async def test_an_auditor_reads_who_did_what_newest_first(hanoi_town: Town) -> None:
    _, report, _ = await worked_on(hanoi_town)
    await chain(hanoi_town)
    items = await read(await hanoi_town.staff("auditor"))
    assert [(i["number"], i["action"]) for i in items] == [
        (3, "resolve"),
        (2, "note"),
        (1, "receive"),
    ]
    newest = items[0]
    handler = await id_of(hanoi_town, "handler")
    assert (newest["actor"], newest["party"]) == (handler, "handler")
    assert newest["actor_name"].startswith("handler-")
    assert (newest["subject"], newest["status"]) == (report["id"], "resolved")
    assert newest["agency"] == report["agency"]["code"]


async def test_the_log_holds_no_text_and_no_name(hanoi_town: Town) -> None:
    await worked_on(hanoi_town)
    await chain(hanoi_town)
    kept = str(await documents(hanoi_town))
    assert "0912345678" not in kept
    assert "Đã vá" not in kept
    staff = await hanoi_town.database["staff"].find_one({"roles": "handler"})
    assert staff is not None
    assert staff["name"] not in kept


async def test_a_citizens_own_acts_are_not_in_it_and_an_operators_for_a_caller_are(
    hanoi_town: Town,
) -> None:
    device, report = await submitted(hanoi_town)
    await device.act(report["id"], {"action": "comment", "text": "Vẫn còn"})
    operator = await hanoi_town.staff("operator")
    answer = await operator.submit(
        {"category": report["category"]["code"], "description": "Ổ gà", "location": PLACE}
    )
    assert answer.status_code == 201, answer.text
    await chain(hanoi_town)
    (entry,) = await documents(hanoi_town)
    assert entry["action"] == "submit"
    assert entry["subject"] == UUID(answer.json()["id"])
    assert str(entry["actor"]) == await id_of(hanoi_town, "operator")


async def test_what_the_clock_does_is_in_it(hanoi_town: Town) -> None:
    _, report, _ = await worked_on(hanoi_town)
    parts = Parts(hanoi_town.settings)
    async with parts.running(None):
        with time_machine.travel(now() + timedelta(days=400), tick=False):
            await parts.reports.act(UUID(report["id"]), [Step(action=Action.ANNOUNCE)], CLOCK)
    await chain(hanoi_town)
    entry = (await documents(hanoi_town))[-1]
    assert (entry["action"], entry["party"]) == ("announce", "clock")
    assert "actor" not in entry


async def test_each_filter_finds_its_own(hanoi_town: Town) -> None:
    _, report, _ = await worked_on(hanoi_town)
    between = now()
    _, other, _ = await worked_on(hanoi_town)
    await chain(hanoi_town)
    auditor = await hanoi_town.staff("auditor")
    mine = [1, 2, 3]
    handler = str((await documents(hanoi_town))[0]["actor"])
    assert await numbers(auditor, actor=handler) == mine
    assert await numbers(auditor, subject=report["id"]) == mine
    assert await numbers(auditor, subject=other["id"]) == [4, 5, 6]
    assert await numbers(auditor, action="note") == [2, 5]
    assert await numbers(auditor, action="note", actor=handler) == [2]
    assert await numbers(auditor, **{"from": between.isoformat()}) == [4, 5, 6]
    assert await numbers(auditor, to=between.isoformat()) == mine
    assert await numbers(auditor, agency="no-such-agency") == []
    assert len(await numbers(auditor, agency=report["agency"]["code"])) >= 3


async def numbers(auditor: Person, **wanted: Any) -> list[int]:
    return sorted(item["number"] for item in await read(auditor, **wanted))


async def test_pages_show_each_entry_once(hanoi_town: Town) -> None:
    for _ in range(3):
        await worked_on(hanoi_town)
    await chain(hanoi_town)
    auditor = await hanoi_town.staff("auditor")
    seen: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await auditor.get("/v1/audit", params={"limit": 2, **cursor})).json()
        seen += [item["number"] for item in page["items"]]
        if "next_cursor" not in page:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == list(range(9, 0, -1))


async def test_who_reads_the_log_is_in_the_log(hanoi_town: Town) -> None:
    auditor = await hanoi_town.staff("auditor")
    subject = str(uuid4())
    await read(auditor, subject=subject)
    await chain(hanoi_town)
    (item,) = await read(auditor)
    assert (item["action"], item["party"]) == ("read_audit_log", "auditor")
    assert item["actor"] == await id_of(hanoi_town, "auditor")
    assert item["details"] == {"wanted_subject": subject}


async def test_who_is_shown_how_to_reach_a_reporter_is_in_the_log_before_it_is_shown(
    hanoi_town: Town,
) -> None:
    contact = {"name": "Lan", "phone": "0912345678"}
    _, report = await submitted(
        hanoi_town, contact=contact, share_contact=True, consent={"contact": "2026-01"}
    )
    handler = await handler_of(hanoi_town, report)
    shown = await handler.get(f"/v1/reports/{report['id']}")
    assert shown.json()["contact"] == contact
    record = await hanoi_town.database["audit_records"].find_one({})
    assert record is not None
    assert (record["action"], record["subject"]) == ("see_contact", UUID(report["id"]))
    await chain(hanoi_town)
    (entry,) = await documents(hanoi_town)
    assert (entry["action"], str(entry["actor"])) == (
        "see_contact",
        await id_of(hanoi_town, "handler"),
    )
    assert "0912" not in str(entry)


async def test_nobody_but_auditors_reads_it(hanoi_town: Town) -> None:
    for role in ("admin", "operations", "dispatcher"):
        answer = await (await hanoi_town.staff(role)).get("/v1/audit")
        assert answer.status_code == 403, role
    assert (await hanoi_town.nobody().get("/v1/audit")).status_code == 401


@pytest.mark.parametrize(
    "wanted",
    [{"actor": "x"}, {"from": "yesterday"}, {"action": "a b"}, {"cursor": "x"}, {"limit": 101}],
    ids=str,
)
async def test_a_filter_that_is_none_is_refused(shared_town: Town, wanted: dict[str, Any]) -> None:
    answer = await (await shared_town.staff("auditor")).get("/v1/audit", params=wanted)
    assert answer.status_code == 400, answer.text


async def test_a_chunk_of_an_import_is_one_entry(hanoi_town: Town) -> None:
    batch = new_id()
    event = Event(
        id=batch, topic=Topic.BULK, action="import", at=now(), of=Topic.DOSSIER, batch=batch
    )
    for _ in range(2):  # promised twice, as by one who was cut off
        await FeedStore(hanoi_town.database).announce(event)
    await chain(hanoi_town)
    (entry,) = await documents(hanoi_town)
    assert (entry["topic"], entry["action"], entry["batch"]) == ("bulk", "import", batch)


async def test_an_account_that_is_erased_leaves_its_id_and_no_name(hanoi_town: Town) -> None:
    await worked_on(hanoi_town)
    await chain(hanoi_town)
    handler = await id_of(hanoi_town, "handler")
    await hanoi_town.database["staff"].delete_one({"_id": UUID(handler)})
    items = await read(await hanoi_town.staff("auditor"))
    assert {item["actor"] for item in items} == {handler}
    assert all("actor_name" not in item for item in items)


async def test_the_chain_verifies_after_a_person_was_erased(hanoi_town: Town) -> None:
    _, report, _ = await worked_on(hanoi_town)
    await chain(hanoi_town)
    await hanoi_town.database["reports"].update_one(
        {"_id": UUID(report["id"])},
        {"$set": {"description": "", "timeline.$[].text": ""}, "$unset": {"reporter.contact": ""}},
    )
    told = await verify(hanoi_town)
    assert told.exit_code == 0, told.output
    assert told.stdout.startswith("3 entries, nothing changed; head 3:")


async def test_notes_reach_auditors_and_nobody_else(hanoi_town: Town) -> None:
    await worked_on(hanoi_town)
    await chain(hanoi_town)
    note = await hanoi_town.database["feed"].find_one({"event.action": "note"})
    assert note is not None
    assert note["event"]["topic"] == "audit"
    assert "public" not in note["event"]


async def test_the_workers_chain_without_being_told(hanoi_town: Town) -> None:
    await worked_on(hanoi_town)
    stop = asyncio.Event()
    working = asyncio.create_task(work(hanoi_town.settings, stop))
    async with asyncio.timeout(30):
        while len(await documents(hanoi_town)) < 3:
            await asyncio.sleep(0.1)
    stop.set()
    await working
    assert (await verify(hanoi_town)).exit_code == 0
