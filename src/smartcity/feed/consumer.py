"""Reads the log on behalf of one consumer and remembers how far it got.

Delivery is at least once and in order: the place is written after the work, so what a consumer
does must be harmless when done twice. An event that fails five times is set aside, and the rest
go on; a service that is away (`Unavailable`) is no fault of the event's, and is waited for.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from smartcity.errors import Unavailable
from smartcity.feed.event import Published
from smartcity.feed.store import FeedStore
from smartcity.storage.leases import Lease
from smartcity.storage.mongo import UNREACHABLE

log = structlog.get_logger(__name__)

Handle = Callable[[Sequence[Published]], Awaitable[None]]

BATCH: Final = 500
TRIES: Final = 5
"""After as many failures of one event it is set aside."""

NOT_ITS_FAULT: Final = (Unavailable, *UNREACHABLE)
"""Whatever comes at such a moment fails: no event is to blame, and none is set aside for it."""


class Consumer:
    """One reader of the log. Of several processes that run the same one, the lease holder works."""

    def __init__(
        self, name: str, feed: FeedStore, lease: Lease, handle: Handle, batch: int = BATCH
    ) -> None:
        self._name = name
        self._feed = feed
        self._lease = lease
        self._handle = handle
        self._batch = batch

    async def run_once(self) -> int:
        """Take in what is new, up to a batch, and answer how much it was.

        Raises what an event failed with, until that was often enough to set it aside.
        """
        if await self._lease.hold() is None:
            return 0
        place = await self._feed.place(self._name) or 0
        events = await self._feed.after(place, self._batch, await self._feed.epoch())
        if not events:
            return 0
        try:
            await self._handle(events)
        except NOT_ITS_FAULT:
            raise
        except Exception as error:  # whatever it is, only this event may suffer from it
            log.warning("batch failed, taking its events singly", consumer=self._name, error=error)
            await self._one_by_one(events)
        else:
            await self._feed.remember(self._name, events[-1].seq)
        return len(events)

    async def _one_by_one(self, events: Sequence[Published]) -> None:
        """Find the event that fails; stop at it until it was tried often enough."""
        for event in events:
            try:
                await self._handle([event])
            except NOT_ITS_FAULT:
                raise
            except Exception as error:
                tries = await self._feed.count_failure(self._name, event.seq)
                log.exception("event failed", consumer=self._name, seq=event.seq, tries=tries)
                if tries < TRIES:
                    raise
                await self._feed.set_aside(self._name, event, repr(error))
            await self._feed.remember(self._name, event.seq)
