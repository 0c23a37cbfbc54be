"""Chance that falls the same way every time."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TypeVar

import numpy as np

thing = TypeVar("thing")


class Dice:
    """Thrown in the same order, dice of the same name show the same."""

    def __init__(self, name: str) -> None:
        seed = int.from_bytes(blake2b(name.encode(), digest_size=8).digest())
        self._random = np.random.default_rng(seed)

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self._random.random()

    def happens(self, probability: float) -> bool:
        return self._random.random() < probability

    def one_of(self, things: Sequence[thing]) -> thing:
        return things[int(self._random.random() * len(things))]

    def spread(self) -> float:
        """About 0, seldom beyond 1 either way (a standard deviation of a half)."""
        return 0.5 * self._random.standard_normal()


def weighted(weights: Iterable[tuple[thing, int]]) -> Sequence[thing]:
    """Things to choose from, each there as often as it weighs."""
    return [one for one, weight in weights for _ in range(weight)]
