"""What becomes of reports when time passes: the workers run, the clock moves, people look."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine

from smartcity.clock import now
from smartcity.identity.personal import PersonalData
from smartcity.identity.staff.model import Staff
from smartcity.identity.staff.passwords import Passwords
from smartcity.identity.staff.service import StaffService
from smartcity.identity.staff.store import SessionStore, StaffStore
from smartcity.notifications.push import NotConfigured
from tests.api.town import PASSWORD, Answer, Person, Town
from tests.unit.reports_made import UNHURRIED
from workers.main import Crew

pytestmark = pytest.mark.anyio

SOON = timedelta(seconds=1)
DAY = timedelta(days=1)


class Colleague:
    """Somebody of the staff, who logs in every morning."""

    def __init__(self, town: Town, account: Staff) -> None:
        self._town = town
        self._name = account.username
        self.id = account.id

    async def at_work(self) -> Person:
        said = {"username": self._name, "password": PASSWORD}
        answer = await self._town.http.post("/v1/sessions", json=said)
        assert answer.status_code == 201, answer.text
        self._town.http.cookies.clear()
        return Person(self._town.http, answer.json()["token"])

    async def heard(self) -> list[str]:
        return await heard(await self.at_work())

    async def act(self, report: str, *steps: dict[str, Any]) -> Answer:
        person = await self.at_work()
        version = (await person.get(f"/v1/reports/{report}")).json()["version"]
        return await person.act(report, *steps, version=version)


async def colleague(town: Town, role: str, *agencies: str) -> Colleague:
    service = StaffService(
        StaffStore(town.database),
        SessionStore(town.database),
        Passwords(),
        PersonalData(town.settings.secret()),
        town.city,
    )
    name = f"{role}-{uuid4().hex[:8]}"
    return Colleague(town, await service.add(name, PASSWORD, [role], agencies))


async def heard(person: Person) -> list[str]:
    """What somebody was told, the first first."""
    answer = await person.get("/v1/me/notifications")
    return [item["action"] for item in reversed(answer.json()["items"])]


@asynccontextmanager
async def at(town: Town, moment: datetime) -> AsyncGenerator[None]:
    """A moment at which the workers are awake."""
    stop = asyncio.Event()
    with time_machine.travel(moment):
        crew = Crew(town.settings, town.city, town.database, NotConfigured(), None)
        async with asyncio.TaskGroup() as group:
            group.create_task(crew.work(stop))
            yield
            stop.set()


async def until(found: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(200):
        if await found():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not happen")


class Case:
    """One report, and everybody whom it may come to concern."""

    def __init__(self, town: Town, reporter: Person, receipt: dict[str, Any]) -> None:
        self.town = town
        self.reporter = reporter
        self.id: str = receipt["id"]
        self.agency: str = receipt["agency"]["code"]
        self.deadlines: dict[str, str] = receipt["deadlines"]

    async def seen_by(self, person: Person) -> dict[str, Any]:
        return (await person.get(f"/v1/reports/{self.id}")).json()

    async def seen(self) -> dict[str, Any]:
        return await self.seen_by(self.reporter)

    async def next_alarm(self) -> datetime:
        kept = await self.town.database["reports"].find_one({"_id": UUID(self.id)})
        assert kept
        return kept["alarm"]["at"]

    async def until_status(self, status: str) -> None:
        async def there() -> bool:
            return (await self.seen())["status"] == status

        await until(there)


async def case(town: Town) -> Case:
    reporter = await town.device()
    lon, lat = town.city.centre
    said = {
        "category": UNHURRIED,
        "description": "Xe đỗ kín lối vào trường",
        "location": {"lat": lat, "lon": lon},
    }
    answer = await reporter.submit(said)
    assert answer.status_code == 201, answer.text
    return Case(town, reporter, answer.json())


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


async def test_the_clock_stands_for_the_first_question_and_every_view_says_so(
    hanoi_town: Town,
) -> None:
    report = await case(hanoi_town)
    handler = await colleague(hanoi_town, "handler", report.agency)
    assert (await report.seen())["deadlines"]["clock"] == "running"
    asked = await handler.act(
        report.id, {"action": "receive"}, {"action": "ask", "text": "Ở cổng nào?"}
    )
    assert asked.status_code == 200, asked.text
    for viewer in (report.reporter, await handler.at_work(), hanoi_town.nobody()):
        deadlines = (await report.seen_by(viewer))["deadlines"]
        assert deadlines["clock"] == "stopped"
        assert deadlines["paused_at"]
        assert deadlines["calendar"] == "office/2026.1"
    with time_machine.travel(now() + 7 * DAY):
        await report.reporter.act(report.id, {"action": "answer", "text": "Cổng sau"})
        answered = (await report.seen())["deadlines"]
        assert answered["clock"] == "running"
        assert answered["resolve_by"] > report.deadlines["resolve_by"]
        assert answered["resolve_calendar"] == "office/2026.1"
        assert answered["first_resolve_by"] == report.deadlines["first_resolve_by"]
        await handler.act(report.id, {"action": "ask", "text": "Còn ở đó không?"})
        again = await report.seen()
    assert (again["status"], again["deadlines"]) == ("waiting", answered)


async def test_a_question_that_was_read_is_reminded_of_and_then_given_up(hanoi_town: Town) -> None:
    report, windows = await case(hanoi_town), hanoi_town.city.windows
    handler = await colleague(hanoi_town, "handler", report.agency)
    steps = {"action": "receive"}, {"action": "ask", "text": "Ở cổng nào?"}
    assert (await handler.act(report.id, *steps)).status_code == 200
    asked_at = now()

    async def told(*actions: str) -> bool:
        return await heard(report.reporter) == list(actions)

    async with at(hanoi_town, now()):
        await until(lambda: told("receive", "ask"))
    inbox = (await report.reporter.get("/v1/me/notifications")).json()["items"]
    read = {"ids": [item["id"] for item in inbox]}
    assert (await report.reporter.ask("POST", "/v1/me/notifications/read", json=read)).is_success
    async with at(hanoi_town, asked_at + (windows.lapse_days - windows.remind_days) * DAY + SOON):
        await until(lambda: told("receive", "ask", "remind"))
        assert (await report.seen())["status"] == "waiting"
    async with at(hanoi_town, asked_at + windows.lapse_days * DAY + SOON):
        await report.until_status("rejected")
        await until(lambda: told("receive", "ask", "remind", "lapse"))
    shown = [entry["action"] for entry in (await report.seen())["timeline"]]
    assert shown == ["submit", "receive", "ask", "remind", "lapse"]


async def test_a_question_that_reached_nobody_is_put_before_the_supervisor(
    hanoi_town: Town,
) -> None:
    """The app was removed the day after: nobody read it, and nobody can have chosen not to."""
    report, windows = await case(hanoi_town), hanoi_town.city.windows
    handler = await colleague(hanoi_town, "handler", report.agency)
    supervisor = await colleague(hanoi_town, "supervisor", report.agency)
    steps = {"action": "receive"}, {"action": "ask", "text": "Ở cổng nào?"}
    assert (await handler.act(report.id, *steps)).status_code == 200
    asked_at = now()

    async def notified(action: str) -> bool:
        query = {"subject": UUID(report.id), "action": action}
        return await hanoi_town.database["notifications"].find_one(query) is not None

    async with at(hanoi_town, now()):
        await until(lambda: notified("ask"))
    async with at(hanoi_town, asked_at + (windows.lapse_days - windows.remind_days) * DAY + SOON):
        await until(lambda: notified("remind"))
    async with at(hanoi_town, asked_at + windows.lapse_days * DAY + SOON):
        await until(lambda: notified("proceed"))
        seen = await report.seen_by(await supervisor.at_work())
        assert await supervisor.heard() == ["proceed"]
    assert seen["status"] == "in_progress"
    assert seen["deadlines"]["clock"] == "running"
    assert (seen["level"], seen["escalated_to"]["agency"]["code"]) == (1, report.agency)


async def test_a_resolved_report_is_announced_to_be_closed_and_then_closed(
    hanoi_town: Town,
) -> None:
    report, windows = await case(hanoi_town), hanoi_town.city.windows
    handler = await colleague(hanoi_town, "handler", report.agency)
    steps = {"action": "receive"}, {"action": "resolve", "text": "Đã dời xe"}
    assert (await handler.act(report.id, *steps)).status_code == 200
    solved_at = now()

    async def told(*actions: str) -> bool:
        return await heard(report.reporter) == list(actions)

    async with at(hanoi_town, solved_at + (windows.close_days - windows.remind_days) * DAY + SOON):
        await until(lambda: told("receive", "resolve", "announce"))
        assert (await report.seen())["status"] == "resolved"
    async with at(hanoi_town, solved_at + windows.close_days * DAY + SOON):
        await report.until_status("closed")
        await until(lambda: told("receive", "resolve", "announce", "close"))


async def test_a_reporter_reopens_up_to_the_limit_and_then_a_supervisor_decides(
    hanoi_town: Town,
) -> None:
    report = await case(hanoi_town)
    handler = await colleague(hanoi_town, "handler", report.agency)
    supervisor = await colleague(hanoi_town, "supervisor", report.agency)
    resolve, reopen = (
        {"action": "resolve", "text": "Đã dời xe"},
        {"action": "reopen", "text": "Xe vẫn còn"},
    )
    await handler.act(report.id, {"action": "receive"}, resolve)
    for _ in range(hanoi_town.city.windows.reopen_limit):
        assert (await report.reporter.act(report.id, reopen)).status_code == 200
        await handler.act(report.id, resolve)
    refused = await report.reporter.act(report.id, reopen)
    assert refused.status_code == 409
    assert refused.json()["reason"] == "reopen_limit"
    with time_machine.travel(now() + 3 * DAY):
        allowed = await supervisor.act(report.id, reopen)
        assert allowed.status_code == 200, allowed.text
        seen = await report.seen()
    assert (seen["status"], seen["deadlines"]["clock"]) == ("received", "running")
    assert seen["deadlines"]["resolve_by"] > report.deadlines["resolve_by"]


async def test_after_the_window_only_a_supervisor_reopens(hanoi_town: Town) -> None:
    report = await case(hanoi_town)
    handler = await colleague(hanoi_town, "handler", report.agency)
    supervisor = await colleague(hanoi_town, "supervisor", report.agency)
    resolve, reopen = (
        {"action": "resolve", "text": "Đã dời xe"},
        {"action": "reopen", "text": "Xe vẫn còn"},
    )
    await handler.act(report.id, {"action": "receive"}, resolve)
    with time_machine.travel(now() + hanoi_town.city.windows.reopen_days * DAY + SOON):
        refused = await report.reporter.act(report.id, reopen)
        assert refused.status_code == 409
        assert refused.json()["reason"] == "reopen_window"
        assert (await supervisor.act(report.id, reopen)).status_code == 200


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
