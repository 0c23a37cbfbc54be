"""The queue through HTTP: whose reports, in which order, how many, page after page."""

import itertools
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartcity.clock import now
from smartcity.identifiers import new_code, new_id
from smartcity.identity.roles import Role
from smartcity.reports.lists.model import Along
from smartcity.reports.model import OPEN, Place, Report, Status
from smartcity.reports.store import COLLECTION, ReportStore
from smartcity.text import fold
from tests.api.town import Person, Town
from tests.unit.reports_made import category_of, make_report

pytestmark = pytest.mark.anyio

PATH = "/v1/agency/queue"
DAY = timedelta(days=1)


def made(town: Town, **given: Any) -> Report:
    """A report as the service writes it, but for what is given."""
    return like(make_report(town.city, at=now() - 5 * DAY), **given)


def like(report: Report, **given: Any) -> Report:
    """Another one, but for what is given."""
    if "description" in given:
        given["folded"] = fold(given["description"])
    one = new_id()
    return msgspec.structs.replace(report, id=one, code=new_code(), submission=one.bytes, **given)


async def there_are(town: Town, *reports: Report) -> None:
    await ReportStore(town.database).take_in(reports)


async def handler(town: Town, *agencies: str, role: str = "handler") -> Person:
    return await town.staff(role, agencies=list(agencies))


async def shown(person: Person, **query: Any) -> list[UUID]:
    """Every page of the queue, one after the other."""
    return [report async for report in turning(person, **query)]


async def turning(person: Person, **query: Any) -> AsyncIterator[UUID]:
    cursor: dict[str, str] = {}
    while True:
        answer = await person.get(PATH, params=query | cursor)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        for item in told["items"]:
            yield UUID(item["id"])
        if "next_cursor" not in told:
            return
        cursor = {"cursor": told["next_cursor"]}


async def tabs(person: Person, **query: Any) -> dict[str, int]:
    counts = (await person.get(PATH, params=query)).json()["counts"]
    return {name: count for name, count in counts.items() if name != "as_of" and count}


# --- whose reports -------------------------------------------------------------------------------


async def test_a_supervisor_has_the_reports_of_every_agency_below_and_no_other(
    hanoi_town: Town,
) -> None:
    city = hanoi_town.city
    parent = next(a for a in city.agencies if len(city.below(a)) > 100)
    other = next(a for a in city.agencies if a not in city.below(parent))
    base = made(hanoi_town)
    reports = [
        like(base, agency=agency, due_at=now() + number * DAY, status=status)
        for number, (agency, status) in enumerate(
            zip(sorted(city.below(parent)), itertools.cycle(sorted(OPEN)), strict=False)
        )
    ]
    await there_are(hanoi_town, *reports, made(hanoi_town, agency=other))
    head = await handler(hanoi_town, parent, role="supervisor")
    assert await shown(head, limit=40) == [report.id for report in reports]
    assert await shown(head, agency=reports[3].agency) == [reports[3].id]
    assert sum((await tabs(head)).values()) >= len(reports)
    assert (await head.get(PATH, params={"agency": other})).status_code == 403


async def test_a_dispatcher_may_ask_for_any_agency(hanoi_town: Town) -> None:
    report = made(hanoi_town)
    await there_are(hanoi_town, report)
    dispatcher = await hanoi_town.staff(Role.DISPATCHER)
    assert await shown(dispatcher, agency=report.agency) == [report.id]
    assert await shown(dispatcher) == []


# --- which reports -------------------------------------------------------------------------------


async def test_each_filter_finds_what_it_names_alone(hanoi_town: Town) -> None:
    city, me = hanoi_town.city, new_id()
    base = made(hanoi_town)
    category = next(c for c in city.categories.values() if c.field != base.field)
    unit = next(u for u in city.units if u != base.place.unit)
    wanted = made(
        hanoi_town,
        status=Status.RECEIVED,
        category=category.code,
        field=category.field,
        priority=next(p for p in ("urgent", "complex") if p != base.priority),
        place=Place(unit=unit),
        location=None,
        assignee=me,
    )
    await there_are(hanoi_town, base, wanted)
    desk = await handler(hanoi_town, base.agency)
    for query in (
        {"status": "received"},
        {"category": category.code},
        {"field": category.field},
        {"unit": unit},
        {"priority": wanted.priority},
        {"assignee": str(me)},
        {"category": category.code, "unit": unit, "assignee": str(me), "status": "received"},
    ):
        for sort in ("deadline", "newest"):
            assert await shown(desk, **query, sort=sort) == [wanted.id], (query, sort)
    assert await shown(desk, assignee="none") == [base.id]
    assert await shown(desk, category=category.code, status="waiting") == []


async def test_mine_is_what_i_took_upon_myself(hanoi_town: Town) -> None:
    reports = [made(hanoi_town, status=Status.RECEIVED) for _ in range(2)]
    await there_are(hanoi_town, *reports)
    desk = await handler(hanoi_town, reports[0].agency)
    account = await hanoi_town.database["staff"].find_one()
    assert account is not None
    me = str(account["_id"])
    answer = await desk.act(
        str(reports[1].id), {"action": "assign", "assignee": me}, version=reports[1].version
    )
    assert answer.status_code == 200, answer.text
    assert await shown(desk, assignee="me") == [reports[1].id]
    assert (await tabs(desk))["mine"] == 1


async def test_overdue_at_risk_and_neither_are_told_apart_as_time_passes(hanoi_town: Town) -> None:
    at = now()
    late, soon, early, still = (
        made(hanoi_town, status=Status.RECEIVED, due_at=due, risk_at=risk)
        for due, risk in (
            (at - DAY, at - 2 * DAY),
            (at + DAY, at - DAY),
            (at + 9 * DAY, at + 7 * DAY),
            (None, None),
        )
    )
    await there_are(hanoi_town, late, soon, early, still)
    desk = await handler(hanoi_town, late.agency)
    assert await shown(desk, overdue=True) == [late.id]
    assert await shown(desk, at_risk=True) == [soon.id]
    assert await shown(desk, overdue=True, at_risk=True) == [late.id, soon.id]
    assert await shown(desk) == [late.id, soon.id, early.id, still.id]
    counts = await tabs(desk)
    assert counts == {"received": 4, "unassigned": 4, "overdue": 1, "at_risk": 1}


@pytest.mark.parametrize("text", ["bang hieu", "bảng hiệu", "BANG hiệ"])
async def test_a_text_is_found_with_accents_or_without(hanoi_town: Town, text: str) -> None:
    found = made(hanoi_town, description="Bảng hiệu che khuất đèn đường")
    closed = made(
        hanoi_town,
        description="Bảng hiệu đã gỡ",
        status=Status.CLOSED,
        due_at=None,
        finished_at=now(),
    )
    await there_are(hanoi_town, made(hanoi_town), found, closed)
    desk = await handler(hanoi_town, found.agency)
    assert await shown(desk, text=text) == [found.id]
    assert await shown(desk, text=text, sort="newest") == [found.id]
    assert await shown(desk, text=text, category=found.category) == [found.id]
    assert await shown(desk, text=text, status=["closed", "submitted"]) == [closed.id, found.id]


async def test_a_code_finds_its_report_even_a_finished_one(hanoi_town: Town) -> None:
    report = made(hanoi_town, status=Status.CLOSED, due_at=None, finished_at=now())
    await there_are(hanoi_town, made(hanoi_town), report)
    desk = await handler(hanoi_town, report.agency)
    stranger = await handler(
        hanoi_town, next(a for a in hanoi_town.city.agencies if a != report.agency)
    )
    typed = report.code.lower().replace("-", " ")
    assert await shown(desk, text=typed) == [report.id]
    assert await shown(desk, text=typed, status="received") == []
    assert await shown(stranger, text=typed) == []


async def test_finished_reports_are_listed_newest_first_beside_open_ones(hanoi_town: Town) -> None:
    reports = [
        made(hanoi_town, status=status, due_at=None)
        for status in (*Status,) * 3
        if status in {"resolved", "rejected", "merged", "withdrawn", "closed", "received"}
    ]
    await there_are(hanoi_town, *reports)
    desk = await handler(hanoi_town, reports[0].agency)
    asked = sorted({report.status for report in reports})
    assert await shown(desk, status=asked, limit=4) == sorted((r.id for r in reports), reverse=True)
    refused = await desk.get(PATH, params={"status": "closed", "sort": "deadline"})
    assert refused.json()["fields"] == [{"path": "sort", "reason": "finished_have_no_deadline"}]


@pytest.mark.parametrize(
    "name", ["status", "category", "field", "unit", "agency", "priority", "assignee"]
)
async def test_a_filter_that_names_nothing_known_is_refused_by_its_name(
    hanoi_town: Town, name: str
) -> None:
    desk = await handler(hanoi_town, next(iter(hanoi_town.city.agencies)))
    refused = await desk.get(PATH, params={name: "nothing"})
    reason = "not_an_id" if name == "assignee" else "unknown"
    assert refused.status_code == 400
    assert refused.json()["fields"] == [{"path": name, "reason": reason}]


@pytest.mark.parametrize("name", ["status", "category", "field", "unit", "agency"])
async def test_the_public_list_refuses_what_the_city_does_not_have(
    hanoi_town: Town, name: str
) -> None:
    refused = await hanoi_town.nobody().get("/v1/reports", params={name: "nothing"})
    assert refused.status_code == 400
    assert refused.json()["fields"] == [{"path": name, "reason": "unknown"}]


async def test_the_public_list_of_an_agency_holds_open_and_finished_reports_newest_first(
    hanoi_town: Town,
) -> None:
    reports = [
        made(hanoi_town, status=status, received_at=now(), due_at=None)
        for status in (Status.RECEIVED, Status.RESOLVED, Status.WAITING, Status.CLOSED) * 2
    ]
    await there_are(hanoi_town, *reports)
    seen: list[str] = []
    query = {"agency": reports[0].agency, "limit": "3"}
    while True:
        told = (await hanoi_town.nobody().get("/v1/reports", params=query)).json()
        seen += [item["id"] for item in told["items"]]
        if "next_cursor" not in told:
            break
        query["cursor"] = told["next_cursor"]
    assert seen == [str(report.id) for report in reversed(reports)]


# --- pages ---------------------------------------------------------------------------------------


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


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
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


async def test_of_a_text_s_matches_only_those_that_are_shown_are_fetched(hanoi_town: Town) -> None:
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
