"""The plan of telling phones of one message of an alert, and how far it got."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

import msgspec

from smartcity.alerts.lifecycle import DeliveryMode
from smartcity.alerts.model import MessageKind, Reach

STALE_AFTER: Final = timedelta(days=1)
"""However long an alert holds: who was not reached by then reads it in the inbox."""


class DeliveryState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"  # `reason` says why: nobody else is told


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Every device up to and with `after` (by id), or every topic up to that one, is settled or put
    aside as a straggler. So whoever goes on after a crash begins behind it, and misses nobody.
    """

    after: str = ""
    sent: int = 0
    failed: int = 0


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """The document; its id is the message's. `reach` is everybody who was ever told of the alert:
    whoever hears no more of it must hear that. Behind `until` it is no use to anybody.
    """

    id: UUID = msgspec.field(name="_id")
    alert: UUID
    kind: MessageKind
    mode: DeliveryMode
    reach: Reach
    state: DeliveryState
    reason: str | None = None
    progress: Progress = Progress()
    created_at: datetime
    updated_at: datetime
    until: datetime

    @property
    def over_at(self) -> datetime:
        """From then on nobody is woken for it."""
        return min(self.until, self.created_at + STALE_AFTER)


class Straggler(msgspec.Struct, frozen=True, kw_only=True):
    """A device (by its id) or topic that is still to be told, apart from all others: it is tried
    again at `next_at`, and holds nobody up until then. It is kept until its delivery is over.
    """

    id: UUID = msgspec.field(name="_id")
    delivery: UUID
    whom: str
    attempts: int
    reason: str | None = None
    next_at: datetime
    until: datetime


def straggler_id(delivery: UUID, whom: str) -> UUID:
    """The same however often it is put aside."""
    return uuid5(delivery, whom)


class DeliveryCount(msgspec.Struct, frozen=True, kw_only=True):
    """Of all deliveries of a mode in a state: how many there are, and how many they told."""

    mode: DeliveryMode
    state: DeliveryState
    deliveries: int
    sent: int
    failed: int
