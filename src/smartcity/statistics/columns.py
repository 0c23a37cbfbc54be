"""What figures are counted from."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Table(Protocol):
    """Some reports as columns of one length that nobody writes any more."""

    @property
    def live(self) -> NDArray[np.bool_]:
        """Which rows count."""
        ...

    @property
    def told(self) -> NDArray[np.bool_]:
        """Which rows the public may be told of."""
        ...

    def numbers(self, name: str) -> NDArray[Any]:
        """For each row the number of its word: status, category, field, agency or unit."""
        ...

    def words(self, name: str) -> Sequence[str | None]:
        """The words that the numbers of a column stand for; the same in every table."""
        ...

    def seconds(self, name: str) -> NDArray[np.uint32]:
        """A time of each row, in whole seconds since 1970; 0 for none."""
        ...


class Columns(Protocol):
    """All reports, in one or more tables."""

    def rows(self) -> Sequence[Table]: ...
