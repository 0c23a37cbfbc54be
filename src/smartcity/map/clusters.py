"""From the rows in a tile to the marks drawn in it.

A tile is a grid of 16 × 16 cells, and no cell is drawn as more than one mark; so there are at most
256 clusters in a tile however many reports there are, and the counts of all tiles of a zoom add up
to the reports drawn.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from smartcity.geography.tiles import WORLD_BITS, Codes, Tile, deinterleave
from smartcity.map.columns import Columns, Mask, Rows, Small, Vocabulary
from smartcity.map.model import Mark

CELLS: Final = 256
SPOTS: Final = 256
"""Places within a cell, again 16 × 16, by which a cluster is drawn where its reports are."""

_ACROSS, _DOWN = deinterleave(np.arange(SPOTS, dtype=np.uint64))
"""Column and row of each of 256 Morton codes, for cells in a tile and for spots in a cell."""


class Counted(NamedTuple):
    """Rows of a tile. With a `weight` each stands for so many reports: -1 for one that the others
    count and that is not there any more.
    """

    code: Codes
    kind: Small
    weight: NDArray[np.float64] | None = None

    def only(self, wanted: Mask) -> "Counted":
        """The rows of wanted kinds."""
        rows = np.flatnonzero(wanted.take(self.kind))
        weight = None if self.weight is None else self.weight.take(rows)
        return Counted(self.code.take(rows), self.kind.take(rows), weight)


class _Present(NamedTuple):
    """How many reports of a kind stand in a cell, for those where it is not none."""

    cell: Rows
    kind: Rows
    reports: NDArray[np.float64]


def cells(tile: Tile, codes: Codes) -> Rows:
    """In which cell of the tile each code lies."""
    return (_spots(tile, codes) >> 8).astype(np.intp)


def clusters(tile: Tile, parts: Sequence[Counted], words: Vocabulary) -> Iterator[tuple[int, Mark]]:
    """The cells in which there is something, each with its mark."""
    kinds = len(words.kinds.words)
    by_spot = np.zeros(CELLS * SPOTS)
    by_kind = np.zeros(CELLS * kinds)
    for code, kind, weight in parts:
        spots = _spots(tile, code)
        by_spot += np.bincount(spots, weight, CELLS * SPOTS)
        cells_and_kinds = (spots >> 8).astype(np.int32) * kinds + kind
        by_kind += np.bincount(cells_and_kinds, weight, CELLS * kinds)
    counts = by_spot.reshape(CELLS, SPOTS)
    full = np.flatnonzero(counts.sum(axis=1) > 0)
    x, y = _middles(tile, full, counts[full])
    cell, kind = np.nonzero(by_kind.reshape(CELLS, kinds))
    present = _Present(cell, kind, by_kind[by_kind != 0])
    statuses = _commonest(present, words.status_of_kind())[full]
    categories = _commonest(present, words.category_of_kind())[full]
    fields = _commonest(present, words.field_of_kind())[full]
    totals = counts[full].sum(axis=1)
    for place, cell in enumerate(full.tolist()):
        yield (
            cell,
            Mark(
                x=int(x[place]),
                y=int(y[place]),
                status=words.statuses.words[int(statuses[place])],
                category=words.categories.words[int(categories[place])],
                field=words.fields.words[int(fields[place])],
                count=int(totals[place]),
            ),
        )


def points(columns: Columns, rows: Rows, words: Vocabulary) -> Iterator[Mark]:
    """Each row as a mark of its own."""
    xs, ys = deinterleave(columns.code[rows])
    for row, x, y in zip(rows.tolist(), xs.tolist(), ys.tolist(), strict=True):
        kind = words.kinds.words[int(columns.kind[row])]
        yield Mark(x, y, kind.status, kind.category, kind.field, 1, columns.id(row))


def _spots(tile: Tile, codes: Codes) -> Small:
    """Cell and spot of each code, as one number: the sixteen bits below the tile's own."""
    return (codes >> np.uint64(2 * (WORLD_BITS - tile.z) - 16)).astype(np.uint16)


def _middles(
    tile: Tile, cells: Rows, counts: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """World coordinates of the mean place in each cell; never outside it, though a mean of which
    single reports were taken away may be a little off.
    """
    totals = counts.sum(axis=1)

    def middle(steps: NDArray[np.uint32], corner: int) -> NDArray[np.int64]:
        mean = np.clip((counts * steps).sum(axis=1) / totals, 0, 15)
        share = (steps[cells] + (mean + 0.5) / 16) / 16
        return corner * tile.side + (share * tile.side).astype(np.int64)

    return middle(_ACROSS, tile.x), middle(_DOWN, tile.y)


def _commonest(present: _Present, word_of_kind: Rows) -> Rows:
    """For each cell the word that most of its reports have."""
    words = int(word_of_kind.max(initial=0)) + 1
    place = present.cell * words + word_of_kind[present.kind]
    return np.bincount(place, present.reports, CELLS * words).reshape(CELLS, words).argmax(axis=1)
