"""What a person reads of what they were told. Everybody has their own inbox and no other."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from smartcity.clock import now
from smartcity.notifications.alerts import AlertInbox
from smartcity.notifications.model import UNREAD_LIMIT, Notification, Place
from smartcity.notifications.store import NotificationStore


class InboxService:
    """What was written for a person, and among it the alerts that they were told of."""

    def __init__(self, store: NotificationStore, alerts: AlertInbox) -> None:
        self._store = store
        self._alerts = alerts

    async def page(
        self, recipient: UUID, behind: Place | None, limit: int, *, unread: bool = False
    ) -> list[Notification]:
        """Up to `limit` notifications behind a place, newest first; with `unread` only what was
        not read yet.
        """
        written = await self._store.page(recipient, behind, limit, unread=unread)
        alerts = [
            alert
            for alert in await self._alerts.of(recipient)
            if (behind is None or alert.place.order < behind.order)
            and not (unread and alert.read_at)
        ]
        if not alerts:
            return written
        both = sorted([*written, *alerts], key=lambda one: one.place.order, reverse=True)
        return both[:limit]

    async def unread(self, recipient: UUID) -> int:
        """How many were not read yet, up to `UNREAD_LIMIT`."""
        alerts = sum(alert.read_at is None for alert in await self._alerts.of(recipient))
        return min(UNREAD_LIMIT, alerts + await self._store.unread(recipient))

    async def mark_read(self, recipient: UUID, ids: Collection[UUID]) -> None:
        """Idempotent; ids that are not this recipient's change nothing."""
        at = now()
        await self._store.read(recipient, ids, at)
        await self._alerts.mark_read(recipient, ids, at)

    async def mark_all_read(self, recipient: UUID, up_to: datetime) -> None:
        """Everything written up to a moment: what came since, nobody has seen yet."""
        at = now()
        await self._store.read_all(recipient, up_to, at)
        await self._alerts.mark_all_read(recipient, up_to, at)
