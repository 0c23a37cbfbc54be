"""What a device, or a member of staff, was told."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from api.pagination import Cursor, Limit, decode_cursor, encode_cursor, page_of
from smartcity.clock import in_utc
from smartcity.errors import FieldError, Invalid
from smartcity.feed.event import Topic
from smartcity.identity.roles import Actor
from smartcity.notifications.inbox import InboxService
from smartcity.notifications.model import Notification, Place

UnreadOnly = Annotated[bool, QueryParameter(description="Only what was not read yet.")]


class InboxItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One notification. `subject` is the report, dossier or alert that it is about, or a digest."""

    id: UUID
    topic: Topic
    subject: UUID
    action: str
    title: str
    body: str
    language: str
    created_at: datetime
    read_at: datetime | None = None


class InboxPage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Newest first. `unread` counts the whole inbox; counting stops at 1,000."""

    items: list[InboxItem]
    unread: int
    next_cursor: str | None = None


class ReadNotifications(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either the `ids` of what was read, or everything `up_to` a notification's `created_at`."""

    ids: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=500)] | None = None
    up_to: Annotated[datetime, msgspec.Meta(tz=True)] | None = None

    def __post_init__(self) -> None:
        if self.up_to is not None:
            in_utc(self.up_to)


class Unread(msgspec.Struct, frozen=True):
    """How many notifications were not read yet; counting stops at 1,000."""

    unread: int


class NotificationController(Controller):
    path = "/v1/me/notifications"
    tags = ("Notifications",)

    @get(operation_id="ListNotifications")
    async def newest(
        self,
        actor: NamedDependency[Actor],
        inbox: NamedDependency[InboxService],
        cursor: Cursor = None,
        limit: Limit = 50,
        unread: UnreadOnly = False,
    ) -> InboxPage:
        """List what the caller was told, newest first."""
        recipient = actor.own_id
        behind = decode_cursor(cursor, Place)
        found = await inbox.page(recipient, behind, limit + 1, unread=unread)
        page, more = page_of(found, limit)
        return InboxPage(
            items=[_item(notification) for notification in page],
            unread=await inbox.unread(recipient),
            next_cursor=encode_cursor(page[-1].place) if more else None,
        )

    @post("/read", operation_id="MarkNotificationsRead", status_code=200)
    async def read(
        self,
        data: JSONBody[ReadNotifications],
        actor: NamedDependency[Actor],
        inbox: NamedDependency[InboxService],
    ) -> Unread:
        """Mark notifications as read: those named, or all up to a moment. Repeating changes
        nothing, and what is not the caller's is left alone.
        """
        recipient = actor.own_id
        match data.ids, data.up_to:
            case None, None:
                raise Invalid(FieldError("ids", "required"))
            case ids, None:
                await inbox.mark_read(recipient, ids)
            case None, up_to:
                await inbox.mark_all_read(recipient, up_to)
            case _:
                raise Invalid(FieldError("up_to", "not_with_ids"))
        return Unread(await inbox.unread(recipient))


def _item(notification: Notification) -> InboxItem:
    return msgspec.convert(notification, InboxItem, from_attributes=True)
