"""What a person reads of what they were told. Everybody has their own inbox and no other."""

import base64
import binascii
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from smartcity.clock import now
from smartcity.errors import BadCursor
from smartcity.notifications.model import InboxItem, InboxPage, Notification
from smartcity.notifications.store import NotificationStore, Place


class InboxService:
    def __init__(self, store: NotificationStore) -> None:
        self._store = store

    async def page(
        self, recipient: UUID, cursor: str | None, limit: int, *, unread: bool = False
    ) -> InboxPage:
        """One page, newest first; with `unread` only what was not read yet.

        Raises `BadCursor` for a cursor that no page gave.
        """
        behind = _place(cursor) if cursor else None
        found = await self._store.page(recipient, behind, limit + 1, unread=unread)
        more, found = len(found) > limit, found[:limit]
        return InboxPage(
            items=[_item(notification) for notification in found],
            unread=await self._store.unread(recipient),
            next_cursor=_cursor(found[-1]) if more else None,
        )

    async def unread(self, recipient: UUID) -> int:
        """How many were not read yet, up to `UNREAD_LIMIT`."""
        return await self._store.unread(recipient)

    async def mark_read(self, recipient: UUID, ids: Collection[UUID]) -> int:
        """Idempotent; ids that are not this recipient's change nothing. Answers with the unread."""
        await self._store.read(recipient, ids, now())
        return await self._store.unread(recipient)

    async def mark_all_read(self, recipient: UUID, up_to: datetime) -> int:
        """Everything written up to a moment: what came since nobody has seen yet. Answers with
        the unread.
        """
        await self._store.read_all(recipient, up_to, now())
        return await self._store.unread(recipient)


def _item(notification: Notification) -> InboxItem:
    return msgspec.convert(notification, InboxItem, from_attributes=True)


def _cursor(last: Notification) -> str:
    place = Place(last.created_at, last.seq, last.id)
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(place)).decode().rstrip("=")


def _place(cursor: str) -> Place:
    try:
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return msgspec.msgpack.decode(packed, type=Place)
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise BadCursor from error
