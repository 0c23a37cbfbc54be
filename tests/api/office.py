"""An agency and its neighbours at work: their people, and reports in any state."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from smartcity.clock import now
from tests.api.reporting import pothole
from tests.api.town import Answer, Person, Town, town
from tests.unit.sample_files import photo

HELPING: Final = "cong-an"
ELSEWHERE: Final = "so-y-te"
LATER: Final = (now() + timedelta(days=90)).isoformat()

RECEIVE: Final = {"action": "receive"}
START: Final = {"action": "start"}
TASK: Final = {"action": "open_task", "agency": HELPING, "text": "Kiểm tra giúp nền đường"}


class Office(msgspec.Struct, frozen=True):
    """Who works on what citizens report at the city's centre."""

    town: Town
    people: Mapping[str, Person]

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    async def report(self, *taken: tuple[str, dict[str, Any]], **more: Any) -> "Case":
        """A report, and what was done with it since: who, and which step."""
        answer = await self["reporter"].submit(pothole(self.town.city, **more))
        assert answer.status_code == 201, answer.text
        case = Case(self, answer.json())
        for who, step in taken:
            await case.must(who, step)
        return case

    async def colleague(self, role: str) -> str:
        """The id of somebody whom the lead's supervisor may give work to."""
        lead = (await self["handler"].get("/v1/sessions/current")).json()["agencies"][0]
        listed = await self["handler"].get("/v1/agency/colleagues", params={"agency": lead})
        return next(c["id"] for c in listed.json()["items"] if c["name"].startswith(role))


class Case:
    """One report; everybody acts on the version that is there."""

    def __init__(self, office: Office, receipt: dict[str, Any]) -> None:
        self.office = office
        self.receipt = receipt
        self.id: str = receipt["id"]
        self.state: dict[str, Any] = receipt

    async def act(self, who: str, *steps: dict[str, Any], version: int | None = None) -> Answer:
        seen = version or self.state["version"]
        answer = await self.office[who].act(self.id, *map(self.about, steps), version=seen)
        if answer.status_code == 200:
            self.state = answer.json()
        return answer

    async def must(self, who: str, *steps: dict[str, Any]) -> dict[str, Any]:
        answer = await self.act(who, *steps)
        assert answer.status_code == 200, answer.text
        return self.state

    async def seen_by(self, who: str) -> Answer:
        return await self.office[who].get(f"/v1/reports/{self.id}")

    def about(self, step: dict[str, Any]) -> dict[str, Any]:
        """The step; a `…` in it stands for the report's last task."""
        return {
            name: self.state["tasks"][-1]["id"] if value == "…" else value
            for name, value in step.items()
        }


@asynccontextmanager
async def office(mongo_uri: str, folder: Path) -> AsyncGenerator[Office]:
    async with town(mongo_uri, folder) as started:
        reporter = await started.device()
        receipt = (await reporter.submit(pothole(started.city))).json()
        lead = receipt["agency"]["code"]
        assert lead not in {HELPING, ELSEWHERE}
        people = {"reporter": reporter, "nobody": started.nobody()}
        for name, role, agency in (
            ("handler", "handler", lead),
            ("second", "handler", lead),
            ("supervisor", "supervisor", lead),
            ("helper", "handler", HELPING),
            ("elsewhere", "handler", ELSEWHERE),
            ("dispatcher", "dispatcher", ""),
        ):
            people[name] = await started.staff(role, agencies=[agency] if agency else [])
        yield Office(started, people)


async def photo_of(person: Person) -> str:
    answer = await person.ask("POST", "/v1/attachments", content=photo())
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def reasons(answer: Answer) -> set[tuple[str, str]]:
    return {(field["path"], field["reason"]) for field in answer.json()["fields"]}
