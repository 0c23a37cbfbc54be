"""Lists without the API: a person's own reports, and counts that are remembered."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest

from smartcity.city import City
from smartcity.identifiers import new_id
from smartcity.reports.deadlines import RISK_AT_MOST, risk_at
from smartcity.reports.lists.counts import COSTLY_S, SHARE, STALE_S, QueueCounts
from smartcity.reports.lists.model import TabCounts
from smartcity.reports.lists.store import INDEXES, ReportLists
from smartcity.reports.model import Reporter, Status
from smartcity.reports.store import COLLECTION, ReportStore
from smartcity.storage.mongo import Database
from tests.unit.reports_made import MONDAY, make_report

pytestmark = pytest.mark.anyio

AGENCIES = frozenset({"so-y-te"})


class SlowLists:
    """Counts one report more each time, and takes so long for it."""

    def __init__(self, took_s: float) -> None:
        self.took_s = took_s
        self.at_s = 0.0
        self.counted = 0
        self.at_once = 0
        self.broken = False

    def clock(self) -> float:
        return self.at_s

    async def count_tabs(self, _agencies: frozenset[str], at: datetime) -> TabCounts:
        self.at_once += 1
        assert self.at_once == 1, "one at a time"
        await asyncio.sleep(0)
        self.at_once -= 1
        if self.broken:
            raise TimeoutError
        self.counted += 1
        self.at_s += self.took_s
        return TabCounts(as_of=at, status={"submitted": self.counted})


def counting(took_s: float) -> tuple[SlowLists, QueueCounts]:
    lists = SlowLists(took_s)
    return lists, QueueCounts(cast("Any", lists), lists.clock)


async def submitted(counts: QueueCounts) -> int:
    return (await counts.of(AGENCIES)).status["submitted"]


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_many_who_ask_at_once_are_told_one_count() -> None:
    lists, counts = counting(took_s=COSTLY_S * 4)
    assert await asyncio.gather(*(submitted(counts) for _ in range(20))) == [1] * 20
    assert lists.counted == 1


async def test_a_quick_count_is_counted_anew_as_soon_as_it_may_be_old() -> None:
    lists, counts = counting(took_s=COSTLY_S / 10)
    assert await submitted(counts) == 1
    lists.at_s += lists.took_s * SHARE * 1.1
    assert await submitted(counts) == 2


async def test_nobody_waits_for_a_costly_count_that_was_told_a_moment_ago() -> None:
    lists, counts = counting(took_s=COSTLY_S * 4)
    assert await submitted(counts) == 1
    lists.at_s += lists.took_s * SHARE * 1.1
    assert await submitted(counts) == 1
    await settled()
    assert await submitted(counts) == 2
    lists.at_s += STALE_S * 1.1
    assert await submitted(counts) == 3


async def test_different_agencies_are_counted_one_after_the_other() -> None:
    lists, counts = counting(took_s=0.001)
    await asyncio.gather(*(counts.of(frozenset({f"agency-{n}"})) for n in range(5)))
    assert lists.counted == 5


async def test_a_count_that_failed_is_told_and_tried_again() -> None:
    lists, counts = counting(took_s=0.001)
    lists.broken = True
    with pytest.raises(TimeoutError):
        await submitted(counts)
    await settled()
    lists.broken = False
    assert await submitted(counts) == 1


async def test_ones_own_reports_are_those_of_all_ones_devices_page_after_page(
    database: Database, hanoi: City
) -> None:
    await database[COLLECTION].create_indexes(list(INDEXES[COLLECTION]))
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


def test_a_report_is_at_risk_in_the_last_quarter_of_its_time_or_the_last_three_days(
    hanoi: City,
) -> None:
    deadlines = make_report(hanoi).deadlines
    received = Status.RECEIVED
    hour = timedelta(hours=1)
    assert risk_at(MONDAY + 8 * hour, Status.SUBMITTED, deadlines, MONDAY) == MONDAY + 6 * hour
    within = deadlines.receive_by + 8 * hour
    assert risk_at(within, received, deadlines, MONDAY) == deadlines.receive_by + 6 * hour
    far = datetime(2027, 1, 1, tzinfo=UTC)
    assert risk_at(far, received, deadlines, MONDAY) == far - RISK_AT_MOST
    assert risk_at(deadlines.receive_by - hour, received, deadlines, MONDAY) == (
        deadlines.receive_by - hour
    )
    assert risk_at(None, received, deadlines, MONDAY) is None
