"""Reports that are written at the same moment share a command, and nothing else."""

import asyncio

import msgspec
import pytest

from smartcity.city import City
from smartcity.city.model import Publicity
from smartcity.feed.event import Event
from smartcity.feed.store import FeedStore
from smartcity.identifiers import new_id
from smartcity.map.model import pin_of
from smartcity.reports.deadlines import Clocks
from smartcity.reports.events import event
from smartcity.reports.model import Report
from smartcity.reports.requests import Step
from smartcity.reports.steps import take
from smartcity.reports.store import COLLECTION, Duplicate, ReportStore, complete_promises
from smartcity.reports.words import Action, Party, Status
from smartcity.storage.mongo import Database, from_document, to_document
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


async def test_what_older_code_promised_tells_map_and_figures_what_it_would_tell_today(
    store: ReportStore, database: Database, hanoi: City
) -> None:
    reports = [make_report(hanoi), make_report(hanoi, public=Publicity.NEVER)]
    told: list[Event] = []
    for report in reports:
        told.append(event(report, report.timeline[0]))
        internal = told[-1].internal
        assert internal
        older = msgspec.structs.replace(internal, due_at=None, risk_at=None, never_public=False)
        await store.insert(report, [msgspec.structs.replace(told[-1], internal=older)])
    for _ in range(2):  # it may be cut off and run again
        await complete_promises(database)
    promised = [p.events[0] for p in await FeedStore(database).promises([COLLECTION], 10)]
    assert [pin.never_public for pin in map(pin_of, promised) if pin] == [False, True]
    assert promised == [from_document(to_document(event), Event) for event in told]


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
