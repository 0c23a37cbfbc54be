"""Rows, those that are refused, and how they are counted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import add
from typing import Final, Self, TypeVar

import msgspec

NAME_LENGTH: Final = 100
"""How much of a refused row's name is told back."""


class RowError(ValueError):
    """Why a row is refused: the column, and a word."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.column = column
        self.reason = reason


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was refused: where it stands, its name if it has one, and why."""

    line: int
    name: str
    column: str
    reason: str


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the rows. Each import adds what else can become of its own."""

    rejected: int = 0

    def __add__(self, other: Self) -> Self:
        sums = map(add, msgspec.structs.astuple(self), msgspec.structs.astuple(other))
        return type(self)(**dict(zip(self.__struct_fields__, sums, strict=True)))

    @property
    def rows(self) -> int:
        return sum(msgspec.structs.astuple(self))


Cell = TypeVar("Cell")
Taken = TypeVar("Taken")
Counted = TypeVar("Counted", bound=Tally)

Line = tuple[int, Mapping[str, Cell] | RowError]
"""A line's number, and its row (column → what it holds) or why there is none."""

Heard = Callable[[Counted, Sequence[Reject]], None]
"""Told after each chunk: the sum so far, and what this chunk refused."""


def read_rows(
    lines: Iterable[Line[Cell]], read: Callable[[Mapping[str, Cell]], Taken], name: str
) -> tuple[list[Taken], list[Reject]]:
    """Read each row, and list those that are refused; `name` is the column with a row's name."""
    taken, rejects = list[Taken](), list[Reject]()
    for number, row in lines:
        try:
            if isinstance(row, RowError):
                raise row
            taken.append(read(row))
        except RowError as error:
            named = "" if isinstance(row, RowError) else str(row.get(name) or "").strip()
            rejects.append(
                Reject(
                    line=number,
                    name=named[:NAME_LENGTH],
                    column=error.column,
                    reason=error.reason,
                )
            )
    return taken, rejects
