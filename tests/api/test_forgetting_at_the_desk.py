"""Callers, who have no device: an operator exports and erases for who shows the phone."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from smartcity.audit.store import RECORDS
from smartcity.clock import now
from smartcity.identity.phones import Phones
from smartcity.people.erasure import REMEMBERED
from smartcity.people.store import ERASURES
from tests.api.reporting import submitted
from tests.api.test_me import CONSENT, NOTICE, erased
from tests.api.test_operators import NUMBER, act_for, search, taken
from tests.api.town import Answer, Person, Town, town

pytestmark = pytest.mark.anyio


async def desk(operator: Person, what: str, phone: str = NUMBER) -> Answer:
    return await operator.ask("POST", f"/v1/operators/callers/{what}", json={"phone": phone})


def lines(answer: Answer) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_a_caller_gets_everything_that_is_kept_of_them_and_nothing_of_others(
    hanoi_town: Town,
) -> None:
    operator = await hanoi_town.staff("operator")
    mine = await taken(hanoi_town, operator)
    await taken(hanoi_town, operator, "0987654321")
    _, apps = await submitted(hanoi_town, contact={"phone": NUMBER}, consent=CONSENT)
    told = lines(await desk(operator, "export", "+84 912 345 678"))
    assert {line["id"] for line in told if line["kind"] == "report"} == {mine["id"], apps["id"]}
    assert [line["purpose"] for line in told if line["kind"] == "consent"] == ["contact"]
    whole = next(line for line in told if line.get("id") == mine["id"])
    assert whole["contact"]["phone"] == NUMBER


async def test_a_caller_is_erased_at_the_desk_and_no_app_with_their_number(
    hanoi_town: Town,
) -> None:
    operator = await hanoi_town.staff("operator")
    mine, others = [await taken(hanoi_town, operator, n) for n in (NUMBER, "0987654321")]
    device, apps = await submitted(hanoi_town, contact={"phone": NUMBER}, consent=CONSENT)
    for report in (mine, apps):
        await act_for(operator, report["id"], 1, {"action": "withdraw"}, NUMBER)
    assert (await desk(operator, "erasure")).status_code == 202
    await erased(hanoi_town)
    reports = hanoi_town.database["reports"]
    for report in (mine, apps):
        left = await reports.find_one({"code": report["code"]})
        assert left is not None
        assert left["description"] == NOTICE
        assert left["reporter"].keys() <= {"id", "assurance"}
    assert (await search(operator, NUMBER)).json()["items"] == []
    assert len((await search(operator, "0987654321")).json()["items"]) == 1, others
    assert (await device.get("/v1/devices/me")).status_code == 200
    assert lines(await desk(operator, "export")) == []
    with time_machine.travel(now() + REMEMBERED + timedelta(seconds=1), tick=True):
        await erased(hanoi_town)
    (done,) = await hanoi_town.database[ERASURES].find({}).to_list()
    assert done.keys() == {"_id", "at", "done_at"}
    phones = Phones(hanoi_town.settings.secret(), hanoi_town.city.region)
    caller, hashed = phones.caller(NUMBER, "phone"), phones.hash(NUMBER, "phone")
    for name in await hanoi_town.database.list_collection_names():
        for document in await hanoi_town.database[name].find({}).to_list():
            assert repr(hashed) not in repr(document), name
            # What operators did stays on record, under a digest that no report holds any more.
            assert repr(caller) not in repr(document) or name == RECORDS, name


async def test_what_is_done_at_the_desk_is_written_down_without_the_number(
    hanoi_town: Town,
) -> None:
    operator = await hanoi_town.staff("operator")
    await desk(operator, "export")
    await desk(operator, "erasure")
    found = hanoi_town.database[RECORDS].find({"action": {"$regex": "_caller$"}}).sort("_id")
    records = await found.to_list()
    assert [record["action"] for record in records] == ["export_caller", "erase_caller"]
    assert len({record["subject"] for record in records}) == 1
    assert NUMBER[1:] not in str(records)


@pytest.mark.parametrize("what", ["export", "erasure"])
async def test_only_operators_and_only_for_so_many_callers(
    mongo_uri: str, tmp_path: Any, what: str
) -> None:
    async with town(mongo_uri, tmp_path, limit_searches="2/hour") as small:
        for other in (await small.device(), await small.staff("dispatcher")):
            assert (await desk(other, what)).status_code == 403
        operator = await small.staff("operator")
        wrong = await desk(operator, what, "call me")
        assert wrong.json()["fields"] == [{"path": "phone", "reason": "not_a_phone_number"}]
        statuses = [(await desk(operator, what, f"091234567{n}")).status_code for n in range(3)]
        assert statuses[2] == 429
        assert 429 not in statuses[:2]
