"""How fast messages may leave: below the project's quota, and never from nothing to all at once.

A token bucket whose rate grows while it is used to the full, over `RAMP_S` from `FLOOR` of the
quota to all of it, and falls back while it is not. It knows no clock: the caller tells the time.

https://firebase.google.com/docs/cloud-messaging/scale-fcm
"""

from typing import Final

WINDOW_S: Final = 60.0
"""The quota is one of a minute, and no minute of it is exceeded: a second's worth may leave at
once, and is taken off the rate.
"""

RAMP_S: Final = 60.0
FLOOR: Final = 0.1
"""The part of the quota that is there after any silence: more than everyday traffic needs."""

LONGEST_BURST_S: Final = 1.0


class Pace:
    """`per_second`: the quota, by the second."""

    def __init__(self, per_second: float) -> None:
        self._full = per_second * (1 - LONGEST_BURST_S / WINDOW_S)
        self._rate = self._floor = max(1.0, self._full * FLOOR)
        self._tokens = self._floor * LONGEST_BURST_S
        self._at = 0.0
        self._closed_until = 0.0

    @property
    def rate(self) -> float:
        """How many a second may leave now."""
        return self._rate

    def take(self, at: float) -> bool:
        """Whether one message may leave at this moment, and then it counts."""
        self._fill(at)
        if self._tokens < 1 or at < self._closed_until:
            return False
        self._tokens -= 1
        return True

    def wait_s(self, at: float) -> float:
        """How long until one may leave."""
        self._fill(at)
        return max(0.0, self._closed_until - at, (1 - self._tokens) / self._rate)

    def refuse(self, for_s: float, at: float) -> None:
        """The project's quota is used up: nothing leaves for so long, and then it begins anew."""
        self._fill(at)
        self._closed_until = max(self._closed_until, at + for_s)
        self._rate, self._tokens = self._floor, 0.0

    def _fill(self, at: float) -> None:
        """Add what the time since the last call was worth. Until the bucket was full, it was used:
        so long the rate grows; from then on it falls.
        """
        passed = max(0.0, at - max(self._at, self._closed_until))
        self._at = max(self._at, at)
        largest = self._rate * LONGEST_BURST_S
        used = min(passed, max(0.0, largest - self._tokens) / self._rate)
        self._tokens = min(largest, self._tokens + used * self._rate)
        grown = (self._full - self._floor) / RAMP_S * (2 * used - passed)
        self._rate = min(self._full, max(self._floor, self._rate + grown))
