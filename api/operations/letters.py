"""What became of e-mails and text messages: states, reasons and counts, for those who run the
system.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from api.pagination import Cursor, Limit, decode_cursor, encode_cursor, page_of
from smartcity.clock import in_utc
from smartcity.feed.event import Topic
from smartcity.notifications.letters.desk import LetterDesk
from smartcity.notifications.letters.model import LetterPlace, LetterStanding
from smartcity.notifications.model import Channel, PushState, Urgency

Through = Annotated[
    Channel, QueryParameter(name="channel", description="How they go. E-mail by default.")
]
State = Annotated[
    PushState,
    QueryParameter(
        name="state", description="What became of it, or that it waits. Failed ones by default."
    ),
]
LetterId = Annotated[UUID, PathParameter(description="The letter's id.")]
Reason = Annotated[
    str | None, QueryParameter(min_length=1, max_length=200, description="One of the counted ones.")
]


class Position(LetterPlace, frozen=True, array_like=True):
    """Where a page ends."""

    def __post_init__(self) -> None:
        in_utc(self.created_at)


class LetterItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One letter. One without a `topic` is about the address itself."""

    id: UUID
    channel: Channel
    topic: Topic | None = None
    action: str
    urgency: Urgency
    state: PushState
    reason: str | None = None
    attempts: int
    created_at: datetime
    next_at: datetime | None = None
    sent_at: datetime | None = None


class LetterCount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    channel: Channel
    state: PushState
    reason: str | None = None
    count: int


class LetterPage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """By reason, then newest first. `counts` are of everything that is kept, some seconds old."""

    counts: list[LetterCount]
    items: list[LetterItem]
    next_cursor: str | None = None


class LetterController(Controller):
    path = "/v1/operations/letters"
    tags = ("Notifications",)

    @get(operation_id="ListLetters")
    async def newest(
        self,
        letter_desk: NamedDependency[LetterDesk],
        through: Through = Channel.EMAIL,
        standing: State = PushState.FAILED,
        reason: Reason = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> LetterPage:
        """List what became of e-mails or text messages, and why."""
        behind = decode_cursor(cursor, Position)
        found = await letter_desk.page(through, standing, reason, behind, limit + 1)
        page, more = page_of(found, limit)
        return LetterPage(
            counts=_counts(letter_desk),
            items=[_item(one) for one in page],
            next_cursor=encode_cursor(_position(page[-1])) if more else None,
        )

    @get("/{letter_id:uuid}", operation_id="GetLetter")
    async def one(
        self, letter_id: LetterId, letter_desk: NamedDependency[LetterDesk]
    ) -> LetterItem:
        """What became of one letter."""
        return _item(await letter_desk.get(letter_id))


def _counts(letter_desk: LetterDesk) -> list[LetterCount]:
    return [
        LetterCount(channel=channel, state=state, reason=reason or None, count=count)
        for (channel, state, reason), count in sorted(letter_desk.counts.items())
    ]


def _item(one: LetterStanding) -> LetterItem:
    return LetterItem(
        id=one.id,
        channel=one.channel,
        topic=one.topic,
        action=one.action,
        urgency=one.sending.urgency,
        state=one.sending.state,
        reason=one.sending.reason,
        attempts=one.sending.attempts,
        created_at=one.created_at,
        next_at=one.sending.next_at,
        sent_at=one.sending.sent_at,
    )


def _position(one: LetterStanding) -> Position:
    return Position(one.sending.reason or "", one.created_at, one.id)
