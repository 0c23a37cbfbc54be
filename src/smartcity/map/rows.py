"""The columns as those see them who count: by name, with the words behind the numbers."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from smartcity.map.columns import Columns, Mask, Seconds, Vocabulary


class PinRows:
    """Some reports. Only rows that are `live` count; nobody writes these columns any more, so they
    may be read in another thread.
    """

    def __init__(self, columns: Columns, live: Mask, words: Vocabulary) -> None:
        self._columns = columns
        self._words = words
        self.live = live

    @property
    def told(self) -> Mask:
        """Which rows the public may be told of, in figures at least."""
        return self._words.told_of_kind()[self._columns.kind]

    def numbers(self, name: str) -> NDArray[Any]:
        """For each row the number of its word: status, category, field, agency or unit."""
        match name:
            case "agency":
                return self._columns.agency
            case "unit":
                return self._columns.unit
            case "status":
                return self._words.status_of_kind()[self._columns.kind]
            case "category":
                return self._words.category_of_kind()[self._columns.kind]
            case "field":
                return self._words.field_of_kind()[self._columns.kind]
            case _:
                raise KeyError(name)

    def words(self, name: str) -> Sequence[str | None]:
        """The words that the numbers of a column stand for."""
        named: dict[str, Sequence[str | None]] = {
            "agency": self._words.agencies.words,
            "unit": self._words.units.words,
            "status": self._words.statuses.words,
            "category": self._words.categories.words,
            "field": self._words.fields.words,
        }
        return named[name]

    def seconds(self, name: str) -> Seconds:
        """A time of each row, in whole seconds since 1970; 0 for none."""
        column: Seconds = getattr(self._columns, name)
        return column
