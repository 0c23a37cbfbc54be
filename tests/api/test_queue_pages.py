"""The queue's pages: nothing skipped, nothing twice, nothing read in vain."""

import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartcity.clock import now
from smartcity.reports.lists.model import Along
from smartcity.reports.model import Report
from smartcity.reports.store import COLLECTION
from smartcity.reports.words import OPEN, Status
from tests.api.queues import DAY, PATH, handler, like, made, there_are, turning
from tests.api.town import Person, Town
from tests.unit.reports_made import category_of

pytestmark = pytest.mark.anyio


async def test_the_first_page_alone_is_counted(hanoi_town: Town) -> None:
    reports = [made(hanoi_town) for _ in range(3)]
    await there_are(hanoi_town, *reports)
    desk = await handler(hanoi_town, reports[0].agency)
    first = (await desk.get(f"{PATH}?limit=2")).json()
    second = (await desk.get(f"{PATH}?limit=2&cursor={first['next_cursor']}")).json()
    assert first["counts"]["submitted"] == 3
    assert "counts" not in second


MOMENTS = [datetime(2026, 7, 1, hour, tzinfo=UTC) for hour in range(4)]


class Kept(msgspec.Struct, frozen=True):
    """A report as hypothesis draws it: its next deadline, its status, what others do to it."""

    due_at: datetime | None
    status: Status
    change: str


kept = st.builds(
    Kept,
    due_at=st.sampled_from([None, *MOMENTS]),
    status=st.sampled_from(sorted(OPEN)),
    change=st.sampled_from(["", "", "earlier", "later", "stopped", "finished", "gone"]),
)


@pytest.fixture
async def desk_of_three(hanoi_town: Town) -> Person:
    return await handler(hanoi_town, *sorted(hanoi_town.city.agencies)[:3])


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drawn=st.lists(kept, max_size=25),
    limit=st.integers(1, 7),
    sort=st.sampled_from(["deadline", "newest"]),
    seed=st.integers(0, 1000),
)
async def test_what_nobody_changed_between_two_pages_is_shown_exactly_once(
    hanoi_town: Town, desk_of_three: Person, drawn: list[Kept], limit: int, sort: str, seed: int
) -> None:
    draw = random.Random(seed)
    await hanoi_town.database[COLLECTION].delete_many({})
    agencies, base = sorted(hanoi_town.city.agencies)[:3], made(hanoi_town)
    reports = {
        (
            report := like(base, agency=draw.choice(agencies), status=one.status, due_at=one.due_at)
        ).id: (report, one.change)
        for one in drawn
    }
    if reports:
        await there_are(hanoi_town, *(report for report, _ in reports.values()))
    seen: list[UUID] = []
    async for report in turning(desk_of_three, limit=limit, sort=sort):
        seen.append(report)
        await _others_act(hanoi_town, reports, draw)
    untouched = [report for report, change in reports.values() if not change]
    for report in untouched:
        assert seen.count(report.id) == 1
    in_order = sorted(untouched, key=_behind if sort == "deadline" else _age)
    assert [one for one in seen if not _changes(reports, one)] == [r.id for r in in_order]


async def _others_act(
    town: Town, reports: dict[UUID, tuple[Report, str]], draw: random.Random
) -> None:
    """Each report that is to be changed may be so at any moment between two pages."""
    for report, change in reports.values():
        if change and draw.random() < 0.3:
            update: dict[str, Any] = {
                "earlier": {"$set": {"due_at": MOMENTS[0]}},
                "later": {"$set": {"due_at": MOMENTS[-1] + DAY}},
                "stopped": {"$unset": {"due_at": ""}},
                "finished": {"$set": {"status": "closed"}, "$unset": {"due_at": ""}},
                "gone": {"$set": {"agency": sorted(town.city.agencies)[5]}},
            }[change]
            await town.database[COLLECTION].update_one({"_id": report.id}, update)


def _changes(reports: dict[UUID, tuple[Report, str]], report: UUID) -> str:
    return reports[report][1]


def _behind(report: Report) -> tuple[bool, datetime | None, UUID]:
    return (report.due_at is None, report.due_at or MOMENTS[0], report.id)


def _age(report: Report) -> int:
    return -report.id.int


async def test_no_page_of_a_queue_sorts_or_fetches_what_it_does_not_show(hanoi_town: Town) -> None:
    agencies = sorted(hanoi_town.city.agencies)
    base = made(hanoi_town, due_at=now())
    await there_are(hanoi_town, *(like(base, agency=a) for a in agencies for _ in range(3)))
    plan = await hanoi_town.database.command(
        "explain",
        {
            "find": COLLECTION,
            "filter": {
                "agency": {"$in": agencies},
                "status": {"$in": sorted(OPEN)},
                "due_at": {"$gte": MOMENTS[0]},
                "category": {"$in": [category_of(hanoi_town.city)]},
            },
            "sort": {"due_at": 1, "_id": 1},
            "limit": 10,
            "hint": Along.DEADLINE,
        },
        verbosity="executionStats",
    )
    assert "'SORT'" not in repr(plan["executionStats"])
    assert plan["executionStats"]["totalDocsExamined"] == 10


async def test_of_what_a_text_finds_only_what_is_shown_is_fetched(hanoi_town: Town) -> None:
    base = made(hanoi_town, description="Bảng hiệu che khuất đèn đường")
    await there_are(hanoi_town, base, *(like(base) for _ in range(30)))
    desk = await handler(hanoi_town, base.agency)
    await hanoi_town.database.command("profile", 2)
    query = {"text": "bang hieu", "sort": "newest", "limit": 5}
    assert len((await desk.get(PATH, params=query)).json()["items"]) == 5
    await hanoi_town.database.command("profile", 0)
    matching = {"command.find": COLLECTION, "command.hint": Along.DEADLINE}
    found = await hanoi_town.database["system.profile"].find_one(matching)
    assert found is not None
    assert (found["keysExamined"] >= 31, found["docsExamined"]) == (True, 0)
