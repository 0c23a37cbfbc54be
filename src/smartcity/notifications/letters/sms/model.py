"""A text message on its way: what the gateway answered, and what was paid."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class TextMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What leaves. `id` is the same however often it is tried; `to` is a number in E.164."""

    id: UUID
    to: str
    text: str


class Fate(StrEnum):
    """What became of an attempt."""

    TAKEN = "taken"
    NEVER = "never"  # refused, and it would be again
    LATER = "later"  # it was surely not taken, and may be another time
    UNCLEAR = "unclear"  # nobody knows whether it was taken


class Attempt(msgspec.Struct, frozen=True):
    """What came of one. `reason` says why it was not taken, in words without a number or a text in
    them; `wait_s` is what the gateway asked for; `whole`: it takes nothing now, whatever it is.
    """

    fate: Fate
    reason: str = ""
    wait_s: float = 0.0
    whole: bool = False


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt took from a month's budget: no parts if an earlier attempt at the same
    message had paid already.
    """

    message: UUID
    month: str
    parts: int
    attempt: UUID


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A month's budget, in parts. The last `kept_for_urgent` of it are for what is urgent."""

    month: str
    budget: int
    kept_for_urgent: int
    spent: int
    until: datetime

    @property
    def left(self) -> int:
        return max(0, self.budget - self.spent)
