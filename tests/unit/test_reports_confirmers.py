"""Who confirmed a report, against the real database."""

from collections.abc import Collection
from uuid import UUID

import msgspec
import pytest

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.identifiers import new_id
from smartcity.reports.confirmations.model import Confirmation, Confirming
from smartcity.reports.confirmations.service import ConfirmationService
from smartcity.reports.confirmations.store import ConfirmationStore
from smartcity.reports.store import ReportStore
from smartcity.storage.mongo import Database
from tests.unit.reports_made import make_report

pytestmark = pytest.mark.anyio


@pytest.fixture
def store(database: Database) -> ConfirmationStore:
    return ConfirmationStore(database)


@pytest.fixture
def confirmations(store: ConfirmationStore, database: Database) -> ConfirmationService:
    return ConfirmationService(store, ReportStore(database))


async def confirmed(store: ConfirmationStore, report: UUID, persons: Collection[UUID]) -> None:
    for person in persons:
        await store.add(Confirmation(id=Confirming(report, person), at=now()))


async def confirmers(confirmations: ConfirmationService, *reports: UUID) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {}
    async for report, some in confirmations.confirmers(reports):
        found.setdefault(report, []).extend(some)
    return {report: sorted(persons) for report, persons in found.items()}


async def test_each_report_has_its_own(
    confirmations: ConfirmationService, store: ConfirmationStore
) -> None:
    one, other, unconfirmed, unasked = (new_id() for _ in range(4))
    lan, minh = sorted([new_id(), new_id()])
    await confirmed(store, one, [lan, minh])
    await confirmed(store, other, [minh])
    await confirmed(store, unasked, [lan])
    assert await confirmers(confirmations, one, other, unconfirmed) == {
        one: [lan, minh],
        other: [minh],
    }


async def test_who_confirmed_what_was_merged_confirmed_the_survivor(
    confirmations: ConfirmationService, store: ConfirmationStore, database: Database, hanoi: City
) -> None:
    survivor = make_report(hanoi)
    merged = msgspec.structs.replace(make_report(hanoi), merged_into=survivor.id)
    await ReportStore(database).take_in([survivor, merged])
    lan = new_id()
    await confirmed(store, merged.id, [lan])
    assert await confirmers(confirmations, survivor.id) == {survivor.id: [lan]}


async def test_who_confirmed_long_ago_was_forgotten_and_hears_nothing(
    confirmations: ConfirmationService, store: ConfirmationStore
) -> None:
    report, lan = new_id(), new_id()
    await confirmed(store, report, [lan])
    await store.unlink([report])
    assert await confirmers(confirmations, report) == {}
    assert await confirmations.counts([report]) == {report: 1}


async def test_many_come_in_chunks(store: ConfirmationStore) -> None:
    report, crowd = new_id(), [new_id() for _ in range(25)]
    await confirmed(store, report, crowd)
    chunks = [some async for _, some in store.persons([report], 10)]
    assert [len(some) for some in chunks] == [10, 10, 5]
    assert sorted(one for some in chunks for one in some) == sorted(crowd)
