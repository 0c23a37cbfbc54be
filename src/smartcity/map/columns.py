"""Reports as columns: one number per report and property, and the words behind the numbers."""

from collections.abc import Callable, Sequence
from datetime import datetime
from mmap import mmap
from typing import Any, Final, Generic, NamedTuple, TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from smartcity.geography.tiles import Codes, interleave, to_world
from smartcity.map.model import OFF_THE_MAP, Filters, Kind, Pin

Small = NDArray[np.uint16]
Seconds = NDArray[np.uint32]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

NOWHERE: Final = np.uint64(2**64 - 1)
"""The code of a report without a point. It sorts last, and no kind of it is ever drawn."""

_LOW: Final = (1 << 64) - 1

word = TypeVar("word")


class Words(Generic[word]):
    """Words and their numbers, in the order of their first appearance. Only ever added to, so that
    a number keeps its meaning for whoever reads columns in another thread.
    """

    def __init__(self) -> None:
        self.words: list[word] = []
        self._numbers: dict[word, int] = {}

    def number(self, text: word) -> int:
        number = self._numbers.get(text)
        if number is None:
            number = len(self.words)
            self.words.append(text)
            self._numbers[text] = number
        return number


class Columns(NamedTuple):
    """Rows in some order. Times are whole seconds since 1970, 0 for none."""

    id_high: Codes
    id_low: Codes
    code: Codes
    kind: Small
    agency: Small
    unit: Small
    version: NDArray[np.uint32]
    submitted_at: Seconds
    received_at: Seconds
    finished_at: Seconds
    receive_by: Seconds
    due_at: Seconds
    risk_at: Seconds
    first_resolve_by: Seconds

    @property
    def size(self) -> int:
        return len(self.code)

    def take(self, rows: Rows | Mask | slice) -> "Columns":
        return self._each(lambda column: column[rows])

    def copy(self) -> "Columns":
        return self._each(lambda column: column.copy())

    def write(self, place: slice, rows: "Columns") -> None:
        for mine, theirs in zip(self, rows, strict=True):
            mine[place] = theirs

    def id(self, row: int) -> UUID:
        return UUID(int=int(self.id_high[row]) << 64 | int(self.id_low[row]))

    def same(self, row: int, other: "Columns", other_row: int) -> bool:
        """Whether two rows say the same."""
        return all(mine[row] == theirs[other_row] for mine, theirs in zip(self, other, strict=True))

    def _each(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> "Columns":
        return Columns(*map(change, self))


def empty(size: int) -> Columns:
    """Room for so many rows, in memory that goes back to the system with the last who sees it.

    From the common heap a process with a million rows would keep 50 to 100 MB more, in shreds.
    """
    types: list[type[Any]] = [*(np.uint64,) * 3, *(np.uint16,) * 3, *(np.uint32,) * 8]
    columns: list[NDArray[Any]] = [_pages(size, np.dtype(kind)) for kind in types]
    return Columns(*columns)


def _pages(size: int, kind: np.dtype[Any]) -> NDArray[Any]:
    return np.frombuffer(mmap(-1, max(1, size * kind.itemsize)), kind, size)


class Pile:
    """Columns that rows are added to. They grow in place of lists of pieces, which would leave the
    memory in shreds.
    """

    def __init__(self) -> None:
        self._room = empty(1024)
        self.size = 0

    @property
    def columns(self) -> Columns:
        """What is there; seen through to the pile itself."""
        return self._room.take(slice(self.size))

    def add(self, rows: Columns) -> None:
        """Add rows at the end."""
        until = self.size + rows.size
        if until > self._room.size:
            grown = empty(max(until, 2 * self._room.size))
            grown.write(slice(self.size), self.columns)
            self._room = grown
        self._room.write(slice(self.size, until), rows)
        self.size = until

    def put(self, place: int, rows: Columns, row: int) -> None:
        """Write one row over another."""
        for mine, theirs in zip(self._room, rows, strict=True):
            mine[place] = theirs[row]


class Vocabulary:
    """The words behind the columns of one index."""

    def __init__(self) -> None:
        self.kinds: Words[Kind] = Words()
        self.statuses: Words[str] = Words()
        self.categories: Words[str] = Words()
        self.fields: Words[str] = Words()
        self.agencies: Words[str | None] = Words()
        self.units: Words[str | None] = Words()

    def columns(self, pins: Sequence[Pin]) -> Columns:
        """Rows of pins, in their order."""
        return Columns(
            id_high=np.array([pin.id.int >> 64 for pin in pins], np.uint64),
            id_low=np.array([pin.id.int & _LOW for pin in pins], np.uint64),
            code=_codes(pins),
            kind=np.array([self._kind(pin) for pin in pins], np.uint16),
            agency=np.array([self.agencies.number(pin.agency) for pin in pins], np.uint16),
            unit=np.array([self.units.number(pin.unit) for pin in pins], np.uint16),
            version=np.array([pin.version for pin in pins], np.uint32),
            submitted_at=_seconds([pin.submitted_at for pin in pins]),
            received_at=_seconds([pin.received_at for pin in pins]),
            finished_at=_seconds([pin.finished_at for pin in pins]),
            receive_by=_seconds([pin.receive_by for pin in pins]),
            due_at=_seconds([pin.due_at for pin in pins]),
            risk_at=_seconds([pin.risk_at for pin in pins]),
            first_resolve_by=_seconds([pin.first_resolve_by for pin in pins]),
        )

    def wanted(self, filters: Filters) -> Mask:
        """By kind: whether the filters let it through."""
        return np.array([filters.allow(kind) for kind in self.kinds.words], np.bool_)

    def status_of_kind(self) -> Rows:
        return np.array([self.statuses.number(k.status) for k in self.kinds.words], np.intp)

    def category_of_kind(self) -> Rows:
        return np.array([self.categories.number(k.category) for k in self.kinds.words], np.intp)

    def field_of_kind(self) -> Rows:
        return np.array([self.fields.number(k.field) for k in self.kinds.words], np.intp)

    def told_of_kind(self) -> Mask:
        return np.array([kind.told for kind in self.kinds.words], np.bool_)

    def _kind(self, pin: Pin) -> int:
        has_point = pin.lon is not None and pin.lat is not None
        drawn = pin.public and has_point and pin.status not in OFF_THE_MAP
        self.statuses.number(pin.status)
        self.categories.number(pin.category)
        self.fields.number(pin.field)
        told = not pin.never_public
        return self.kinds.number(Kind(pin.status, pin.category, pin.field, drawn, told))


def _codes(pins: Sequence[Pin]) -> Codes:
    lon = np.array([np.nan if pin.lon is None else pin.lon for pin in pins], np.float64)
    lat = np.array([np.nan if pin.lat is None else pin.lat for pin in pins], np.float64)
    somewhere = ~(np.isnan(lon) | np.isnan(lat))
    codes = np.full(len(pins), NOWHERE, np.uint64)
    codes[somewhere] = interleave(*to_world(lon[somewhere], lat[somewhere]))
    return codes


def _seconds(times: Sequence[datetime | None]) -> Seconds:
    """Before 1970 and after 2106 nobody files a report: such times go to the nearer end."""
    values = [0 if time is None else int(time.timestamp()) for time in times]
    return np.clip(np.array(values, np.int64), 0, 2**32 - 1).astype(np.uint32)
