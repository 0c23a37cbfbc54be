"""The clock's duty for digests: once a week, to whoever asked for one."""

from collections.abc import AsyncIterator, Mapping
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from smartcity.clock import now
from smartcity.feed.event import Event, Published
from smartcity.notifications.audience import digest_hearers
from smartcity.notifications.choices.store import ChoiceStore
from smartcity.notifications.digests.model import Hour, latest_week
from smartcity.notifications.digests.service import Digests
from smartcity.notifications.digests.store import DigestStore
from smartcity.storage.leases import Lease
from workers.audiences import Hearing
from workers.notifier import Notifier

POLL_S: Final = 10.0
CHUNK: Final = 500


class DigestClock:
    """Of several processes that run one, the lease holder tells, chunk after chunk. Killed anywhere
    it goes on where it was; should two believe that they hold the lease, everybody still has one.
    """

    def __init__(
        self,
        digests: Digests,
        choices: ChoiceStore,
        store: DigestStore,
        notifier: Notifier,
        lease: Lease,
        hour: Hour,
        zone: ZoneInfo,
        chunk: int = CHUNK,
    ) -> None:
        self._digests = digests
        self._choices = choices
        self._store = store
        self._notifier = notifier
        self._lease = lease
        self._hour = hour
        self._zone = zone
        self._chunk = chunk

    async def run_once(self) -> int:
        """Tell some of those who have not had the latest week's, and answer how many."""
        if await self._lease.hold() is None:
            return 0
        at = now()
        week = latest_week(self._hour, at, self._zone)
        progress = await self._store.begin(week)
        if progress.done:
            return 0
        persons = await self._choices.want_digest(progress.after, self._chunk)
        if not persons:
            await self._store.finish(week)
            return 0
        digests = await self._digests.of(persons, week)
        await self._notifier.tell(_hearings(digests), at)
        await self._store.advance(week, persons[-1])
        return len(persons)


async def _hearings(digests: Mapping[UUID, Event]) -> AsyncIterator[Hearing]:
    """What is in no feed has no place there either."""
    for digest, hearer in digest_hearers(digests):
        yield Hearing(Published(seq=0, epoch="", event=digest), hearer)
