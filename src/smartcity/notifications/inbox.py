"""What a person reads of what they were told. Everybody has their own inbox and no other."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from smartcity.clock import now
from smartcity.notifications.model import Notification, Place
from smartcity.notifications.store import NotificationStore


class InboxService:
    def __init__(self, store: NotificationStore) -> None:
        self._store = store

    async def page(
        self, recipient: UUID, behind: Place | None, limit: int, *, unread: bool = False
    ) -> list[Notification]:
        """Up to `limit` notifications behind a place, newest first; with `unread` only what was
        not read yet.
        """
        return await self._store.page(recipient, behind, limit, unread=unread)

    async def unread(self, recipient: UUID) -> int:
        """How many were not read yet, up to `UNREAD_LIMIT`."""
        return await self._store.unread(recipient)

    async def mark_read(self, recipient: UUID, ids: Collection[UUID]) -> None:
        """Idempotent; ids that are not this recipient's change nothing."""
        await self._store.read(recipient, ids, now())

    async def mark_all_read(self, recipient: UUID, up_to: datetime) -> None:
        """Everything written up to a moment: what came since, nobody has seen yet."""
        await self._store.read_all(recipient, up_to, now())
