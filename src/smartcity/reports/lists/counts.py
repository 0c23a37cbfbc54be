"""How many reports stand in each tab of a queue: counted, or remembered from a moment ago."""

import asyncio
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

import msgspec

from smartcity.clock import now
from smartcity.reports.lists.model import TabCounts
from smartcity.reports.lists.store import ReportLists

SHARE: Final = 50
"""Counts hold for so many times as long as they took: counting never takes more than a fiftieth of
the time. A ward office's, done in a millisecond, are always fresh; those of twenty thousand reports
are two seconds old at the most,
"""
COSTLY_S: Final = 0.01
STALE_S: Final = 10.0
"""or so old, if they took longer than that and others are counted behind the answer."""

KEPT: Final = 256
"""The counts of so many sets of agencies are remembered."""


class _Counted(msgspec.Struct, frozen=True):
    counts: TabCounts
    at: float
    took_s: float


class QueueCounts:
    """The counts of queues' tabs in one process.

    A count looks at a key of each open report (about 40 ms for 20,000), a page only at those that
    it shows: so pages do not wait for a count that somebody else has just had.
    """

    def __init__(self, lists: ReportLists, clock: Callable[[], float] = time.monotonic) -> None:
        self._lists = lists
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._kept: dict[frozenset[str], _Counted] = {}
        self._counting: dict[frozenset[str], asyncio.Task[TabCounts]] = {}

    async def of(self, agencies: frozenset[str]) -> TabCounts:
        """The tabs of these agencies together."""
        kept = self._kept.get(agencies)
        age_s = 0.0 if kept is None else self._clock() - kept.at
        if kept is not None and age_s <= kept.took_s * SHARE:
            return kept.counts
        counting = self._count_again(agencies)
        if kept is not None and kept.took_s > COSTLY_S and age_s <= STALE_S:
            return kept.counts
        return await asyncio.shield(counting)

    async def assigned_to(self, agencies: frozenset[str], assignee: UUID) -> int:
        """How many of their open reports one person has: few, and always counted."""
        return await self._lists.count_assigned(agencies, assignee)

    def _count_again(self, agencies: frozenset[str]) -> asyncio.Task[TabCounts]:
        """The count that is under way, or a new one; it goes on if who asked for it goes away."""
        task = self._counting.get(agencies)
        if task is None:
            task = self._counting[agencies] = asyncio.create_task(self._count(agencies))
            task.add_done_callback(lambda _: self._counting.pop(agencies, None))
        return task

    async def _count(self, agencies: frozenset[str]) -> TabCounts:
        async with self._one_at_a_time:
            started = self._clock()
            counts = await self._lists.count_tabs(agencies, now())
            ended = self._clock()
        self._kept.pop(agencies, None)
        if len(self._kept) >= KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[agencies] = _Counted(counts, ended, ended - started)
        return counts
