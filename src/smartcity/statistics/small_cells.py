"""Keeps figures from telling about single people."""

from collections.abc import Mapping
from typing import Final

from smartcity.statistics.definitions import PARTS_OF_OPEN
from smartcity.statistics.model import Value
from smartcity.statistics.tally import Told

FEW: Final = 5
"""Of reports that are never public, a figure tells of so many at least, or is suppressed."""


def shown(row: Mapping[str, Told]) -> dict[str, Value]:
    """The figures as they are."""
    return {code: Value(value=told.value) for code, told in row.items()}


def hide_few(row: Mapping[str, Told]) -> dict[str, Value]:
    """The figures without those that tell of few reports or would give such a one away."""
    hidden = {code for code, told in row.items() if 0 < told.reports < FEW}
    if hidden & PARTS_OF_OPEN:
        hidden |= PARTS_OF_OPEN
    return {
        code: Value(value=None, suppressed=True) if code in hidden else Value(value=told.value)
        for code, told in row.items()
    }
