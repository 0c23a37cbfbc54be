"""What becomes of a report that waits for a citizen: its clock stands, and no wait is endless."""

from typing import Any, Final
from uuid import UUID

import pytest
import time_machine

from smartcity.clock import now
from tests.api.office import RECEIVE
from tests.api.passing_time import DAY, SOON, Case, Colleague, at, case, colleague, until
from tests.api.town import Town

pytestmark = pytest.mark.anyio

ASK: Final = {"action": "ask", "text": "Ở cổng nào?"}
RESOLVE: Final = {"action": "resolve", "text": "Đã dời xe"}
REOPEN: Final = {"action": "reopen", "text": "Xe vẫn còn"}


async def handled(town: Town, *steps: dict[str, Any]) -> tuple[Case, Colleague]:
    """A report with which its handler went so far."""
    report = await case(town)
    handler = await colleague(town, "handler", report.agency)
    answer = await handler.act(report.id, *steps)
    assert answer.status_code == 200, answer.text
    return report, handler


async def test_the_clock_stands_for_the_first_question_and_every_view_says_so(
    hanoi_town: Town,
) -> None:
    report, handler = await handled(hanoi_town, RECEIVE)
    assert (await report.seen())["deadlines"]["clock"] == "running"
    assert (await handler.act(report.id, ASK)).status_code == 200
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
    windows = hanoi_town.city.windows
    report, _ = await handled(hanoi_town, RECEIVE, ASK)
    asked_at = now()
    async with at(hanoi_town, now()):
        await until(lambda: report.told("receive", "ask"))
    inbox = (await report.reporter.get("/v1/me/notifications")).json()["items"]
    read = {"ids": [item["id"] for item in inbox]}
    assert (await report.reporter.ask("POST", "/v1/me/notifications/read", json=read)).is_success
    async with at(hanoi_town, asked_at + (windows.lapse_days - windows.remind_days) * DAY + SOON):
        await until(lambda: report.told("receive", "ask", "remind"))
        assert (await report.seen())["status"] == "waiting"
    async with at(hanoi_town, asked_at + windows.lapse_days * DAY + SOON):
        await report.until_status("rejected")
        await until(lambda: report.told("receive", "ask", "remind", "lapse"))
    shown = [entry["action"] for entry in (await report.seen())["timeline"]]
    assert shown == ["submit", "receive", "ask", "remind", "lapse"]


async def test_a_question_that_reached_nobody_is_put_before_the_supervisor(
    hanoi_town: Town,
) -> None:
    """The app was removed the day after: nobody read it, and nobody can have chosen not to."""
    windows = hanoi_town.city.windows
    report, _ = await handled(hanoi_town, RECEIVE, ASK)
    supervisor = await colleague(hanoi_town, "supervisor", report.agency)
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
    windows = hanoi_town.city.windows
    report, _ = await handled(hanoi_town, RECEIVE, RESOLVE)
    solved_at = now()
    async with at(hanoi_town, solved_at + (windows.close_days - windows.remind_days) * DAY + SOON):
        await until(lambda: report.told("receive", "resolve", "announce"))
        assert (await report.seen())["status"] == "resolved"
    async with at(hanoi_town, solved_at + windows.close_days * DAY + SOON):
        await report.until_status("closed")
        await until(lambda: report.told("receive", "resolve", "announce", "close"))


async def test_a_reporter_reopens_up_to_the_limit_and_then_a_supervisor_decides(
    hanoi_town: Town,
) -> None:
    report, handler = await handled(hanoi_town, RECEIVE, RESOLVE)
    supervisor = await colleague(hanoi_town, "supervisor", report.agency)
    for _ in range(hanoi_town.city.windows.reopen_limit):
        assert (await report.reporter.act(report.id, REOPEN)).status_code == 200
        await handler.act(report.id, RESOLVE)
    refused = await report.reporter.act(report.id, REOPEN)
    assert refused.status_code == 409
    assert refused.json()["reason"] == "reopen_limit"
    with time_machine.travel(now() + 3 * DAY):
        allowed = await supervisor.act(report.id, REOPEN)
        assert allowed.status_code == 200, allowed.text
        seen = await report.seen()
    assert (seen["status"], seen["deadlines"]["clock"]) == ("received", "running")
    assert seen["deadlines"]["resolve_by"] > report.deadlines["resolve_by"]


async def test_after_the_window_only_a_supervisor_reopens(hanoi_town: Town) -> None:
    report, _ = await handled(hanoi_town, RECEIVE, RESOLVE)
    supervisor = await colleague(hanoi_town, "supervisor", report.agency)
    with time_machine.travel(now() + hanoi_town.city.windows.reopen_days * DAY + SOON):
        refused = await report.reporter.act(report.id, REOPEN)
        assert refused.status_code == 409
        assert refused.json()["reason"] == "reopen_window"
        assert (await supervisor.act(report.id, REOPEN)).status_code == 200
