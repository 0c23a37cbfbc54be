"""What becomes of a report that nobody takes up: the clock warns of it, and it goes up."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine

from smartcity.clock import now
from tests.api.passing_time import DAY, SOON, Case, at, case, colleague, until
from tests.api.town import Person, Town

pytestmark = pytest.mark.anyio


async def test_a_report_that_nobody_receives_is_warned_of_and_goes_up_the_tree(
    hanoi_town: Town,
) -> None:
    report = await case(hanoi_town)
    ward = await colleague(hanoi_town, "supervisor", report.agency)
    city = await colleague(hanoi_town, "supervisor", "ubnd-tp")
    dispatcher = await colleague(hanoi_town, "dispatcher")
    due = datetime.fromisoformat(report.deadlines["receive_by"])
    told: dict[str, list[str]] = {"ward": ["warn"], "city": [], "dispatcher": []}
    people = {"ward": ward, "city": city, "dispatcher": dispatcher}
    moment, seen = due, dict[str, Any]()

    async def as_told() -> bool:
        return {name: await person.heard() for name, person in people.items()} == told

    async with at(hanoi_town, due - timedelta(minutes=1)):
        await until(as_told)
    for level, name in enumerate(("ward", "city", "dispatcher"), 1):
        told[name] = [*told[name], "escalate"]
        moment = due if level == 1 else await report.next_alarm()
        assert moment - due >= (level - 1) * timedelta(hours=8)
        async with at(hanoi_town, moment + SOON):
            await until(as_told)
            seen = await report.seen_by(await ward.at_work())
        assert seen["level"] == level
        expected = (
            {"role": "dispatcher", "agency": "ttpvhcc"}
            if name == "dispatcher"
            else {"role": "supervisor", "agency": "ubnd-tp" if name == "city" else report.agency}
        )
        assert seen["escalated_to"]["role"] == expected["role"]
        assert seen["escalated_to"]["agency"]["code"] == expected["agency"]
    shown = [entry["action"] for entry in seen["timeline"]]
    assert shown == ["submit", "warn", "escalate", "escalate", "escalate"]
    with time_machine.travel(moment + SOON):
        public = await report.seen()
    assert [entry["action"] for entry in public["timeline"]] == ["submit"]
    assert "level" not in public


async def test_queue_view_warning_and_figures_agree_on_what_is_at_risk(hanoi_town: Town) -> None:
    friday = datetime(2026, 12, 4, 15, tzinfo=hanoi_town.city.zone)
    with time_machine.travel(friday):
        report = await case(hanoi_town)
    ward = await colleague(hanoi_town, "supervisor", report.agency)
    warned_at = await report.next_alarm()
    due = datetime.fromisoformat(report.deadlines["receive_by"])
    assert due - friday > 2 * DAY
    half_of_the_time = friday + (due - friday) / 2
    nearly_all_of_it = friday + (due - friday) * 0.9
    assert half_of_the_time.weekday() == 6
    assert nearly_all_of_it < warned_at
    for moment, expected in (
        (half_of_the_time, False),
        (nearly_all_of_it, False),
        (warned_at - timedelta(minutes=1), False),
        (warned_at + SOON, True),
        (due - timedelta(minutes=1), True),
    ):
        async with at(hanoi_town, moment):
            await until(partial(all_say, report, await ward.at_work(), expected))
    with time_machine.travel(due - SOON):
        assert (await ward.act(report.id, {"action": "receive"})).status_code == 200
    async with at(hanoi_town, due + SOON):
        await until(partial(all_say, report, await ward.at_work(), False))


async def all_say(report: Case, supervisor: Person, at_risk: bool) -> bool:
    """Whether all agree that this, the only report, is at risk, or is not."""
    queue = (await supervisor.get("/v1/agency/queue")).json()
    tab = (await supervisor.get("/v1/agency/queue", params={"at_risk": True})).json()
    seen = await report.seen_by(supervisor)
    figures = (await supervisor.get("/v1/statistics/overview")).json()["total"]["figures"]
    if figures["open"]["value"] != 1:
        return False
    warned_last = seen["timeline"][-1]["action"] == "warn"
    said = {
        queue["counts"]["at_risk"] == 1,
        [item["id"] for item in tab["items"]] == [report.id],
        datetime.fromisoformat(queue["items"][0]["risk_at"]) <= now(),
        datetime.fromisoformat(seen["risk_at"]) <= now(),
        warned_last,
        figures["at_risk"]["value"] == 1,
    }
    assert "risk_at" not in await report.seen()
    return said == {at_risk}


async def test_the_assignee_is_warned_instead_of_the_supervisor(hanoi_town: Town) -> None:
    report = await case(hanoi_town)
    handler = await colleague(hanoi_town, "handler", report.agency)
    supervisor = await colleague(hanoi_town, "supervisor", report.agency)
    steps = {"action": "receive"}, {"action": "assign", "assignee": str(handler.id)}
    assert (await handler.act(report.id, *steps)).status_code == 200
    async with at(hanoi_town, await report.next_alarm() + SOON):

        async def told() -> bool:
            return await handler.heard() == ["warn"]

        await until(told)
        assert await supervisor.heard() == []


async def test_who_heads_a_helper_is_warned_of_the_tasks_own_date(hanoi_town: Town) -> None:
    report = await case(hanoi_town)
    handler = await colleague(hanoi_town, "handler", report.agency)
    lead = await colleague(hanoi_town, "supervisor", report.agency)
    helper = await colleague(hanoi_town, "supervisor", "cong-an")
    until_then = (now() + 3 * DAY).isoformat()
    task = {"action": "open_task", "agency": "cong-an", "text": "Giúp", "until": until_then}
    taken = await handler.act(report.id, {"action": "receive"}, task)
    assert taken.status_code == 200, taken.text
    async with at(hanoi_town, now() + 3 * DAY - SOON):

        async def told() -> bool:
            return await helper.heard() == ["warn_task"]

        await until(told)
        assert "warn_task" not in await lead.heard()
        inbox = (await (await helper.at_work()).get("/v1/me/notifications")).json()["items"]
        seen = await report.seen_by(await helper.at_work())
    assert "Giúp" not in str(inbox)
    assert seen["timeline"][-1]["task"] == seen["tasks"][0]["id"]
    assert await report.told("receive")


async def test_a_supervisor_puts_a_report_before_the_agency_above(hanoi_town: Town) -> None:
    report = await case(hanoi_town)
    supervisor = await colleague(hanoi_town, "supervisor", report.agency)
    above = await colleague(hanoi_town, "supervisor", "ubnd-tp")
    raised = await supervisor.act(report.id, {"action": "escalate"})
    assert raised.status_code == 200, raised.text
    async with at(hanoi_town, now()):

        async def told() -> bool:
            return await above.heard() == ["escalate"]

        await until(told)
        assert await supervisor.heard() == []
