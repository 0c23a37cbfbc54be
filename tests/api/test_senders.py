"""Dispatchers limit and ban senders, for a time and without knowing who they are."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from api.app import create_app
from smartcity.clock import now
from tests.api.town import Answer, Person, Town, connected, until_ready

pytestmark = pytest.mark.anyio

HELD_FOR = timedelta(days=7)
LISTED = "/v1/dispatch/restrictions"
REASON = "Nguyễn Văn A gọi điện đe dọa"
WHY = "Gửi nhiều tin sai sự thật"

Json = dict[str, Any]


def problem(town: Town) -> Json:
    lon, lat = town.city.centre
    return {"category": "pothole", "description": "Ổ gà", "location": {"lat": lat, "lon": lon}}


def decision(kind: str = "banned", **more: Any) -> Json:
    until = (now() + HELD_FOR).isoformat()
    return {"kind": kind, "until": until, "reason": REASON, "explanation": WHY, **more}


async def sent(town: Town) -> tuple[Person, Json]:
    device = await town.device()
    answer = await device.submit(problem(town))
    assert answer.status_code == 201, answer.text
    return device, answer.json()


async def restrict(dispatcher: Person, report: Json, decided: Json) -> Answer:
    path = f"/v1/reports/{report['id']}/sender/restriction"
    return await dispatcher.ask("PUT", path, json=decided)


async def free(dispatcher: Person, report: Json) -> Answer:
    return await dispatcher.ask("DELETE", f"/v1/reports/{report['id']}/sender/restriction")


async def banned(town: Town) -> tuple[Person, Json, Person]:
    device, report = await sent(town)
    dispatcher = await town.staff("dispatcher")
    answer = await restrict(dispatcher, report, decision())
    assert answer.status_code == 200, answer.text
    return device, report, dispatcher


# --- banned --------------------------------------------------------------------------------------


async def test_nothing_is_taken_from_a_banned_sender_who_is_told_why_and_until_when(
    hanoi_town: Town,
) -> None:
    device, report, _ = await banned(hanoi_town)
    comment = {"action": "comment", "text": "Sao chưa làm?"}
    file = {"sha256": "0" * 64, "bytes": 10}
    for answer in (
        await device.submit(problem(hanoi_town)),
        await device.act(report["id"], comment),
        await device.ask("POST", "/v1/uploads", json=file),
        await device.ask("POST", "/v1/attachments", content=b"%PDF-1.7"),
    ):
        refusal = answer.json()
        assert (answer.status_code, refusal["code"]) == (403, "sender_banned"), answer.text
        assert refusal["explanation"] == WHY
        assert WHY in refusal["detail"]
        assert refusal["date"] in refusal["detail"]
        assert "đường dây nóng" in refusal["detail"]
        left = datetime.fromisoformat(refusal["until"]) - now()
        assert timedelta(days=6) < left < timedelta(days=8)
        assert REASON not in answer.text
    assert await hanoi_town.database["reports"].count_documents({}) == 1


async def test_what_a_banned_sender_sent_before_goes_on(hanoi_town: Town) -> None:
    device, report, _ = await banned(hanoi_town)
    handler = await hanoi_town.staff("handler", agencies=[report["agency"]["code"]])
    steps = {"action": "receive"}, {"action": "ask", "text": "Ở số nhà nào?"}
    assert (await handler.act(report["id"], *steps, version=1)).status_code == 200
    answer = await device.act(report["id"], {"action": "answer", "text": "Số 12"})
    assert (answer.status_code, answer.json()["status"]) == (200, "in_progress")


async def test_another_device_is_not_bound(hanoi_town: Town) -> None:
    await banned(hanoi_town)
    assert (await (await hanoi_town.device()).submit(problem(hanoi_town))).status_code == 201


async def test_a_ban_ends_by_itself(hanoi_town: Town) -> None:
    device, _, dispatcher = await banned(hanoi_town)
    with time_machine.travel(now() + HELD_FOR - timedelta(minutes=1)):
        assert (await device.submit(problem(hanoi_town))).status_code == 403
    with time_machine.travel(now() + HELD_FOR + timedelta(seconds=1)):
        assert (await device.submit(problem(hanoi_town))).status_code == 201
    assert len((await dispatcher.get(LISTED)).json()["items"]) == 1


async def test_a_ban_is_lifted_by_any_report_of_the_same_sender(hanoi_town: Town) -> None:
    device, first = await sent(hanoi_town)
    second = (await device.submit(problem(hanoi_town))).json()
    dispatcher = await hanoi_town.staff("dispatcher")
    await restrict(dispatcher, first, decision())
    assert (await free(dispatcher, second)).status_code == 204
    assert (await device.submit(problem(hanoi_town))).status_code == 201
    assert (await free(dispatcher, second)).status_code == 404
    assert (await dispatcher.get(LISTED)).json()["items"] == []


async def test_every_process_hears_of_a_ban_and_of_its_end_within_five_seconds(
    hanoi_town: Town,
) -> None:
    device, report = await sent(hanoi_town)
    dispatcher = await hanoi_town.staff("dispatcher")
    other = create_app(hanoi_town.settings)
    async with other.lifespan(), connected(other) as http:
        await until_ready(http)
        there = Person(http, device.token)
        for decide, status in ((restrict(dispatcher, report, decision()), 403), (free, 201)):
            await (decide(dispatcher, report) if callable(decide) else decide)
            async with asyncio.timeout(5):
                while (await there.submit(problem(hanoi_town))).status_code != status:
                    await asyncio.sleep(0.2)


async def test_a_process_that_starts_later_knows_of_a_ban_at_once(hanoi_town: Town) -> None:
    device, _, _ = await banned(hanoi_town)
    other = create_app(hanoi_town.settings)
    async with other.lifespan(), connected(other) as http:
        there = Person(http, device.token)
        while (answer := await there.submit(problem(hanoi_town))).status_code == 503:
            await asyncio.sleep(0.05)
        assert answer.json()["code"] == "sender_banned"


# --- limited -------------------------------------------------------------------------------------


async def test_of_a_limited_sender_s_reports_at_once_exactly_as_many_are_taken(
    hanoi_town: Town,
) -> None:
    device, report = await sent(hanoi_town)
    dispatcher = await hanoi_town.staff("dispatcher")
    assert (await restrict(dispatcher, report, decision("limited", per_day=3))).is_success
    key = uuid4().hex
    first = await device.submit(problem(hanoi_town), key)
    assert first.status_code == 201
    answers = await asyncio.gather(*(device.submit(problem(hanoi_town)) for _ in range(10)))
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(refused) == 8
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (429, "sender_limited")
        assert answer.json()["per_day"] == 3
        assert 0 < int(answer.headers["retry-after"]) <= 86_400
    again = await device.submit(problem(hanoi_town), key)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    comment = {"action": "comment", "text": "Xin cảm ơn"}
    assert (await device.act(report["id"], comment)).status_code == 200


async def test_the_next_day_as_many_are_taken_again(hanoi_town: Town) -> None:
    device, report = await sent(hanoi_town)
    dispatcher = await hanoi_town.staff("dispatcher")
    await restrict(dispatcher, report, decision("limited", per_day=1))
    standing = [(await device.submit(problem(hanoi_town))).status_code for _ in range(2)]
    with time_machine.travel(now() + timedelta(days=1)):
        standing += [(await device.submit(problem(hanoi_town))).status_code for _ in range(2)]
    assert standing == [201, 429, 201, 429]


# --- deciding ------------------------------------------------------------------------------------


async def test_a_new_decision_takes_the_place_of_the_one_before(hanoi_town: Town) -> None:
    device, report, dispatcher = await banned(hanoi_town)
    decided = await restrict(dispatcher, report, decision("limited", per_day=5))
    assert decided.json()["per_day"] == 5
    assert (await device.submit(problem(hanoi_town))).status_code == 201
    listed = (await dispatcher.get(LISTED)).json()["items"]
    assert [item["id"] for item in listed] == [decided.json()["id"]]


async def test_dispatchers_see_what_holds_and_not_whom_it_binds(hanoi_town: Town) -> None:
    for _ in range(2):
        await banned(hanoi_town)
    _, report, dispatcher = await banned(hanoi_town)
    page = (await dispatcher.get(f"{LISTED}?limit=2")).json()
    rest = (await dispatcher.get(f"{LISTED}?limit=2&cursor={page['next_cursor']}")).json()
    assert (len(page["items"]), len(rest["items"]), "next_cursor" in rest) == (2, 1, False)
    shown = page["items"][0]
    assert (shown["report"], shown["reason"], shown["kind"]) == (report["id"], REASON, "banned")
    senders = await hanoi_town.database["devices"].distinct("_id")
    assert not [sender for sender in senders if str(sender) in f"{page}{rest}"]


async def test_the_reason_is_kept_encrypted_and_the_decision_is_on_record(
    hanoi_town: Town,
) -> None:
    _, report, dispatcher = await banned(hanoi_town)
    await free(dispatcher, report)
    kept = await hanoi_town.database["restrictions"].find_one({})
    assert kept is not None
    assert REASON.encode() not in kept["reason"]
    records = await hanoi_town.database["audit_records"].find({}).sort("_id", 1).to_list()
    about = [record for record in records if str(record.get("subject")) == report["id"]]
    assert [record["action"] for record in about] == ["sender_restricted", "sender_freed"]
    assert about[0]["details"].keys() == {"kind", "until"}
    assert REASON not in str(records)


@pytest.mark.parametrize(
    ("wrong", "field", "reason"),
    [
        ({"until": "2020-01-01T00:00:00Z"}, "until", "past"),
        ({"until": "2199-01-01T00:00:00Z"}, "until", "too_late"),
        ({"per_day": 3}, "per_day", "not_of_this_kind"),
        ({"kind": "limited"}, "per_day", "required"),
    ],
)
async def test_a_decision_that_makes_no_sense_is_refused(
    hanoi_town: Town, wrong: Json, field: str, reason: str
) -> None:
    device, report = await sent(hanoi_town)
    answer = await restrict(await hanoi_town.staff("dispatcher"), report, decision(**wrong))
    assert answer.status_code == 400
    assert answer.json()["fields"] == [{"path": field, "reason": reason}]
    assert (await device.submit(problem(hanoi_town))).status_code == 201


async def test_only_dispatchers_decide(hanoi_town: Town) -> None:
    device, report = await sent(hanoi_town)
    agency = report["agency"]["code"]
    for person in (
        device,
        await hanoi_town.staff("handler", agencies=[agency]),
        await hanoi_town.staff("supervisor", agencies=[agency]),
        await hanoi_town.staff("operations"),
        await hanoi_town.staff("admin"),
    ):
        assert (await restrict(person, report, decision())).status_code == 403
        assert (await free(person, report)).status_code == 403
        assert (await person.get(LISTED)).status_code == 403
    assert (await device.submit(problem(hanoi_town))).status_code == 201


async def test_a_caller_is_restricted_and_not_the_operator_who_writes_for_them(
    hanoi_town: Town,
) -> None:
    operator = await hanoi_town.staff("operator")

    async def told_by(phone: str) -> Answer:
        contact = {"contact": {"phone": phone}, "consent": {"contact": "2026-01"}}
        return await operator.submit(problem(hanoi_town) | contact)

    dispatcher = await hanoi_town.staff("dispatcher")
    report = (await told_by("0912345678")).json()
    assert (await restrict(dispatcher, report, decision())).status_code == 200
    refused = await told_by("0912345678")
    assert (refused.status_code, refused.json()["code"]) == (403, "sender_banned")
    assert (await told_by("0987654321")).status_code == 201
