"""The queue as a desk uses it: what stands with whom, who has what, how many see it too."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any, Final
from uuid import UUID

import pytest

from smartcity.clock import now
from smartcity.reports.lists.counts import FEW
from smartcity.reports.lists.model import Along
from smartcity.reports.model import ExtensionWish, Rung
from smartcity.reports.store import COLLECTION
from smartcity.reports.words import Party, Status
from smartcity.settings import PROJECT
from tests.api.queues import PATH, handler, like, made, shown, tabs, there_are
from tests.api.town import Person, Town, town

pytestmark = pytest.mark.anyio

HOUR: Final = timedelta(hours=1)
HEAD: Final = "wide"
COMMUNES: Final = 250


def parent_of(town: Town) -> str:
    """An agency with others below it that is not the city's dispatch."""
    city = town.city
    return next(c for c in city.agencies if len(city.below(c)) > 1 and c != city.dispatch)


async def line(person: Person, **query: Any) -> dict[str, Any]:
    """The only line of a queue."""
    (item,) = (await person.get(PATH, params=query)).json()["items"]
    return item


async def counts(person: Person) -> dict[str, Any]:
    return (await person.get(PATH)).json()["counts"]


# --- what was escalated --------------------------------------------------------------------------


async def test_what_was_escalated_is_shown_to_those_whom_it_stands_with(hanoi_town: Town) -> None:
    city, parent = hanoi_town.city, parent_of(hanoi_town)
    ward = next(code for code in sorted(city.below(parent)) if code != parent)
    base = made(hanoi_town, agency=ward, status=Status.RECEIVED)
    low, high, top = (
        like(base, escalated_to=Rung(role=role, agency=agency), due_at=now() - hours * HOUR)
        for role, agency, hours in (
            (Party.SUPERVISOR, ward, 1),
            (Party.SUPERVISOR, parent, 2),
            (Party.DISPATCHER, city.dispatch, 3),
        )
    )
    await there_are(hanoi_town, base, low, high, top)
    head, below, desk = (
        await handler(hanoi_town, parent, role="supervisor"),
        await handler(hanoi_town, ward, role="supervisor"),
        await handler(hanoi_town, ward),
    )
    dispatcher = await hanoi_town.staff("dispatcher")
    for person, expected in (
        (head, [high.id, low.id]),
        (below, [low.id]),
        (desk, []),
        (dispatcher, [top.id]),
    ):
        assert await shown(person, escalated=True) == expected
        assert await shown(person, escalated=True, limit=1) == expected
        assert (await tabs(person)).get("escalated", 0) == len(expected)
        newest = sorted(expected, reverse=True)
        assert await shown(person, escalated=True, sort="newest") == newest
    assert await shown(head, escalated=True, agency=ward) == [high.id, low.id]
    assert await shown(head, escalated=True, agency=parent) == []
    assert (await tabs(head, agency=parent)).get("escalated", 0) == 0
    assert await shown(head, escalated=True, text=low.code) == [low.id]
    assert await shown(below, escalated=True, text=high.code) == []
    assert (await line(below, escalated=True))["escalated_to"]["agency"]["code"] == ward


async def test_a_supervisor_who_dispatches_too_has_both(hanoi_town: Town) -> None:
    base = made(hanoi_town)
    own = like(base, escalated_to=Rung(role=Party.SUPERVISOR, agency=base.agency), due_at=now())
    city = like(
        base,
        escalated_to=Rung(role=Party.DISPATCHER, agency=hanoi_town.city.dispatch),
        due_at=now() - HOUR,
    )
    still = like(own, due_at=None)
    await there_are(hanoi_town, base, own, city, still)
    both = await hanoi_town.staff("supervisor", "dispatcher", agencies=[base.agency])
    for limit in (1, 2, 50):
        assert await shown(both, escalated=True, limit=limit) == [city.id, own.id, still.id]
    assert (await tabs(both))["escalated"] == 3


# --- wishes --------------------------------------------------------------------------------------


async def test_wishes_for_a_later_date_wait_in_a_tab_until_they_are_answered(
    hanoi_town: Town,
) -> None:
    reporter = await hanoi_town.device()
    lon, lat = hanoi_town.city.centre
    told = {"description": "Ổ gà", "location": {"lat": lat, "lon": lon}}
    category = made(hanoi_town).category
    one, _ = [(await reporter.submit({**told, "category": category})).json() for _ in range(2)]
    desk = await handler(hanoi_town, one["agency"]["code"])
    supervisor = await handler(hanoi_town, one["agency"]["code"], role="supervisor")
    until = (now() + timedelta(days=90)).isoformat()
    wish = {"action": "extend", "until": until, "text": "Chờ vật tư"}
    answer = await desk.act(
        one["id"], {"action": "receive"}, {"action": "start"}, wish, version=one["version"]
    )
    assert answer.status_code == 200, answer.text
    for person in (desk, supervisor):
        assert await shown(person, wishes=True) == [UUID(one["id"])]
        assert await shown(person, wishes=True, sort="newest") == [UUID(one["id"])]
        assert (await tabs(person))["wishes"] == 1
    assert (await line(supervisor, wishes=True))["extension"]["text"] == "Chờ vật tư"
    version = answer.json()["version"]
    granted = await supervisor.act(one["id"], {"action": "extend"}, version=version)
    assert granted.status_code == 200, granted.text
    assert await shown(supervisor, wishes=True) == []
    assert (await tabs(supervisor)).get("wishes", 0) == 0


async def test_a_report_that_nobody_escalated_or_wishes_later_is_in_neither_index(
    hanoi_town: Town,
) -> None:
    base = made(hanoi_town)
    rung = Rung(role=Party.SUPERVISOR, agency=base.agency)
    wish = ExtensionWish(until=now(), text="…")
    await there_are(hanoi_town, base, like(base, escalated_to=rung), like(base, extension=wish))
    for along in (Along.ESCALATED, Along.WISHES):
        (index,) = [
            index
            async for index in await hanoi_town.database[COLLECTION].list_indexes()
            if index["name"] == along
        ]
        kept = index["partialFilterExpression"]
        assert await hanoi_town.database[COLLECTION].count_documents(dict(kept)) == 1


# --- lines ---------------------------------------------------------------------------------------


async def test_a_line_says_who_has_the_report_and_how_many_see_it_too(hanoi_town: Town) -> None:
    base = made(hanoi_town, status=Status.RECEIVED, received_at=now())
    taken, free = like(base, due_at=now()), like(base, due_at=now() + HOUR)
    await there_are(hanoi_town, taken, free)
    desk = await handler(hanoi_town, base.agency)
    account = await hanoi_town.database["staff"].find_one()
    assert account is not None
    assign = {"action": "assign", "assignee": str(account["_id"])}
    answer = await desk.act(str(taken.id), assign, version=taken.version)
    assert answer.status_code == 200, answer.text
    for _ in range(2):
        neighbour = await hanoi_town.device()
        seen = await neighbour.ask("PUT", f"/v1/reports/{taken.id}/confirmation")
        assert seen.status_code == 204
    first, second = (await desk.get(PATH)).json()["items"]
    assert (first["assignee"], first["assignee_name"]) == (str(account["_id"]), account["username"])
    assert (first["confirmations"], second["confirmations"]) == (2, 0)
    assert "assignee_name" not in second


# --- many ----------------------------------------------------------------------------------------


async def test_a_large_agency_is_counted_behind_the_answers_and_soon_up_to_date(
    hanoi_town: Town,
) -> None:
    base = made(hanoi_town)
    await there_are(hanoi_town, *(like(base) for _ in range(FEW + 20)))
    desk = await handler(hanoi_town, base.agency)
    async with asyncio.timeout(20):
        counted = await counts(desk)
        while (again := await counts(desk)) != counted:
            counted = again
            await asyncio.sleep(0.1)
        assert counted["submitted"] == counted["unassigned"] == FEW + 20
        await there_are(hanoi_town, like(base))
        while (await counts(desk))["submitted"] != FEW + 21:
            await asyncio.sleep(0.1)


@pytest.fixture
async def wide_town(mongo_uri: str, tmp_path: Path) -> AsyncIterator[Town]:
    """A city of more communes than the database merges the stretches of."""
    pack = copytree(PROJECT / "config" / "hanoi", tmp_path / "wide")
    file = pack / "agencies.toml"
    communes = "".join(
        f'\n[[agency]]\ncode = "{code}"\nname = {{ vi = "{code}", en = "{code}" }}\n{parent}'
        for code, parent in (
            (HEAD, ""),
            *((f"{HEAD}-{number}", f'parent = "{HEAD}"\n') for number in range(COMMUNES)),
        )
    )
    file.write_text(file.read_text("utf-8") + communes, "utf-8")
    async with town(mongo_uri, tmp_path, city=str(pack)) as started:
        yield started


async def test_no_page_of_250_agencies_is_sorted_by_the_database_or_misses_one(
    wide_town: Town,
) -> None:
    base, at = made(wide_town), now()
    kinds = sorted(wide_town.city.categories)[:3]
    reports = [
        like(
            base,
            agency=f"{HEAD}-{number}",
            category=kinds[number % 3],
            due_at=at + (number * 37 % 101) * HOUR if number % 5 else None,
            status=Status.CLOSED if number % 7 == 0 else Status.RECEIVED,
            extension=ExtensionWish(until=at, text="…") if number % 2 else None,
            escalated_to=Rung(role=Party.SUPERVISOR, agency=f"{HEAD}-{number}")
            if number % 7
            else None,
        )
        for number in range(COMMUNES)
    ]
    await there_are(wide_town, *reports)
    head = await handler(wide_town, HEAD, role="supervisor")
    opened = [report for report in reports if report.status is Status.RECEIVED]
    by_deadline = sorted(opened, key=lambda r: (r.due_at is None, r.due_at or at, r.id))
    wished = [report for report in by_deadline if report.extension]
    of_two = [report for report in by_deadline if report.category != kinds[2]]
    newest = sorted(reports, key=lambda report: report.id, reverse=True)
    profile = await wide_town.database.create_collection(
        "system.profile", capped=True, size=1 << 27
    )
    await wide_town.database.command("profile", 2)
    for query, expected in (
        ({}, by_deadline),
        ({"escalated": True}, by_deadline),
        ({"wishes": True}, wished),
        ({"category": kinds[:2]}, of_two),
        ({"unit": [base.place.unit, *sorted(wide_town.city.units)[:9]]}, by_deadline),
        ({"sort": "newest"}, [report for report in newest if report in opened]),
        ({"status": ["received", "closed"]}, newest),
    ):
        found = await shown(head, **query, limit=100)
        assert found == [report.id for report in expected], query
    await wide_town.database.command("profile", 0)
    finds = {"command.find": COLLECTION, "command.hint": {"$exists": True}}
    assert await profile.count_documents(finds) > 50
    assert await profile.find_one(finds | {"hasSortStage": True}) is None
    assert (await tabs(head)) == {
        "received": len(opened),
        "unassigned": len(opened),
        "overdue": sum(report.due_at is not None and report.due_at < now() for report in opened),
        "escalated": len(opened),
        "wishes": len(wished),
    } | {"at_risk": (await tabs(head)).get("at_risk", 0)}
