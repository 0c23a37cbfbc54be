"""How many reports there were of categories whose single reports nobody may know of.

Of these the public is told nothing but this, in a form that cannot be taken apart:

- one cell is one category, one unit and one whole month of the city's calendar that is over:
  windows that one can move or lay over each other would give single days and reports away;
- a cell with fewer than `FEW` reports is left out, as is one with none, so that they look alike;
- there are no totals, no other figures and no other tables that count these reports, so nothing
  can be worked out from the rest. (`StatisticsService` leaves them out of everything else that it
  tells the public.)

A correction may still move a report into or out of a cell of a month that is over: whoever compared
the cell before and after would know that one report moved, and not which.
"""

from calendar import monthrange
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np

from smartcity.city.model import City, Publicity
from smartcity.errors import FieldError, Invalid
from smartcity.statistics.columns import Table

FEW: Final = 5
"""Of so many reports at least a count tells."""

MONTHS: Final = 24
"""So many months are counted, up to the last one that is over."""


class Month(NamedTuple):
    """A month that is over, as `2026-10`, and its two ends in the city's zone."""

    name: str
    begins: datetime
    ends: datetime


class Cell(NamedTuple):
    """How many reports of a category there were in a unit."""

    category: str
    unit: str
    reports: int


def counted_categories(city: City) -> frozenset[str]:
    """The categories of which counts are public, and nothing else."""
    return frozenset(
        category.code
        for category in city.categories.values()
        if category.public is Publicity.NEVER and category.counts
    )


def whole_month(city: City, name: str | None, at: datetime) -> Month:
    """The month of a name, by default the last one that is over. Raises `Invalid` for one that is
    not over, or that is too long ago.
    """
    this = city.local(at).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    begins = (this - timedelta(days=1)).replace(day=1)
    if name is not None:
        begins = this.replace(year=int(name[:4]), month=int(name[5:]))
    ago = (this.year - begins.year) * 12 + this.month - begins.month
    if not 1 <= ago <= MONTHS:
        raise Invalid(FieldError("month", "range"))
    days = monthrange(begins.year, begins.month)[1]
    return Month(f"{begins:%Y-%m}", begins, begins + timedelta(days=days))


def cells(tables: Sequence[Table], categories: frozenset[str], month: Month) -> list[Cell]:
    """The cells that may be told of, in order."""
    found: Counter[tuple[str, str]] = Counter()
    for table in tables:
        found.update(_counted(table, categories, month))
    return [Cell(*key, count) for key, count in sorted(found.items()) if count >= FEW]


def _counted(table: Table, categories: frozenset[str], month: Month) -> Counter[tuple[str, str]]:
    submitted = table.seconds("submitted_at")
    in_month = (submitted >= month.begins.timestamp()) & (submitted < month.ends.timestamp())
    chosen = table.live & in_month
    words, units = table.words("category"), table.words("unit")
    pairs = np.stack([table.numbers("category")[chosen], table.numbers("unit")[chosen]], axis=1)
    found = Counter[tuple[str, str]]()
    for pair, count in zip(*np.unique(pairs, axis=0, return_counts=True), strict=True):
        category, unit = words[int(pair[0])], units[int(pair[1])]
        if category is not None and category in categories and unit is not None:
            found[category, unit] = int(count)
    return found
