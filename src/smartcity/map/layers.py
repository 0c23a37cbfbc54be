"""The two places where rows stand: a large part in Morton order, and a small one of what changed.

A row of the sorted part is never written again; what changes is struck off there and stands in the
tail, until a thread has sorted both into a new part.
"""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
import numpy as np
from numpy.typing import NDArray

from smartcity.geography.tiles import Codes
from smartcity.map.columns import Columns, Mask, Pile, Rows, Small, empty

SUMMARY_DEPTH: Final = 14
"""The zoom whose tiles are the summary's cells: 2.4 km at the equator."""

CODE: Final = Columns._fields.index("code")

_CELL: Final = np.uint64(64 - 2 * SUMMARY_DEPTH)


class Summary(msgspec.Struct, frozen=True):
    """How many rows of a kind stand in a cell, as if all stood where the middle one of them does.

    In the order of the cells, so that the codes of a tile up to `SUMMARY_DEPTH` are one run, though
    within a cell they are in no order.
    """

    code: Codes
    kind: Small
    count: NDArray[np.uint32]


class SortedPart:
    """Rows in Morton order. Built in a thread; from then on only `strike` changes it."""

    def __init__(self, parts: Sequence[Columns], live: Mask | None = None) -> None:
        """Sort the rows of all parts, but those of the first that are not `live`. Takes a quarter
        of a second for a million.
        """
        self.columns = _in_order(parts, live)
        self.live: Mask = np.ones(self.columns.size, np.bool_)
        """What is not struck off; the summary still counts all."""
        self._by_id = np.argsort(self.columns.id_high, kind="stable").astype(np.uint32)
        self.summary = _summary(self.columns)

    def find(self, report: UUID) -> int | None:
        """The live row of a report."""
        high, low = report.int >> 64, report.int & (1 << 64) - 1
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

    def __init__(self, stamp: int = 0) -> None:
        self.stamp = stamp
        """Counts the changes."""
        self._pile = Pile()
        self._places: dict[UUID, int] = {}
        self._stamps: list[int] = []

    def __len__(self) -> int:
        return self._pile.size

    @property
    def columns(self) -> Columns:
        return self._pile.columns

    @property
    def reports(self) -> Collection[UUID]:
        """Whose rows there are, in their order."""
        return self._places.keys()

    def find(self, report: UUID) -> int | None:
        return self._places.get(report)

    def put(self, report: UUID, rows: Columns, row: int) -> None:
        """Take over one row, in place of an older one of the same report."""
        self.stamp += 1
        place = self._places.get(report)
        if place is not None:
            self._pile.put(place, rows, row)
            self._stamps[place] = self.stamp
            return
        self._places[report] = len(self)
        self._pile.add(rows.take(slice(row, row + 1)))
        self._stamps.append(self.stamp)

    def since(self, stamp: int) -> "Tail":
        """A tail with only what changed after a stamp."""
        later = Tail(self.stamp)
        for report, place in self._places.items():
            if self._stamps[place] > stamp:
                later.put(report, self.columns, place)
        return later


def _in_order(parts: Sequence[Columns], live: Mask | None) -> Columns:
    """The rows by their codes; one column after the other, as only one fits in memory thrice."""

    def stacked(number: int) -> NDArray[Any]:
        first: NDArray[Any] = parts[0][number]
        first = first if live is None else first[live]
        return np.concatenate([first, *(part[number] for part in parts[1:])])

    order = np.argsort(stacked(CODE), kind="stable")
    columns = empty(len(order))
    for number, column in enumerate(columns):
        np.take(stacked(number), order, out=column, mode="clip")
    return columns


def _summary(columns: Columns) -> Summary:
    key = columns.code >> _CELL
    key <<= np.uint64(16)
    key |= columns.kind
    order: Rows = np.argsort(key, kind="stable")
    key = key[order]
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1])[: len(key)])
    counts = np.diff(starts, append=len(key))
    middle = order[starts + counts // 2]
    return Summary(columns.code[middle], columns.kind[middle], counts.astype(np.uint32))
