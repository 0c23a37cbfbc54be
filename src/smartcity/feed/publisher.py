"""Moves promised events into the log, once each, in order.

Of several publishers one holds the lease. Between any two lines here the process may die, or sleep
for longer than its lease and wake up: what was appended but not cleared is recognised by its id at
the next round, and a fence that is not ours any more makes the append fail as a whole.

A document has the `seq` of its last event only when its outbox was cleared. So that whoever asks
what changed misses nothing, it is noted up to where that is done: what another publisher may have
left behind is known to be cleared when a round has found room for everything that waited.
"""

from collections.abc import Sequence

import structlog

from smartcity.feed.event import Event
from smartcity.feed.outbox import Promise
from smartcity.feed.store import PUBLISHER, FeedStore, LeaseLost
from smartcity.storage.leases import Lease

log = structlog.get_logger(__name__)


class Publisher:
    """Publishes the outboxes of some collections, in the order in which they began to wait."""

    def __init__(
        self, feed: FeedStore, lease: Lease, collections: Sequence[str], batch: int
    ) -> None:
        assert lease.name == PUBLISHER, "the lease's document is the counter"
        self._feed = feed
        self._lease = lease
        self._collections = collections
        self._batch = batch
        self._caught_up: int | None = None
        """The fence under which nothing is left in an outbox that the log has already."""

    async def run_once(self) -> int:
        """Publish one batch and answer how many events it had; 0 without the lease."""
        fence = await self._lease.hold()
        if fence is None:
            return 0
        promises = await self._feed.promises(self._collections, self._batch)
        if not promises:
            if self._caught_up != fence:
                await self._settle(fence, await self._feed.last_seq())
            return 0
        caught_up = self._caught_up == fence or len(promises) < self._batch  # then these are all
        self._caught_up = None  # until these are cleared too
        events = _each_once(promises)
        known = await self._feed.published([event.id for event in events])
        fresh = [event for event in events if event.id not in known]
        try:
            seq = await self._feed.append(fence, fresh) if fresh else await self._feed.last_seq()
        except LeaseLost:
            log.warning("publisher lost its lease", events=len(fresh))
            return 0
        await self._feed.clear(promises, seq)
        if caught_up:
            await self._settle(fence, seq)
        return len(fresh)

    async def _settle(self, fence: int, seq: int) -> None:
        await self._feed.settle(fence, seq)
        self._caught_up = fence


def _each_once(promises: Sequence[Promise]) -> list[Event]:
    events = {event.id: event for promise in promises for event in promise.events}
    return list(events.values())
