"""Lists without the API: a person's own reports, and counts that are remembered."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest

from smartcity.city import City
from smartcity.identifiers import new_id
from smartcity.reports.lists.counts import AT_LEAST_S, FEW, SHARE, QueueCounts
from smartcity.reports.lists.model import Standing
from smartcity.reports.lists.store import ReportLists
from smartcity.reports.lists.tally import OpenCount, Raised, Tally
from smartcity.reports.model import Reporter
from smartcity.reports.store import ReportStore
from smartcity.reports.words import Party
from smartcity.storage.mongo import Database
from tests.unit.reports_made import MONDAY, make_report

pytestmark = pytest.mark.anyio

WARD, OFFICE, OTHER = "ward", "office", "other"
ALL = frozenset({WARD, OFFICE, OTHER})
MINE = Standing({Party.SUPERVISOR: frozenset({WARD})})


def tally_of(**reports: int) -> Tally:
    """Agencies with so many reports, half of them overdue."""
    return Tally(
        as_of=MONDAY,
        opened={
            agency: [OpenCount(agency, "received", count, 1, count // 2, 2)]
            for agency, count in reports.items()
        },
        wishes={WARD: 3, OTHER: 4},
        raised=[
            Raised("supervisor", WARD, WARD, 5),
            Raised("supervisor", WARD, OFFICE, 6),
            Raised("supervisor", OTHER, OTHER, 7),
            Raised("dispatcher", WARD, WARD, 8),
        ],
    )


class Lists:
    """What the database would count, and which agencies it was asked for."""

    def __init__(self, tally: Tally) -> None:
        self.told = tally
        self.asked: list[frozenset[str] | None] = []
        self.took_s = self.at_s = 0.0

    def clock(self) -> float:
        return self.at_s

    async def tally(
        self, _at: datetime, agencies: frozenset[str] | None = None, _standing: object = None
    ) -> Tally:
        self.asked.append(agencies)
        self.at_s += self.took_s
        return self.told


def counting(tally: Tally) -> tuple[Lists, QueueCounts]:
    lists = Lists(tally)
    return lists, QueueCounts(cast("Any", lists), lists.clock)


def test_tabs_are_the_sum_of_the_asked_agencies_and_of_what_stands_with_the_caller() -> None:
    tally = tally_of(ward=10, office=4, other=100)
    tabs = tally.tabs(frozenset({WARD, OFFICE}), MINE)
    assert (tabs.status["received"], tabs.status["waiting"]) == (14, 0)
    assert (tabs.unassigned, tabs.overdue, tabs.at_risk) == (2, 7, 4)
    assert (tabs.escalated, tabs.wishes) == (11, 3)
    named = tally.tabs(frozenset({OFFICE}), Standing(MINE.rungs, frozenset({OFFICE})))
    assert (named.escalated, named.wishes) == (6, 0)
    assert tally.tabs(ALL, Standing()).escalated == 0


async def test_nobody_waits_for_the_count_of_many_once_they_were_counted() -> None:
    lists, counts = counting(tally_of(ward=FEW + 1, office=10))
    await counts.refresh()
    assert (await counts.of(frozenset({WARD}), Standing())).status["received"] == FEW + 1
    assert lists.asked == [None]


async def test_many_small_agencies_together_are_not_waited_for_either() -> None:
    lists, counts = counting(tally_of(ward=FEW // 2, office=FEW // 2, other=1))
    await counts.refresh()
    assert (await counts.of(ALL, Standing())).status["received"] == FEW + 1
    assert lists.asked == [None]


async def test_few_are_counted_anew_for_each_who_asks() -> None:
    lists, counts = counting(tally_of(ward=FEW))
    await counts.refresh()
    lists.told = tally_of(ward=FEW - 1)
    assert (await counts.of(frozenset({WARD}), Standing())).status["received"] == FEW - 1
    assert lists.asked == [None, frozenset({WARD})]


async def test_before_everything_was_counted_a_count_is_waited_for() -> None:
    lists, counts = counting(tally_of(ward=FEW + 1))
    assert (await counts.of(frozenset({WARD}), Standing())).status["received"] == FEW + 1
    assert lists.asked == [frozenset({WARD})]


async def test_counting_everything_never_takes_more_than_a_fiftieth_of_the_time() -> None:
    lists, counts = counting(tally_of(ward=1))
    await counts.refresh()
    assert counts.pause_s == AT_LEAST_S
    lists.took_s = 1.0
    await counts.refresh()
    assert counts.pause_s == SHARE


async def test_ones_own_reports_are_those_of_all_ones_devices_page_after_page(
    database: Database, hanoi: City
) -> None:
    phone, tablet, stranger = new_id(), new_id(), new_id()
    reports = [
        msgspec.structs.replace(make_report(hanoi), code=f"code {n}", reporter=Reporter(id=device))
        for n, device in enumerate((phone, tablet, stranger) * 5)
    ]
    await ReportStore(database).take_in(reports)
    lists, before = ReportLists(database), None
    seen: list[UUID] = []
    while page := await lists.of_reporter(frozenset({phone, tablet}), before=before, limit=3):
        seen += [report.id for report in page]
        before = page[-1].id
    own = [report.id for report in reversed(reports) if report.reporter.id != stranger]
    assert seen == own
