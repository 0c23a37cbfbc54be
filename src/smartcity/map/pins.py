"""All reports of the city in memory, kept up to date by the feed.

Everything but the sorting happens on the event loop, so a question is answered from one state. The
sort works in a thread on what nobody writes any more, and its outcome is swapped in on the loop.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from uuid import UUID

import numpy as np
import structlog

from smartcity.feed.event import Published, Topic
from smartcity.geography.tiles import Tile
from smartcity.map.clusters import CELLS, Counted, cells, clusters, points
from smartcity.map.columns import Columns, Mask, Pile, Vocabulary
from smartcity.map.layers import SUMMARY_DEPTH, SortedPart, Tail
from smartcity.map.model import Filters, Mark, Pin, PinSource, pin_of
from smartcity.map.rows import PinRows

log = structlog.get_logger(__name__)

SORT_AT: Final = 10_000
"""So many changes are looked through at every question; then they are sorted in."""

MARKS: Final = 400
"""A tile never shows more."""

CLUSTERS_ONLY_TO: Final = SUMMARY_DEPTH - 4
"""The last zoom that is drawn from the summary, where no report is shown by itself."""

POINTS_FROM: Final = 16
"""From this zoom on every report is shown by itself, as far as there are no more than `MARKS`."""

RETRY_S: Final = 1.0


class PinIndex:
    """Every report as a row of columns. `revision` grows whenever something drawn changed."""

    def __init__(self, source: PinSource) -> None:
        self._source = source
        self._words = Vocabulary()
        self._sorted = SortedPart([self._words.columns([])])
        self._tail: Tail = Tail()
        self._batches: list[UUID] = []
        self._work = asyncio.Event()
        # always the same thread, as each keeps some 50 MB of heap from its last sort
        self._thread = ThreadPoolExecutor(1, "pins")
        self.revision: int = 0

    def __len__(self) -> int:
        return int(np.count_nonzero(self._sorted.live)) + len(self._tail)

    # --- what comes in ---------------------------------------------------------------------------

    async def load(self) -> None:
        """Read all reports, in place of what is there.

        Stand at the end of the feed before: what happens meanwhile then comes as events, and those
        that are older than what was read change nothing.
        """
        pile = Pile()
        async for pins in self._source.pins():
            pile.add(self._words.columns(pins))
        self._sorted = await self._in_thread([pile.columns])
        self._tail = Tail()
        self.revision += 1

    def apply(self, events: Sequence[Published]) -> None:
        """Take in what the feed tells. An event that was told before, or is older than what is
        known, changes nothing. A batch is fetched by `run`.
        """
        pins: list[Pin] = []
        for event in (published.event for published in events):
            if event.topic is Topic.BULK and event.of is Topic.REPORT and event.batch is not None:
                self._batches.append(event.batch)
                self._work.set()
            elif pin := pin_of(event):
                pins.append(pin)
        self.put(pins)

    def put(self, pins: Sequence[Pin]) -> None:
        """Take in the state of some reports."""
        fresh = self._words.columns(pins)
        for row, pin in enumerate(pins):
            self._put(pin.id, fresh, row)
        if len(self._tail) >= SORT_AT:
            self._work.set()

    async def run(self) -> None:
        """Fetch announced batches and sort, as long as the process lives."""
        while True:
            await self._work.wait()
            try:
                await self.settle()
            except Exception:  # the database may be away for a while; nothing is forgotten
                log.exception("pins could not be brought up to date")
                await asyncio.sleep(RETRY_S)

    async def settle(self) -> None:
        """Fetch the batches that were announced, and sort if it is due."""
        while self._batches:
            async for pins in self._source.batch(self._batches[0]):
                self.put(pins)
                await self._sort_when_due()
            del self._batches[0]
        await self._sort_when_due()
        self._work.clear()

    async def sort(self) -> None:
        """Sort the tail in. What changes meanwhile stands in the tail afterwards."""
        before, until = self._sorted, self._tail.stamp
        tail, live = self._tail.columns.copy(), before.live.copy()
        after = await self._in_thread([before.columns, tail], live)
        if self._sorted is not before:
            return  # everything was loaded anew
        self._sorted, self._tail = after, self._tail.since(until)
        for report in self._tail.reports:
            if (row := after.find(report)) is not None:
                after.strike(row)

    async def _in_thread(self, parts: Sequence[Columns], live: Mask | None = None) -> SortedPart:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, SortedPart, parts, live)

    async def _sort_when_due(self) -> None:
        if len(self._tail) >= SORT_AT:
            await self.sort()

    def _put(self, report: UUID, fresh: Columns, row: int) -> None:
        drawn = self._drawn(fresh, row)
        if (known := self._find(report)) is not None:
            columns, old = known
            if columns.version[old] > fresh.version[row] or columns.same(old, fresh, row):
                return
            drawn = drawn or self._drawn(columns, old)
            if columns is self._sorted.columns:
                self._sorted.strike(old)
        self._tail.put(report, fresh, row)
        self.revision += drawn

    def _drawn(self, columns: Columns, row: int) -> bool:
        return self._words.kinds.words[int(columns.kind[row])].drawn

    def _find(self, report: UUID) -> tuple[Columns, int] | None:
        if (row := self._tail.find(report)) is not None:
            return self._tail.columns, row
        if (row := self._sorted.find(report)) is not None:
            return self._sorted.columns, row
        return None

    # --- what is asked ---------------------------------------------------------------------------

    def marks(self, tile: Tile, filters: Filters) -> list[Mark]:
        """What is drawn in a tile (zoom 20 at the most): `MARKS` at the most, and every report that
        the public may see in exactly one of them.
        """
        wanted = self._words.wanted(filters)
        if tile.z <= CLUSTERS_ONLY_TO:
            return self._overview(tile, wanted)
        return self._detail(tile, wanted)

    def rows(self) -> Sequence[PinRows]:
        """All reports, for figures: columns that nobody writes any more."""
        return (
            PinRows(self._sorted.columns, self._sorted.live.copy(), self._words),
            PinRows(self._tail.columns.copy(), np.ones(len(self._tail), np.bool_), self._words),
        )

    def _overview(self, tile: Tile, wanted: Mask) -> list[Mark]:
        """Clusters from the summary, set right by what changed since it was made."""
        summary, columns, tail = self._sorted.summary, self._sorted.columns, self._tail.columns
        run, whole = tile.run_in(summary.code), tile.run_in(columns.code)
        struck = np.flatnonzero(~self._sorted.live[whole]) + whole.start
        changed = _inside(tile, tail)
        parts = (
            Counted(summary.code[run], summary.kind[run], summary.count[run].astype(np.float64)),
            Counted(columns.code[struck], columns.kind[struck], np.full(len(struck), -1.0)),
            Counted(tail.code[changed], tail.kind[changed]),
        )
        found = clusters(tile, [part.only(wanted) for part in parts], self._words)
        return [mark for _, mark in found]

    def _detail(self, tile: Tile, wanted: Mask) -> list[Mark]:
        """Clusters from the rows themselves; a report that is alone in its cell is a point."""
        columns, tail = self._sorted.columns, self._tail.columns
        run = tile.run_in(columns.code)
        drawn = wanted.take(columns.kind[run]) & self._sorted.live[run]
        layers = (
            (columns, np.flatnonzero(drawn) + run.start),
            (tail, np.flatnonzero(_inside(tile, tail) & wanted.take(tail.kind))),
        )
        if tile.z >= POINTS_FROM and sum(len(rows) for _, rows in layers) <= MARKS:
            return [mark for part, rows in layers for mark in points(part, rows, self._words)]
        counted = [Counted(part.code[rows], part.kind[rows]) for part, rows in layers]
        found = dict(clusters(tile, counted, self._words))
        alone = np.zeros(CELLS, np.bool_)
        alone[[cell for cell, mark in found.items() if mark.count == 1]] = True
        marks = [mark for mark in found.values() if mark.count > 1]
        for (part, rows), (codes, _, _) in zip(layers, counted, strict=True):
            marks += points(part, rows[alone[cells(tile, codes)]], self._words)
        return marks


def _inside(tile: Tile, columns: Columns) -> Mask:
    """Which rows, in whatever order, lie in the tile."""
    first, last = tile.morton_range()
    return (columns.code >= first) & (columns.code <= last)
