"""A stage on which time passes: a report, whom it may come to concern, and moments at which the
workers are awake.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import time_machine

from smartcity.composition import Composition
from smartcity.identity.personal import PersonalData
from smartcity.identity.staff.model import Staff
from smartcity.identity.staff.passwords import Passwords
from smartcity.identity.staff.service import StaffService
from smartcity.identity.staff.store import SessionStore, StaffStore
from smartcity.notifications.push import NotConfigured
from smartcity.webhooks.posting import open_doors
from tests.api.town import PASSWORD, Answer, Person, Town
from tests.unit.reports_made import UNHURRIED
from workers.crew.crew import Crew
from workers.crew.doors import Doors

SOON = timedelta(seconds=1)
DAY = timedelta(days=1)


class Colleague:
    """Somebody of the staff, who logs in every morning."""

    def __init__(self, town: Town, account: Staff) -> None:
        self._town = town
        self._name = account.username
        self.id = account.id

    async def at_work(self) -> Person:
        said = {"username": self._name, "password": PASSWORD}
        answer = await self._town.http.post("/v1/sessions", json=said)
        assert answer.status_code == 201, answer.text
        self._town.http.cookies.clear()
        return Person(self._town.http, answer.json()["token"])

    async def heard(self) -> list[str]:
        return await heard(await self.at_work())

    async def act(self, report: str, *steps: dict[str, Any]) -> Answer:
        person = await self.at_work()
        version = (await person.get(f"/v1/reports/{report}")).json()["version"]
        return await person.act(report, *steps, version=version)


async def colleague(town: Town, role: str, *agencies: str) -> Colleague:
    service = StaffService(
        StaffStore(town.database),
        SessionStore(town.database),
        Passwords(),
        PersonalData(town.settings.secret()),
        town.city,
    )
    name = f"{role}-{uuid4().hex[:8]}"
    return Colleague(town, await service.add(name, PASSWORD, [role], agencies))


async def heard(person: Person) -> list[str]:
    """What somebody was told, the first first."""
    answer = await person.get("/v1/me/notifications")
    return [item["action"] for item in reversed(answer.json()["items"])]


@asynccontextmanager
async def at(town: Town, moment: datetime) -> AsyncGenerator[None]:
    """A moment at which the workers are awake."""
    stop = asyncio.Event()
    async with open_doors(()) as receivers:
        with time_machine.travel(moment):
            shared = Composition(town.settings, town.city, town.database)
            crew = Crew(shared, Doors(sender=NotConfigured(), receivers=receivers))
            async with asyncio.TaskGroup() as group:
                group.create_task(crew.work(stop))
                yield
                stop.set()


async def until(found: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(200):
        if await found():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not happen")


class Case:
    """One report, and everybody whom it may come to concern."""

    def __init__(self, town: Town, reporter: Person, receipt: dict[str, Any]) -> None:
        self.town = town
        self.reporter = reporter
        self.id: str = receipt["id"]
        self.agency: str = receipt["agency"]["code"]
        self.deadlines: dict[str, str] = receipt["deadlines"]

    async def seen_by(self, person: Person) -> dict[str, Any]:
        return (await person.get(f"/v1/reports/{self.id}")).json()

    async def seen(self) -> dict[str, Any]:
        return await self.seen_by(self.reporter)

    async def next_alarm(self) -> datetime:
        kept = await self.town.database["reports"].find_one({"_id": UUID(self.id)})
        assert kept
        return kept["alarm"]["at"]

    async def told(self, *actions: str) -> bool:
        """Whether the reporter was told of these, in this order, and of nothing else."""
        return await heard(self.reporter) == list(actions)

    async def until_status(self, status: str) -> None:
        async def there() -> bool:
            return (await self.seen())["status"] == status

        await until(there)


async def case(town: Town) -> Case:
    reporter = await town.device()
    lon, lat = town.city.centre
    said = {
        "category": UNHURRIED,
        "description": "Xe đỗ kín lối vào trường",
        "location": {"lat": lat, "lon": lon},
    }
    answer = await reporter.submit(said)
    assert answer.status_code == 201, answer.text
    return Case(town, reporter, answer.json())
