"""What a notification is: one message to one person or device, and what became of its push."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID, uuid5

import msgspec

from smartcity.feed.event import Topic

STALE_AFTER: Final = timedelta(days=1)
"""Nothing older wakes a phone: who was away for longer reads the inbox."""


class Channel(StrEnum):
    """A way to somebody. What is told always stands in the inbox, whatever they chose."""

    PUSH = "push"
    EMAIL = "email"
    SMS = "sms"


class Kind(StrEnum):
    """What people choose channels for. Alerts are none of these: who follows a unit hears them."""

    RECEIPT = "receipt"  # what they sent was taken in
    PROGRESS = "progress"  # a step on the way
    QUESTION = "question"  # the work stands still until they answer
    RESULT = "result"  # it is solved, refused or closed
    COMMENT = "comment"
    PRIVACY = "privacy"  # somebody was shown who they are
    FOLLOWED = "followed"  # what becomes of a report of somebody else's
    AREA = "area"  # what happens in the units and categories that they follow
    DOSSIER = "dossier"
    WORK = "work"  # staff: something is theirs to do
    DIGEST = "digest"  # the week in a few figures


class Urgency(StrEnum):
    HIGH = "high"  # wakes the phone: somebody waits for this person
    NORMAL = "normal"


class PushState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    NOT_SENT = "not_sent"  # there is nobody to send through
    FAILED = "failed"  # `reason` says why; it is not tried again
    NONE = "none"  # nothing to send: too old, no address, not wanted, or told with another


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """How a notification goes to the phone, or a letter to its reader. `next_at` is set while it is
    pending.
    """

    state: PushState
    urgency: Urgency
    reason: str | None = None
    attempts: int = 0
    next_at: datetime | None = None
    sent_at: datetime | None = None


class Place(msgspec.Struct, frozen=True):
    """A notification's place in its inbox; what a cursor holds."""

    created_at: Annotated[datetime, msgspec.Meta(tz=True)]
    seq: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    id: UUID

    @property
    def order(self) -> tuple[datetime, int, bytes]:
        """As the database orders them."""
        return self.created_at, self.seq, self.id.bytes


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """The document.

    An inbox is ordered by its `place`: `created_at` is when it was written, so that nothing new
    ever appears below what was already read; `seq` is the event's place in the feed.
    """

    id: UUID = msgspec.field(name="_id")
    recipient: UUID
    event: UUID
    seq: int
    topic: Topic
    subject: UUID
    action: str
    kind: Kind | None = None  # alerts have none, nor what was written before there were kinds
    title: str
    body: str
    language: str
    created_at: datetime
    expires_at: datetime
    push: Push
    read_at: datetime | None = None

    @property
    def place(self) -> Place:
        return Place(self.created_at, self.seq, self.id)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of a notification to know what somebody was told of a subject just now."""

    id: UUID = msgspec.field(name="_id")
    recipient: UUID
    subject: UUID
    seq: int
    kind: Kind | None = None
    push: Push


class DuePlace(msgspec.Struct, frozen=True):
    """A push's place among those that wait."""

    next_at: datetime
    id: UUID


class DuePush(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of a notification whose push is to be tried."""

    id: UUID = msgspec.field(name="_id")
    recipient: UUID
    topic: Topic
    subject: UUID
    action: str
    title: str
    body: str
    created_at: datetime
    push: Push

    @property
    def place(self) -> DuePlace:
        assert self.push.next_at is not None, "it is pending"
        return DuePlace(self.push.next_at, self.id)


class PushPlace(msgspec.Struct, frozen=True):
    """A push's place among those that have a reason."""

    reason: Annotated[str, msgspec.Meta(max_length=1000)]
    created_at: datetime
    id: UUID


class PushStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of a notification to tell what became of its push: not whose it is, nor what
    about.
    """

    id: UUID = msgspec.field(name="_id")
    topic: Topic
    action: str
    created_at: datetime
    push: Push


def notification_id(event: UUID, recipient: UUID) -> UUID:
    """The same for the same event and recipient, however often the event is handled: in the inbox
    a repeat is the same document, on the phone it replaces what is shown.
    """
    return uuid5(event, recipient.hex)


UNREAD_LIMIT: Final = 1000
"""Counting stops here: whoever has more sees "1000 or more"."""
