"""Workers that die, or stand still, inside a sweep of overdue reports: each goes up one step."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
import pytest

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.feed.outbox import OUTBOX_AT
from smartcity.feed.store import FeedStore
from smartcity.identifiers import new_code, new_id
from smartcity.reports.clockwork.ladder import rungs
from smartcity.reports.deadlines import Clocks
from smartcity.reports.model import Report
from smartcity.reports.requests import Step
from smartcity.reports.steps import take
from smartcity.reports.store import COLLECTION, ReportStore
from smartcity.reports.words import Action, Party
from smartcity.storage.mongo import Database, connect
from tests.faults.installations import LEASE_S, Apart, running
from tests.faults.processes import until
from tests.unit.reports_made import among, make_report
from tests.workers.clockworks import entries, every_report

pytestmark = pytest.mark.anyio

BACKLOG: Final = 2_000


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Apart]:
    """Two workers that share a database, as two installations would."""
    made = Apart(tmp_path, workers=2)
    async with running(made):
        yield made


@pytest.fixture
async def shared(installation: Apart) -> AsyncIterator[Database]:
    client, database = connect(installation.mongo_uri, "smartcity", timeout_s=10, pool=2)
    async with client:
        yield database


def overdue(city: City) -> list[Report]:
    """Reports of weeks ago that are to go up now: from each level one."""
    report, found = make_report(city, at=now() - timedelta(days=60)), list[Report]()
    while len(found) < len(rungs(city, report.agency, now())):
        assert report.alarm
        then = among(city, Clocks(city), Party.CLOCK, at=report.alarm.at)
        report = take(report, Step(action=report.alarm.action), then).report
        found.append(report)
    return found


async def add_backlog(database: Database, city: City) -> None:
    """Workers have a whole sweep before them, however fast they were with the last."""
    patterns = overdue(city)
    reports = [
        msgspec.structs.replace(
            patterns[n % len(patterns)], id=new_id(), code=new_code(), submission=new_id().bytes
        )
        for n in range(BACKLOG)
    ]
    await ReportStore(database).take_in(reports)


async def raised(database: Database, since: datetime) -> int:
    return await database[COLLECTION].count_documents({"updated_at": {"$gte": since}})


async def until_raised(database: Database, since: datetime, count: int) -> None:
    async def enough() -> bool:
        return await raised(database, since) >= count

    await until(enough, f"{count} reports went up")


async def each_went_up_once(database: Database, since: datetime, count: int) -> None:
    """And it was told once."""
    await until_raised(database, since, count)
    reports = await every_report(database)
    assert len(reports) == count
    for report in reports:
        steps = entries(report, Action.ESCALATE)
        assert len(steps) == report.level
        assert [step.at >= since for step in steps].count(True) == 1

    async def all_published() -> bool:
        return await database[COLLECTION].count_documents({OUTBOX_AT: {"$exists": True}}) == 0

    await until(all_published, "all of it was published")
    log = await FeedStore(database).after(0, 10 * count, "any")
    told = Counter(one.event.subject for one in log if one.event.action == Action.ESCALATE)
    assert told == Counter(report.id for report in reports)


async def test_workers_killed_inside_a_sweep_lose_no_report_and_raise_none_twice(
    installation: Apart, shared: Database, hanoi: City
) -> None:
    since, there, deaths = now(), 0, 0
    for worker in installation.workers:
        await add_backlog(shared, hanoi)
        there += BACKLOG
        await until_raised(shared, since, await raised(shared, since) + 200)
        await worker.kill_and_start()
        deaths += await raised(shared, since) < there
    assert deaths == len(installation.workers), "each died with work left to do"
    await each_went_up_once(shared, since, there)


async def test_two_workers_that_both_believe_to_hold_the_clock_raise_each_report_once(
    installation: Apart, shared: Database, hanoi: City
) -> None:
    since, there = now(), 0
    for worker in installation.workers:
        await add_backlog(shared, hanoi)
        there += BACKLOG
        await until_raised(shared, since, await raised(shared, since) + 200)
        worker.pause()
        await asyncio.sleep(LEASE_S * 1.5)
        worker.wake()
    await each_went_up_once(shared, since, there)
