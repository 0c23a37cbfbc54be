"""The two places where rows stand: a large part in Morton order, and a small one of what changed.

A row of the sorted part is never written again; what changes is struck off there and stands in the
tail, until a thread has sorted both into a new part.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from smartcity.geography.tiles import Codes
from smartcity.map.columns import Columns, Mask, Rows, Small, empty, joined

SUMMARY_DEPTH: Final = 14
"""The zoom whose tiles are the summary's cells: 2.4 km at the equator."""

CODE: Final = Columns._fields.index("code")

_CELL: Final = np.uint64(64 - 2 * SUMMARY_DEPTH)


class Summary(NamedTuple):
    """How many rows of a kind stand in a cell, as if all stood where the middle one of them does.

    In the order of the cells, so that the codes of a tile up to `SUMMARY_DEPTH` are one run, though
    within a cell they are in no order.
    """

    code: Codes
    kind: Small
    count: NDArray[np.uint32]


class SortedPart:
    """Rows in Morton order. Built in a thread; from then on only `strike` changes it."""

    def __init__(self, parts: Sequence[tuple[Columns, Rows | Mask | slice]]) -> None:
        """Sort the chosen rows of all parts. Takes half a second for a million of them.

        One column after the other, so that only one of them is in memory three times.
        """

        def stacked(number: int) -> NDArray[Any]:
            return np.concatenate([columns[number][rows] for columns, rows in parts])

        order = np.argsort(stacked(CODE), kind="stable")
        self.columns = Columns(*(stacked(number)[order] for number in range(len(Columns._fields))))
        self.live: Mask = np.ones(self.columns.size, np.bool_)
        """What is not struck off; the summary still counts all."""
        self._by_id = np.argsort(self.columns.id_high, kind="stable").astype(np.uint32)
        self.summary = _summary(self.columns)

    def find(self, id: UUID) -> int | None:
        """The live row of a report."""
        high, low = id.int >> 64, id.int & (1 << 64) - 1
        place = self._first_at_least(high)
        while place < len(self._by_id):
            row = int(self._by_id[place])
            if int(self.columns.id_high[row]) != high:
                return None
            if int(self.columns.id_low[row]) == low:
                return row if self.live[row] else None
            place += 1
        return None

    def strike(self, row: int) -> None:
        """Let a row count no more, because its report stands in the tail."""
        self.live[row] = False

    def _first_at_least(self, high: int) -> int:
        """Where in the order of ids the first with these upper bits stands."""
        ids, order = self.columns.id_high, self._by_id
        return bisect_left(order, high, key=lambda row: int(ids[row]))


class Tail:
    """What came or changed since the last sort, in no order. One row for each report."""

    def __init__(self) -> None:
        self._room = empty(1024)
        self._stamps = np.zeros(1024, np.int64)
        self._rows: dict[UUID, int] = {}
        self.stamp = 0
        """Counts the changes."""

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def columns(self) -> Columns:
        return self._room.take(slice(len(self)))

    def find(self, id: UUID) -> int | None:
        return self._rows.get(id)

    def put(self, id: UUID, columns: Columns, row: int) -> None:
        """Take over one row, in place of an older one of the same report."""
        place = self._rows.setdefault(id, len(self._rows))
        if place == self._room.size:
            self._room = joined((self._room, empty(place)))
            self._stamps = np.concatenate((self._stamps, np.zeros(place, np.int64)))
        for mine, theirs in zip(self._room, columns, strict=True):
            mine[place] = theirs[row]
        self.stamp += 1
        self._stamps[place] = self.stamp

    def since(self, stamp: int) -> "Tail":
        """A tail with only what changed after a stamp."""
        later = Tail()
        later.stamp = self.stamp
        changed = {id: row for id, row in self._rows.items() if self._stamps[row] > stamp}
        for id, row in changed.items():
            later.put(id, self._room, row)
        return later


def _summary(columns: Columns) -> Summary:
    key = (columns.code >> _CELL) << np.uint64(16) | columns.kind
    order: Rows = np.argsort(key, kind="stable")
    ranked = key[order]
    starts = np.flatnonzero(np.diff(ranked, prepend=~ranked[:1]))
    counts = np.diff(starts, append=len(ranked))
    middle = order[starts + counts // 2]
    return Summary(columns.code[middle], columns.kind[middle], counts.astype(np.uint32))
