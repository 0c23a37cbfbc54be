"""The plan of telling phones of one message of an alert, and how far it got."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from smartcity.alerts.lifecycle import DeliveryMode
from smartcity.alerts.model import MessageKind, Reach


class DeliveryState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"  # `reason` says why: nobody else is told


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Every device up to and with `after` (by id), or every topic up to that one, is settled. So
    whoever goes on after a crash begins behind it, and misses nobody.
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
