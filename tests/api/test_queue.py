"""The queue through HTTP: whose reports, which of them, how many."""

import itertools

import pytest

from smartcity.clock import now
from smartcity.identifiers import new_id
from smartcity.identity.roles import Role
from smartcity.reports.model import Place
from smartcity.reports.words import OPEN, Status
from tests.api.queues import DAY, PATH, handler, like, made, shown, tabs, there_are
from tests.api.town import Town

pytestmark = pytest.mark.anyio


# --- whose reports --------------------------------------------------------------------------------


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


# --- which reports --------------------------------------------------------------------------------


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
    shared_town: Town, name: str
) -> None:
    desk = await handler(shared_town, next(iter(shared_town.city.agencies)))
    refused = await desk.get(PATH, params={name: "nothing"})
    reason = "not_an_id" if name == "assignee" else "unknown"
    assert refused.status_code == 400
    assert refused.json()["fields"] == [{"path": name, "reason": reason}]
