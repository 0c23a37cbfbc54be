"""Counts figures by group."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from smartcity.statistics.definitions import FIGURES, Count, Figure, Median, Share
from smartcity.statistics.facts import Facts, Mask

DIGITS: Final = 3
"""Digits after the point: of a share, tenths of a percent."""


class Told(NamedTuple):
    """A figure of one group, none if there is nothing to tell; and of how many reports it tells."""

    value: float | None
    reports: int


class Tally(NamedTuple):
    """A figure of each group, `nan` where there is none; and of how many reports it tells."""

    value: NDArray[np.float64]
    reports: NDArray[np.int64]


def rows(parts: Sequence[Facts], groups: Sequence[str | None]) -> dict[str | None, dict[str, Told]]:
    """All figures by the group's word."""
    tallies = {figure.code: tally(figure, parts, len(groups)) for figure in FIGURES}
    return {
        word: {code: _told(found, group) for code, found in tallies.items()}
        for group, word in enumerate(groups)
    }


def tally(figure: Figure, parts: Sequence[Facts], groups: int) -> Tally:
    """A figure over all parts, for the groups numbered from 0."""
    match figure:
        case Count():
            reports = _counted([(part, figure.of(part)) for part in parts], groups)
            return Tally(reports.astype(np.float64), reports)
        case Share():
            among = [(part, figure.among(part)) for part in parts]
            hits = [(part, some & figure.of(part)) for part, some in among]
            reports = _counted(among, groups)
            return Tally(_divided(_counted(hits, groups), reports), reports)
        case Median():
            among = [(part, figure.among(part)) for part in parts]
            group = np.concatenate([part.group[some] for part, some in among])
            value = np.concatenate([figure.value(part)[some] for part, some in among])
            return Tally(_medians(group, value, groups), _counted(among, groups))


def _told(found: Tally, group: int) -> Told:
    value = float(found.value[group])
    return Told(None if math.isnan(value) else round(value, DIGITS), int(found.reports[group]))


def _counted(parts: Sequence[tuple[Facts, Mask]], groups: int) -> NDArray[np.int64]:
    total = np.zeros(groups, np.int64)
    for part, some in parts:
        total += np.bincount(part.group[some], minlength=groups)
    return total


def _divided(hits: NDArray[np.int64], among: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(hits, among, out=np.full(len(among), np.nan), where=among > 0)


def _medians(
    group: NDArray[np.uint16], value: NDArray[np.float64], groups: int
) -> NDArray[np.float64]:
    """Of an even number of values, the mean of the two in the middle."""
    medians = np.full(groups, np.nan)
    order = np.lexsort((value, group))
    present, starts, counts = np.unique(group[order], return_index=True, return_counts=True)
    ranked = value[order]
    lower, upper = ranked[starts + (counts - 1) // 2], ranked[starts + counts // 2]
    medians[present] = (lower + upper) / 2
    return medians
