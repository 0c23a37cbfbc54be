"""The clock over the whole of 2026 in Hanoi, with its holidays, its swapped days and its working
Saturdays, against a reckoning that knows nothing but a list of days.
"""

import random
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final

import msgspec
import pytest
import time_machine

from smartcity.city.model import City
from smartcity.reports.clockwork.alarms import wound
from smartcity.reports.deadlines import Clocks
from smartcity.reports.model import Report
from smartcity.reports.requests import Step
from smartcity.reports.steps import take
from smartcity.reports.store import ReportStore
from smartcity.reports.words import Action, Party
from smartcity.storage.mongo import Database
from tests.unit.reports_made import UNHURRIED, among, make_report
from tests.workers.clockworks import every_report, sweep_over

HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
HANOI_IS_AHEAD: Final = 7 * HOUR
BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)

BY_THE_CLOCK: Final = {Action.WARN, Action.ESCALATE}

OFF: Final = {
    date(2026, 1, 1),
    date(2026, 1, 2),
    *(date(2026, 2, day) for day in range(16, 21)),
    date(2026, 4, 27),
    date(2026, 4, 30),
    date(2026, 5, 1),
    date(2026, 8, 31),
    date(2026, 9, 1),
    date(2026, 9, 2),
    date(2026, 11, 24),
    date(2027, 1, 1),
}
WORKED_SATURDAYS: Final = {date(2026, 1, 10), date(2026, 8, 22)}


def _minutes() -> Iterator[datetime]:
    """Every minute that is worked, by its beginning."""
    day = date(2026, 1, 1)
    while day < date(2027, 2, 1):
        if day in WORKED_SATURDAYS or (day.weekday() < 5 and day not in OFF):
            for opens, minutes in ((time(8), 240), (time(13, 30), 240)):
                start = datetime.combine(day, opens, UTC) - HANOI_IS_AHEAD
                yield from (start + number * MINUTE for number in range(minutes))
        day += timedelta(days=1)


WORKED: Final = list(_minutes())


def reckoned(start: datetime, hours: float) -> datetime:
    """When so many working hours have passed: the end of the last of their minutes."""
    return WORKED[bisect_left(WORKED, start) + round(hours * 60) - 1] + MINUTE


Moments = list[tuple[Action, datetime]]


def expected(submitted: datetime, *, received: bool) -> Moments:
    """What must happen to a report that is to be received within eight hours and resolved within
    forty more: nobody does, or somebody receives it after two hours, and nobody resolves it.
    """
    begins, due = submitted, reckoned(submitted, 8)
    moments: Moments = []
    if received:
        begins = reckoned(submitted, 2)
        moments, due = [(Action.RECEIVE, begins)], reckoned(due, 40)
    return [
        *moments,
        (Action.WARN, reckoned(begins, 0.75 * (6 + 40 if received else 8))),
        (Action.ESCALATE, due),
        (Action.ESCALATE, reckoned(due, 8)),
        (Action.ESCALATE, reckoned(due, 16)),
    ]


def done(report: Report) -> Moments:
    return [(entry.action, entry.at) for entry in report.timeline[1:]]


@pytest.mark.parametrize(
    ("submitted", "receive_by"),
    [
        ("2026-01-02T10:00", "2026-01-05T17:30"),  # 2 January is off,
        ("2026-01-09T16:30", "2026-01-10T16:30"),  # Saturday 10 January is worked for it
        ("2026-02-13T16:30", "2026-02-23T16:30"),  # Tết
        ("2026-08-21T16:30", "2026-08-22T16:30"),  # Saturday 22 August is worked
        ("2026-08-28T16:30", "2026-09-03T16:30"),  # for 31 August; then the national days
        ("2026-11-23T16:30", "2026-11-25T16:30"),  # 24 November, a holiday since this year
    ],
)
def test_the_days_of_2026_are_what_the_government_says(
    hanoi: City, submitted: str, receive_by: str
) -> None:
    zone = hanoi.zone
    at = datetime.fromisoformat(submitted).replace(tzinfo=zone).astimezone(UTC)
    due = datetime.fromisoformat(receive_by).replace(tzinfo=zone).astimezone(UTC)
    report = make_report(hanoi, at=at)
    assert report.deadlines.receive_by == due == reckoned(at, 8)
    assert report.deadlines.calendar == "office/2026.1"


def test_a_report_of_any_half_hour_of_the_year_is_warned_of_and_raised_when_it_must_be(
    hanoi: City,
) -> None:
    clocks, pattern = Clocks(hanoi), make_report(hanoi, category=UNHURRIED)
    for number in range(2 * 24 * 355):  # the days at the end of December reach into February
        at = BEGIN + 17 * MINUTE + number * HOUR / 2
        report, received = submitted_at(pattern, at, clocks, hanoi), number % 3 == 0
        if received:
            found = among(hanoi, clocks, Party.HANDLER, at=reckoned(at, 2))
            report = take(report, Step(action=Action.RECEIVE), found).report
        while report.alarm:
            found = among(hanoi, clocks, Party.CLOCK, at=report.alarm.at)
            report = take(report, Step(action=report.alarm.action), found).report
        assert done(report) == expected(at, received=received), f"submitted at {at}"


def submitted_at(pattern: Report, at: datetime, clocks: Clocks, city: City) -> Report:
    """The same report at another time; making each anew would take most of a minute."""
    category = city.categories[pattern.category]
    deadlines = clocks.give(category, pattern.priority, pattern.agency, at)
    moved = msgspec.structs.replace(
        pattern,
        submitted_at=at,
        updated_at=at,
        deadlines=deadlines,
        due_at=deadlines.receive_by,
        watch=None,
    )
    return wound(moved, Action.SUBMIT, city, clocks, at)


@pytest.mark.anyio
async def test_sweeps_over_a_year_do_each_step_once_and_at_its_moment(
    database: Database, hanoi: City, tmp_path: Path
) -> None:
    """The clock moves from one moment at which something is to happen to the next; just before
    each, and at midnights between, nothing may happen.
    """
    store, clocks = ReportStore(database), Clocks(hanoi)
    sweep, dice = sweep_over(database, hanoi, tmp_path), random.Random(2026)
    arrivals = sorted({BEGIN + dice.randrange(355 * 1440) * MINUTE for _ in range(300)})
    reports = [make_report(hanoi, at=at, category=UNHURRIED) for at in arrivals]
    plan = {r.id: expected(r.submitted_at, received=n % 2 == 0) for n, r in enumerate(reports)}
    to_receive: defaultdict[datetime, list[Report]] = defaultdict(list)
    for report in reports[::2]:
        to_receive[plan[report.id][0][1]].append(report)
    await store.take_in(reports)
    rings = {at for moments in plan.values() for action, at in moments if action in BY_THE_CLOCK}
    midnights = {BEGIN - HANOI_IS_AHEAD + timedelta(days=day) for day in range(1, 380, 3)}
    with time_machine.travel(BEGIN, tick=False) as clock:
        for moment in sorted(rings | midnights | to_receive.keys()):
            clock.move_to(moment - timedelta(milliseconds=1))
            assert await sweep.run_once() == 0, f"something rang before {moment}"
            clock.move_to(moment)
            for report in to_receive.get(moment, ()):
                found = among(hanoi, clocks, Party.HANDLER, at=moment)
                taken = take(report, Step(action=Action.RECEIVE), found)
                assert await store.advance(report, taken.report, [taken.entry], [])
            assert (await sweep.run_once() > 0) == (moment in rings), moment
    for report in await every_report(database):
        assert done(report) == plan[report.id]
        assert (report.level, report.alarm) == (3, None)
