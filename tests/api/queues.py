"""The agency's queue through HTTP, and reports that are in it without a citizen."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from smartcity.clock import now
from smartcity.identifiers import new_code, new_id
from smartcity.reports.model import Report
from smartcity.reports.store import ReportStore
from smartcity.text import fold
from tests.api.town import Person, Town
from tests.unit.reports_made import make_report

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
