"""Chains what the feed tells of staff and clock into the audit log: each event once, in order.

It remembers its place in the feed within the chain's head, which moves with the entries or not at
all. So it may die on any line, and of two that run at once the one that is late appends nothing.
No event is ever set aside: a log with a hole is none, so it rather stands still and says so.
"""

from collections.abc import Sequence
from typing import Final

import structlog

from smartcity.audit.chain import Chain
from smartcity.audit.entries import entries, may_be_citizens
from smartcity.audit.heads import AuditHeads
from smartcity.audit.log import StaffNames
from smartcity.audit.model import Head
from smartcity.audit.store import AUDITOR, AuditStore, HeadMoved
from smartcity.feed.event import Published
from smartcity.feed.store import FeedStore
from smartcity.storage.leases import Lease

log = structlog.get_logger(__name__)

BATCH: Final = 1000


class FeedRewound(Exception):
    """The feed ends before what was chained: it is not the one that the log was made from."""


class Auditor:
    """Of several processes that run one, the lease holder chains."""

    def __init__(
        self,
        feed: FeedStore,
        store: AuditStore,
        chain: Chain,
        heads: AuditHeads,
        staff: StaffNames,
        lease: Lease,
    ) -> None:
        assert lease.name == AUDITOR, "the lease's document is the head"
        self._feed = feed
        self._store = store
        self._chain = chain
        self._heads = heads
        self._staff = staff
        self._lease = lease
        self._epoch: str | None = None

    async def run_once(self) -> int:
        """Chain a batch and answer how many events it had; 0 without the lease.

        Raises `FeedRewound`, and `HeadLost`.
        """
        fence = await self._lease.hold()
        if fence is None:
            return 0
        head = await self._store.head()
        events = await self._news(head)
        if not events:
            return 0
        try:
            await self._append(fence, head, events)
        except HeadMoved:
            log.warning("auditor lost its lease", events=len(events))
            return 0
        await self._feed.remember(AUDITOR, events[-1].seq)
        return len(events)

    async def keep_heads(self) -> None:
        """Log and publish the head when it is time."""
        if await self._lease.hold() is not None:
            await self._heads.keep()

    async def _news(self, head: Head) -> list[Published]:
        if self._epoch is None:
            if max(await self._feed.last_seq(), await self._feed.first_seq() - 1) < head.seq:
                raise FeedRewound(f"event {head.seq} was chained and is not there")
            self._epoch = await self._feed.epoch()
        return await self._feed.after(head.seq, BATCH, self._epoch)

    async def _append(self, fence: int, head: Head, events: Sequence[Published]) -> None:
        asked = may_be_citizens(events)
        staff = (await self._staff.names(asked)).keys() if asked else ()
        fresh = entries(events, staff, number=head.count, place=head.seq)
        linked = self._chain.link(head.mac, fresh)
        after = Head(
            count=head.count + len(linked),
            mac=linked[-1].mac if linked else head.mac,
            seq=events[-1].seq,
        )
        await self._store.append(fence, head, after, linked)
