"""The door to people's phones: what goes through it, and what may come back.

Behind it stands the room `fcm`; without a configuration, `NotConfigured`.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Final, Literal, Protocol
from uuid import UUID

import msgspec

from smartcity.identity.devices.model import PushAddress
from smartcity.notifications.model import Urgency

NOT_CONFIGURED: Final = "push is not configured"


class PushTopic(msgspec.Struct, frozen=True):
    """Everybody who subscribed to a topic: one message for all of them."""

    value: Annotated[str, msgspec.Meta(pattern=r"^[a-zA-Z0-9\-_.~%]{1,900}$")]
    kind: Literal["topic"] = "topic"


class PushMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One notification on its way to one device, or to a topic. `data` holds ids and words of ours
    only.
    """

    id: UUID
    address: PushAddress | PushTopic
    title: str
    body: str
    data: Mapping[str, str]
    urgency: Urgency


class Outcome(StrEnum):
    SENT = "sent"
    NOT_SENT = "not_sent"  # there is nobody to send through
    GONE = "gone"  # the address reaches nobody: forget it
    FAILED = "failed"  # this message will never be taken
    RETRY = "retry"  # later it may


class Limit(StrEnum):
    """Whose limit a message was too much for."""

    PROJECT = "project"  # ours: everything waits
    DEVICE = "device"  # the addressee's: what is for others goes on
    TOPIC = "topic"  # the same


class PushResult(msgspec.Struct, frozen=True):
    """What became of a message, or of a letter. `retry_after_s` is set where the other side named a
    time.
    """

    outcome: Outcome
    reason: str | None = None
    retry_after_s: float | None = None
    limit: Limit | None = None


class PushSender(Protocol):
    async def send(self, batch: Sequence[PushMessage]) -> list[PushResult]:
        """Try each message once, all of them at the same time, and answer in the same order.
        Raises nothing for a message.
        """
        ...


class NotConfigured:
    """Sends nothing and says so: every push is recorded as not sent."""

    async def send(self, batch: Sequence[PushMessage]) -> list[PushResult]:
        return [PushResult(Outcome.NOT_SENT, NOT_CONFIGURED) for _ in batch]
