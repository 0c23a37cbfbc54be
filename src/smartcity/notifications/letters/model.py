"""What a letter is: one notification on its way to one person, who may have many devices."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID, uuid5

import msgspec

from smartcity.feed.event import Topic
from smartcity.notifications.model import Channel, Kind, Push

FILLED_IN_LAST: Final = "{secret}"
"""Stands in a letter's text where its destination's secret goes."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """The document. `recipient` is an account, a member of staff or a caller.

    One without a `topic` and a `kind` is about the address itself, and nobody can choose not to get
    it. `envelope` is set from the first attempt on: what was in one then stays together, under its
    id.
    """

    id: UUID = msgspec.field(name="_id")
    channel: Channel
    recipient: UUID
    event: UUID
    topic: Topic | None
    subject: UUID
    action: str
    kind: Kind | None
    title: str
    body: str
    language: str
    created_at: datetime
    expires_at: datetime
    sending: Push
    envelope: UUID | None = None


class Envelope(msgspec.Struct, frozen=True):
    """What goes out at once: letters to one person about one subject, the most needed first. The
    same id means the same letters, however often it is sent.
    """

    id: UUID
    letters: tuple[Letter, ...]


class LetterPlace(msgspec.Struct, frozen=True):
    """A letter's place among those of a channel and a state."""

    reason: Annotated[str, msgspec.Meta(max_length=1000)]
    created_at: datetime
    id: UUID


class LetterStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of a letter to tell what became of it: not whose it is, nor what about."""

    id: UUID = msgspec.field(name="_id")
    channel: Channel
    topic: Topic | None
    action: str
    created_at: datetime
    sending: Push


def letter_id(event: UUID, recipient: UUID, channel: Channel) -> UUID:
    """The same for the same event, person and channel, however often the event is handled and on
    however many devices they hear of it.
    """
    return uuid5(event, f"{channel} {recipient.hex}")
