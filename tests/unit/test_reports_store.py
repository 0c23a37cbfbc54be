"""Reports that are written at the same moment share a command, and nothing else."""

import asyncio

import msgspec
import pytest

from smartcity.city import City
from smartcity.identifiers import new_id
from smartcity.reports.deadlines import Clocks
from smartcity.reports.events import event
from smartcity.reports.model import Action, Party, Report, Status
from smartcity.reports.requests import Step
from smartcity.reports.steps import take
from smartcity.reports.store import COLLECTION, Duplicate, ReportStore
from smartcity.storage.mongo import Database
from tests.unit.reports_made import among, make_report

pytestmark = pytest.mark.anyio


@pytest.fixture
def store(database: Database) -> ReportStore:
    return ReportStore(database)


async def submit(store: ReportStore, report: Report) -> None:
    await store.insert(report, [event(report, report.timeline[0])])


async def receive(store: ReportStore, city: City, report: Report) -> Report | None:
    at = report.updated_at
    taken = take(
        report, Step(action=Action.RECEIVE), among(city, Clocks(city), Party.HANDLER, at=at)
    )
    return await store.advance(
        report, taken.report, [taken.entry], [event(taken.report, taken.entry)]
    )


async def test_of_many_submissions_at_once_only_the_repeated_are_refused(
    store: ReportStore, database: Database, hanoi: City
) -> None:
    reports = [make_report(hanoi) for _ in range(50)]
    again = [
        msgspec.structs.replace(report, id=new_id(), code=f"again {number}")
        for number, report in enumerate(reports[::10])
    ]
    outcomes = await asyncio.gather(
        *(submit(store, report) for report in [*reports, *again]), return_exceptions=True
    )
    assert outcomes[:50] == [None] * 50
    assert [type(outcome) for outcome in outcomes[50:]] == [Duplicate] * 5
    assert await database[COLLECTION].count_documents({}) == 50


async def test_of_many_steps_at_once_one_wins_on_each_report(
    store: ReportStore, database: Database, hanoi: City
) -> None:
    reports = [make_report(hanoi) for _ in range(20)]
    await asyncio.gather(*(submit(store, report) for report in reports))
    outcomes = await asyncio.gather(*(receive(store, hanoi, r) for r in reports for _ in range(3)))
    written = [outcome for outcome in outcomes if outcome is not None]
    assert sorted(report.id for report in written) == sorted(report.id for report in reports)
    for report in written:
        assert report.status is Status.RECEIVED
        assert report == await store.find(report.id)
        kept = await database[COLLECTION].find_one({"_id": report.id})
        assert kept is not None
        assert len(kept["timeline"]) == len(kept["outbox"]) == 2
