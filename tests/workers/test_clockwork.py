"""Sweeps against the real database: several at once, behind a backlog, beside people who act."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import time_machine

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.identifiers import new_id
from smartcity.reports.clockwork.store import (
    AlarmStore,
    tell_risks,
    tell_risks_by_warnings,
    watch_what_was_there,
)
from smartcity.reports.clockwork.sweep import BATCH, FRESH, SET_ASIDE, Sweep
from smartcity.reports.deadlines import Clocks
from smartcity.reports.events import event
from smartcity.reports.model import Report
from smartcity.reports.requests import Step
from smartcity.reports.steps import take
from smartcity.reports.store import ReportStore
from smartcity.reports.timeline import Entry
from smartcity.reports.words import Action, Party
from smartcity.storage.leases import Lease
from smartcity.storage.mongo import Database
from tests.unit.reports_made import among, make_report
from tests.workers.clockworks import entries, every_report, sweep_over
from workers.clockwork import Clockwork

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
LONG_AGO = timedelta(days=60)


@pytest.fixture
def store(database: Database) -> ReportStore:
    return ReportStore(database)


@pytest.fixture
def sweep(database: Database, hanoi: City, tmp_path: Path, store: ReportStore) -> Sweep:
    return sweep_over(database, hanoi, tmp_path)


def overdue(city: City, count: int) -> list[Report]:
    """Submitted weeks ago, one after the other, warned of, and never received."""
    made: list[Report] = []
    for number in range(count):
        report = make_report(city, at=now() - LONG_AGO + number * timedelta(minutes=1))
        assert report.alarm
        found = among(city, CLOCKS[city.code], Party.CLOCK, at=report.alarm.at)
        made.append(take(report, Step(action=Action.WARN), found).report)
    return made


CLOCKS: dict[str, Clocks] = {}


@pytest.fixture(autouse=True)
def clocks(hanoi: City) -> None:
    CLOCKS[hanoi.code] = Clocks(hanoi)


async def swept(sweep: Sweep) -> int:
    count = 0
    while found := await sweep.run_once():
        count += found
    return count


async def test_three_workers_at_once_raise_each_report_once_at_each_level(
    database: Database, hanoi: City, tmp_path: Path, store: ReportStore
) -> None:
    await store.take_in(overdue(hanoi, 250))
    sweeps = [sweep_over(database, hanoi, tmp_path) for _ in range(3)]
    for level in (1, 2, 3):
        with time_machine.travel(now() + level * timedelta(days=9)):
            await asyncio.gather(*(swept(sweep) for sweep in sweeps))
            for report in await every_report(database):
                assert report.level == level
                assert len(entries(report, Action.ESCALATE)) == level
                assert report.version == level + 1


async def test_three_workers_at_once_warn_and_remind_once(
    database: Database, hanoi: City, tmp_path: Path, store: ReportStore
) -> None:
    """These leave the version as it is: the alarm itself lets one of them pass."""
    fresh = [make_report(hanoi, at=now()) for _ in range(200)]
    await store.take_in(fresh)
    last = fresh[-1].alarm
    assert last
    sweeps = [sweep_over(database, hanoi, tmp_path) for _ in range(3)]
    with time_machine.travel(last.at + timedelta(seconds=5)):
        await asyncio.gather(*(swept(sweep) for sweep in sweeps))
    for report in await every_report(database):
        assert len(entries(report, Action.WARN)) == 1
        assert report.version == 1


async def test_three_workers_at_once_warn_of_each_task_once(
    database: Database, hanoi: City, tmp_path: Path, store: ReportStore
) -> None:
    """Also of several that have the same date: the alarm says of which one."""
    helped = [with_tasks(hanoi, "cong-an", "so-y-te", "cong-an") for _ in range(50)]
    await store.take_in(helped)
    sweeps = [sweep_over(database, hanoi, tmp_path) for _ in range(3)]
    with time_machine.travel(now() + 2 * timedelta(days=365)):
        await asyncio.gather(*(swept(sweep) for sweep in sweeps))
    for report in await every_report(database):
        warned = [entry.task for entry in entries(report, Action.WARN_TASK)]
        assert sorted(map(str, warned)) == sorted(str(task.id) for task in report.tasks)
        assert all(task.warned for task in report.tasks)


async def test_of_two_tasks_with_one_date_neither_is_warned_of_in_the_place_of_the_other(
    database: Database, hanoi: City, store: ReportStore
) -> None:
    """Two workers saw the first alarm; the next one has the same moment and the same action."""
    before = with_tasks(hanoi, "cong-an", "cong-an")
    while before.alarm and before.alarm.action is not Action.WARN_TASK:
        before = rung(hanoi, before)[0]
    await store.take_in([before])
    for written in (True, False):
        after, entry = rung(hanoi, before)
        assert after.alarm
        assert after.alarm.action is Action.WARN_TASK
        told = [event(after, entry)]
        assert bool(await store.advance(before, after, [entry], told)) is written


def rung(city: City, report: Report) -> tuple[Report, Entry]:
    """After what the clock does with it next, when it is time."""
    assert report.alarm
    found = among(city, CLOCKS[city.code], Party.CLOCK, at=report.alarm.at)
    taken = take(report, Step(action=report.alarm.action), found)
    return taken.report, taken.entry


def with_tasks(city: City, *agencies: str) -> Report:
    """In work, and these were asked for help at one moment."""
    report = make_report(city, at=now())
    steps = [Step(action=Action.RECEIVE)]
    steps += [Step(action=Action.OPEN_TASK, agency=code, text="Giúp") for code in agencies]
    for step in steps:
        found = among(city, CLOCKS[city.code], Party.HANDLER, at=report.submitted_at)
        report = take(report, step, found).report
    return report


async def test_a_handler_who_acts_at_the_same_moment_loses_nothing_to_the_clock(
    database: Database, hanoi: City, sweep: Sweep, store: ReportStore
) -> None:
    reports = overdue(hanoi, 100)
    await store.take_in(reports)

    async def receive(report: Report | None) -> None:
        """As a handler does: who hears that the clock was faster looks again."""
        written = None
        while written is None:
            assert report
            found = among(hanoi, CLOCKS["hanoi"], Party.HANDLER, at=now())
            taken = take(report, Step(action=Action.RECEIVE), found)
            told = [event(taken.report, taken.entry)]
            written = await store.advance(report, taken.report, [taken.entry], told)
            report = await store.find(report.id)

    await asyncio.gather(*map(receive, reports), swept(sweep))
    await swept(sweep)
    for report in await every_report(database):
        assert len(entries(report, Action.RECEIVE)) == 1
        raised = entries(report, Action.ESCALATE)
        # Before it was received, at the most; and for the other deadline afterwards.
        before = [e for e in raised if e.status == "submitted"]
        assert len(before) <= 1
        assert len(raised) - len(before) == 1


async def test_behind_a_backlog_a_fresh_alarm_waits_for_few_batches(
    database: Database, hanoi: City, sweep: Sweep, store: ReportStore
) -> None:
    backlog = overdue(hanoi, 4 * BATCH)
    await store.take_in(backlog)
    fresh = [make_report(hanoi, at=now() - timedelta(hours=1)) for _ in range(FRESH)]
    rung = [
        msgspec.structs.replace(
            report, alarm=msgspec.structs.replace(report.alarm, at=now() - timedelta(seconds=1))
        )
        for report in fresh
        if report.alarm
    ]
    await store.take_in(rung)
    assert await sweep.run_once() == BATCH
    found = {report.id: report for report in await every_report(database)}
    assert all(entries(found[report.id], Action.WARN) for report in rung)
    done = [report for report in backlog if found[report.id].level == 1]
    assert done == backlog[: BATCH - FRESH], "the others of the batch are the oldest"


async def test_what_fails_stands_in_nobodys_way(
    database: Database, hanoi: City, sweep: Sweep, store: ReportStore
) -> None:
    """Such as a report of a category that an official took out of the pack."""
    broken, *others = overdue(hanoi, 20)
    await store.take_in([msgspec.structs.replace(broken, category="no-more"), *others])
    await sweep.run_once()
    found = {report.id: report for report in await every_report(database)}
    assert all(found[report.id].level == 1 for report in others)
    assert found[broken.id].level == 0
    alarm = found[broken.id].alarm
    assert alarm
    assert alarm.at > now() + SET_ASIDE - timedelta(minutes=1)
    assert await swept(sweep) == 0


async def test_of_two_workers_the_lease_holder_sweeps(
    database: Database, hanoi: City, tmp_path: Path, store: ReportStore
) -> None:
    await store.take_in(overdue(hanoi, 10))
    first, second = (
        Clockwork(
            sweep_over(database, hanoi, tmp_path), Lease(database, "clockwork", new_id().hex, 10)
        )
        for _ in range(2)
    )
    assert await first.run_once() == 10
    await store.take_in(overdue(hanoi, 10))
    assert await second.run_once() == 0
    assert await first.run_once() == 10


async def test_imported_histories_ring_for_nobody(
    database: Database, hanoi: City, sweep: Sweep, store: ReportStore
) -> None:
    old: Sequence[Report] = [
        msgspec.structs.replace(report, alarm=None, watch=None, batch=new_id())
        for report in overdue(hanoi, 20)
    ]
    await store.take_in(old)
    assert await sweep.run_once() == 0
    assert await AlarmStore(database).oldest(now() + LONG_AGO, 100) == []


async def test_reports_older_than_alarms_are_watched_after_the_migration(
    database: Database, hanoi: City, sweep: Sweep, store: ReportStore
) -> None:
    late, old = overdue(hanoi, 2)
    bare = [msgspec.structs.replace(report, alarm=None, watch=None) for report in (late, old)]
    await store.take_in([bare[0], msgspec.structs.replace(bare[1], batch=new_id())])
    for _ in range(2):  # it may be cut off and run again
        await watch_what_was_there(database)
    assert await sweep.run_once() == 1
    found = {report.id: report for report in await every_report(database)}
    assert [found[report.id].level for report in (late, old)] == [1, 0]
    assert found[late.id].alarm


async def test_older_reports_are_at_risk_from_their_warning_on_after_the_migration(
    database: Database, hanoi: City, store: ReportStore
) -> None:
    (warned,), waiting = overdue(hanoi, 1), make_report(hanoi, at=now())
    never = msgspec.structs.replace(make_report(hanoi), alarm=None, watch=None)
    asleep = msgspec.structs.replace(make_report(hanoi), due_at=None, risk_at=None, alarm=None)
    reports = (warned, waiting, never, asleep)
    await store.take_in([msgspec.structs.replace(r, risk_at=None) for r in reports])
    for _ in range(2):
        await tell_risks(database)
        await tell_risks_by_warnings(database)
    found = {report.id: report for report in await every_report(database)}
    for report in (warned, waiting, asleep):
        assert found[report.id].risk_at == in_ms(report.risk_at)
    known = found[never.id]
    assert known.risk_at
    assert known.due_at
    assert known.submitted_at < known.risk_at < known.due_at


def in_ms(moment: datetime | None) -> datetime | None:
    """As the database keeps it."""
    return moment and moment.replace(microsecond=moment.microsecond // 1000 * 1000)
