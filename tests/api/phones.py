"""An app that keeps what the sync tells it, and nothing else; and what happens behind its back."""

import asyncio
from typing import Any, Final

from smartcity.dossiers.service import DossierService
from smartcity.dossiers.store import DossierStore
from smartcity.feed.publisher import Publisher
from smartcity.feed.store import PUBLISHER, FeedStore
from smartcity.identity.attempts.service import Attempts
from smartcity.notifications.following.service import Follows
from smartcity.notifications.following.store import FollowStore
from smartcity.reports.store import COLLECTION as REPORTS
from smartcity.storage.leases import Lease
from tests.api.town import Person, Town
from tests.unit.dossiers_made import SECRETS, told
from tests.workers.notified import Reports
from workers.crew.spine import OUTBOXES

SYNC: Final = "/v1/me/sync"

SECTIONS: Final = (
    "alerts",
    "alert_notifications",
    "reports",
    "followed",
    "dossiers",
    "notifications",
)

Answer = dict[str, Any]


class Phone:
    """Does what the description of the operation says, and no more."""

    def __init__(self, person: Person, limit: int = 100, language: str | None = None) -> None:
        self.person = person
        self.cursor: str | None = None
        self.has: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
        self.limit = limit
        self._headers = {"Accept-Language": language} if language else {}

    async def ask(self) -> Answer:
        """Take in one answer."""
        query: dict[str, Any] = {"limit": self.limit}
        if self.cursor is not None:
            query["after"] = self.cursor
        answer = await self.person.get(SYNC, params=query, headers=self._headers)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert sum(len(told.get(name, ())) for name in SECTIONS) <= self.limit
        for name in told.get("whole", ()):
            self.has[name] = {}
        for name in SECTIONS:
            for thing in told.get(name, ()):
                self.has[name][thing.get("id") or thing["code"]] = thing
        self.cursor = told["cursor"]
        return told

    async def sync(self) -> list[Answer]:
        """Take in answers until there are no more."""
        answers = [await self.ask()]
        while answers[-1].get("more"):
            answers.append(await self.ask())
        return answers

    async def sync_once(self) -> Answer:
        """The one answer that there is."""
        (answer,) = await self.sync()
        return answer


async def synced(person: Person, language: str | None = None) -> Phone:
    """A phone that has everything there is."""
    phone = Phone(person, language=language)
    await phone.sync()
    return phone


def is_empty(answer: Answer) -> bool:
    """Whether nothing at all was told."""
    return answer.keys() == {"cursor", "unread"}


async def publish(town: Town) -> None:
    """What the workers do, until nothing is left to publish and that is known."""
    feed, lease = FeedStore(town.database), Lease(town.database, PUBLISHER, "test", 60)
    publisher = Publisher(feed, lease, OUTBOXES, 500)
    while await publisher.run_once():
        pass
    async with asyncio.timeout(10):
        while (mark := await feed.mark()).settled < mark.last:
            await asyncio.sleep(0.005)
    await lease.release()


async def append_only(town: Town) -> None:
    """A publisher that dies when it has appended, before it cleared anything."""
    feed, lease = FeedStore(town.database), Lease(town.database, PUBLISHER, "dying", 60)
    fence = await lease.acquire()
    assert fence is not None
    for promise in await feed.promises([REPORTS], 500):
        known = await feed.published([event.id for event in promise.events])
        if fresh := [event for event in promise.events if event.id not in known]:
            await feed.append(fence, fresh)
    await lease.release()


async def tell_one(town: Town, number: int = 1, **columns: Any) -> None:
    """What a one-stop system says of one dossier."""
    service = DossierService(
        DossierStore(town.database),
        Follows(FollowStore(town.database), Reports()),
        Attempts(town.database, town.settings),
        town.city,
        SECRETS,
    )
    await service.tell(told(number, **columns))
