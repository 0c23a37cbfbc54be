"""How many reports stand in each tab of a queue: counted, or remembered from a moment ago."""

import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from smartcity.clock import now
from smartcity.reports.lists.model import Standing, TabCounts
from smartcity.reports.lists.store import ReportLists
from smartcity.reports.lists.tally import Tally

FEW: Final = 500
"""So many reports are counted while somebody waits: a few milliseconds."""

SHARE: Final = 50
AT_LEAST_S: Final = 2.0
"""Everything is counted again so many times later as it took, or so much: what is remembered costs
the database a fiftieth of one processor, and is seconds old.
"""


class QueueCounts:
    """The counts of queues' tabs in one process.

    A count looks at a key of each open report: some 50 ms for 20,000, and a page shows fifty of
    them. So those of a ward office are counted anew for each who asks, and nobody waits for those
    of a large agency, or of a hundred small ones: all are counted before the process is ready, and
    from then on behind the answers.
    """

    def __init__(self, lists: ReportLists, clock: Callable[[], float] = time.monotonic) -> None:
        self._lists = lists
        self._clock = clock
        self._tally: Tally | None = None
        self.pause_s = AT_LEAST_S
        """How long to wait before the next `refresh`."""

    async def of(self, agencies: frozenset[str], standing: Standing) -> TabCounts:
        """The tabs of these agencies together, for somebody with whom that stands."""
        tally = self._tally
        if tally is None or tally.size(agencies, standing) <= FEW:
            tally = await self._lists.tally(now(), agencies, standing)
        return tally.tabs(agencies, standing)

    async def assigned_to(self, agencies: frozenset[str], assignee: UUID) -> int:
        """How many of their open reports one person has: few, and always counted."""
        return await self._lists.count_assigned(agencies, assignee)

    async def refresh(self) -> None:
        """Count all open reports of the city."""
        started = self._clock()
        self._tally = await self._lists.tally(now())
        self.pause_s = max(AT_LEAST_S, (self._clock() - started) * SHARE)
