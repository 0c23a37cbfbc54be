"""Counts of what happened lately, per key, in the memory of one process.

Not the `limits` library's own memory: that one walks over all it holds every 10 ms, which took a
third of a core at 60,000 callers.
"""

import time
from collections.abc import Hashable
from typing import Final

REMEMBERED: Final = 100_000
"""Windows that are kept at the most: some 25 MB."""


class Window:
    """One caller's count, from its first call until `until` (of the monotonic clock)."""

    __slots__ = ("count", "until")

    def __init__(self, lasts_s: float) -> None:
        self.until = time.monotonic() + lasts_s
        self.count = 0

    @property
    def left_s(self) -> float:
        return max(0.0, self.until - time.monotonic())


class Windows:
    """The open windows. When there are too many, the closed and then the oldest are forgotten:
    to somebody a fresh window too early does no harm.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._windows: dict[Hashable, Window] = {}

    def __len__(self) -> int:
        return len(self._windows)

    def open(self, key: Hashable, lasts_s: float) -> Window:
        """The key's open window, or a new one."""
        window = self._windows.get(key)
        if window is None or window.until <= time.monotonic():
            if window is None and len(self._windows) >= self._remembered:
                self._tidy()
            window = self._windows[key] = Window(lasts_s)
        return window

    def _tidy(self) -> None:
        at = time.monotonic()
        still = [(key, window) for key, window in self._windows.items() if window.until > at]
        self._windows = dict(still[-self._remembered // 2 :])
