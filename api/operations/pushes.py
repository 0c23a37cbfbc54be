"""What became of pushes: states, reasons and counts, for those who run the system."""

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
from smartcity.notifications.model import PushPlace, PushStanding, PushState, Urgency
from smartcity.notifications.push_records import PushRecords

State = Annotated[
    PushState,
    QueryParameter(
        name="state", description="What became of it, or that it waits. Failed ones by default."
    ),
]
PushId = Annotated[UUID, PathParameter(description="The notification's id.")]
Reason = Annotated[
    str | None, QueryParameter(min_length=1, max_length=200, description="One of the counted ones.")
]


class Position(PushPlace, frozen=True, array_like=True):
    """Where a page ends."""

    def __post_init__(self) -> None:
        in_utc(self.created_at)


class PushItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One push. `id` is the notification's, which the phone has too."""

    id: UUID
    topic: Topic
    action: str
    urgency: Urgency
    state: PushState
    reason: str | None = None
    attempts: int
    created_at: datetime
    next_at: datetime | None = None
    sent_at: datetime | None = None


class PushCount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    state: PushState
    reason: str | None = None
    count: int


class PushPage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """By reason, then newest first. `counts` are of everything that is kept, some seconds old."""

    counts: list[PushCount]
    items: list[PushItem]
    next_cursor: str | None = None


class PushController(Controller):
    path = "/v1/operations/pushes"
    tags = ("Notifications",)

    @get(operation_id="ListPushes")
    async def newest(
        self,
        push_records: NamedDependency[PushRecords],
        standing: State = PushState.FAILED,
        reason: Reason = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> PushPage:
        """List what became of pushes and why. What went well, and what waits for its first attempt,
        has no reason: it is counted, and not listed.
        """
        behind = decode_cursor(cursor, Position)
        page, more = page_of(await push_records.page(standing, reason, behind, limit + 1), limit)
        return PushPage(
            counts=_counts(push_records),
            items=[_item(one) for one in page],
            next_cursor=encode_cursor(_position(page[-1])) if more else None,
        )

    @get("/{push_id:uuid}", operation_id="GetPush")
    async def one(self, push_id: PushId, push_records: NamedDependency[PushRecords]) -> PushItem:
        """What became of the push of one notification."""
        return _item(await push_records.get(push_id))


def _counts(push_records: PushRecords) -> list[PushCount]:
    return [
        PushCount(state=state, reason=reason or None, count=count)
        for state, reasons in push_records.counts.items()
        for reason, count in sorted(reasons.items())
        if count
    ]


def _item(one: PushStanding) -> PushItem:
    return PushItem(
        id=one.id,
        topic=one.topic,
        action=one.action,
        urgency=one.push.urgency,
        state=one.push.state,
        reason=one.push.reason,
        attempts=one.push.attempts,
        created_at=one.created_at,
        next_at=one.push.next_at,
        sent_at=one.push.sent_at,
    )


def _position(one: PushStanding) -> Position:
    assert one.push.reason is not None, "those with a reason are listed"
    return Position(one.push.reason, one.created_at, one.id)
