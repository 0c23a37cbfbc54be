"""Alerts in the inbox: read from what was published, never written for each of a million devices.

What is kept of a device is only what it has read, and only of devices that did.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import msgspec

from smartcity.clock import now
from smartcity.feed.event import Topic
from smartcity.identity.devices.model import Device
from smartcity.identity.devices.store import DeviceStore
from smartcity.notifications.alert_reads.model import AlertReads
from smartcity.notifications.alert_reads.store import AlertReadStore
from smartcity.notifications.model import (
    Notification,
    Push,
    PushState,
    Urgency,
    notification_id,
)


class AlertNotice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was published of an alert, in the words of one language. `action` is `issue`,
    `update` or `cancel`; `until` is when it stops mattering.
    """

    message: UUID
    alert: UUID
    action: str
    title: str
    body: str
    language: str
    sent: datetime
    until: datetime


class AlertsOf(Protocol):
    """What was published for some units; the alerts answer, from memory."""

    def are_none(self) -> bool:
        """Whether nothing at all is kept, as on most days: then nothing else need be asked."""
        ...

    async def of(
        self, units: Collection[str], language: str, since: datetime
    ) -> Sequence[AlertNotice]:
        """Everything since a moment for whoever follows these units, and for everybody."""
        ...


class AlertInbox:
    """The alerts' part of everybody's inbox. `keep` is how long an inbox keeps a notification."""

    def __init__(
        self, alerts: AlertsOf, devices: DeviceStore, reads: AlertReadStore, keep: timedelta
    ) -> None:
        self._alerts = alerts
        self._devices = devices
        self._reads = reads
        self._keep = keep

    async def of(self, recipient: UUID) -> list[Notification]:
        """What a device was told of alerts, and what still holds of before it was there; nothing
        for staff, who follow no units.
        """
        if self._alerts.are_none() or (device := await self._devices.get(recipient)) is None:
            return []
        at = now()
        found = await self._alerts.of(device.units, device.language, at - self._keep)
        told = [one for one in found if one.sent >= device.created_at or one.until > at]
        if not told:
            return []
        reads = await self._reads.get(recipient)
        return [self._notification(notice, device, reads) for notice in told]

    async def mark_read(self, recipient: UUID, ids: Collection[UUID], at: datetime) -> None:
        """Idempotent; ids that are no alert's of this recipient change nothing."""
        fresh = [
            one.event for one in await self.of(recipient) if one.read_at is None and one.id in ids
        ]
        if fresh:
            await self._reads.add(recipient, fresh, at, at + self._keep)

    async def mark_all_read(self, recipient: UUID, up_to: datetime, at: datetime) -> None:
        """Everything that was published up to a moment, which may be one that is yet to come."""
        fresh = [one.created_at for one in await self.of(recipient) if one.read_at is None]
        if seen := [sent for sent in fresh if sent <= up_to]:
            await self._reads.add_all(recipient, max(seen), at, at + self._keep)

    def _notification(
        self, notice: AlertNotice, device: Device, reads: AlertReads | None
    ) -> Notification:
        return Notification(
            id=notification_id(notice.message, device.id),
            recipient=device.id,
            event=notice.message,
            seq=0,
            topic=Topic.ALERT,
            subject=notice.alert,
            action=notice.action,
            title=notice.title,
            body=notice.body,
            language=notice.language,
            created_at=notice.sent,
            expires_at=notice.sent + self._keep,
            push=Push(state=PushState.NONE, urgency=Urgency.NORMAL),
            read_at=None if reads is None else reads.read_at(notice.message, notice.sent),
        )
