"""What is true of each report, at a moment and over a period: what figures are made of."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from smartcity.statistics.columns import Table

Mask = NDArray[np.bool_]

OPEN: Final = frozenset({"submitted", "received", "in_progress", "waiting"})
ANSWERED: Final = frozenset({"resolved", "closed"})
FINISHED: Final = ANSWERED | {"rejected"}


class When(msgspec.Struct, frozen=True):
    """The moment of counting, and the period of so many days before it."""

    now: datetime
    days: int

    @property
    def now_s(self) -> int:
        return int(self.now.timestamp())

    @property
    def since_s(self) -> int:
        return int((self.now - timedelta(days=self.days)).timestamp())


class Facts:
    """Of the reports of a table: all, or with `categories` what the public may know of these."""

    def __init__(
        self, table: Table, by: str | None, when: When, categories: Collection[str] | None = None
    ) -> None:
        self._table = table
        self._when = when
        self._chosen = table.live
        if categories is not None:
            self._chosen = self._chosen & table.told & self._word_in("category", categories)
        self.group: NDArray[Any] = (
            np.zeros(len(table.live), np.uint16) if by is None else table.numbers(by)
        )
        """The number of the group that each report counts in."""

    def status(self, *statuses: str) -> Mask:
        return self._chosen & self._word_in("status", statuses)

    @cached_property
    def open(self) -> Mask:
        return self.status(*OPEN)

    @cached_property
    def overdue(self) -> Mask:
        """Past the next deadline, as in the queues."""
        return self.open & self._given("due_at") & (self._at("due_at") < self._when.now_s)

    @cached_property
    def at_risk(self) -> Mask:
        begun = self._given("risk_at") & (self._at("risk_at") <= self._when.now_s)
        return self.open & ~self.overdue & self._given("due_at") & begun

    @cached_property
    def arrived(self) -> Mask:
        return self._chosen & (self._at("submitted_at") >= self._when.since_s)

    @cached_property
    def received(self) -> Mask:
        """In the period."""
        return self._chosen & (self._at("received_at") >= self._when.since_s)

    @cached_property
    def received_in_time(self) -> Mask:
        return self._at("received_at") <= self._at("receive_by")

    @cached_property
    def finished(self) -> Mask:
        """In the period, with whatever outcome."""
        return self.status(*FINISHED) & (self._at("finished_at") >= self._when.since_s)

    @cached_property
    def answered(self) -> Mask:
        return self.finished & self.status(*ANSWERED)

    @cached_property
    def finished_in_time(self) -> Mask:
        """Against the date that was given first: an extension makes nobody punctual."""
        return self._at("finished_at") <= self._at("first_resolve_by")

    @cached_property
    def hours(self) -> NDArray[np.float64]:
        """From submission to the end."""
        span = self._at("finished_at").astype(np.int64) - self._at("submitted_at")
        return span / 3600

    def _at(self, name: str) -> NDArray[np.uint32]:
        return self._table.seconds(name)

    def _given(self, name: str) -> Mask:
        return self._at(name) > 0

    def _word_in(self, column: str, words: Collection[str]) -> Mask:
        wanted = np.array([word in words for word in self._table.words(column)], np.bool_)
        return wanted[self._table.numbers(column)]
