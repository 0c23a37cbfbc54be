"""Plans the telling of phones from what the feed says was published.

It may be killed, repeated or replayed: a delivery's id is its message's, and one that is there
stays as far as it is. What is newer stops what is older of the same alert: nobody is told to
shelter by an alert that was cancelled a minute ago.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from smartcity.alerts.deliveries.model import Delivery, DeliveryState
from smartcity.alerts.deliveries.store import DeliveryStore
from smartcity.alerts.lifecycle import mode_of
from smartcity.alerts.model import Alert, AlertAction, Message, told_until
from smartcity.alerts.store import AlertStore
from smartcity.clock import now
from smartcity.feed.event import Event, Published, Topic

SUPERSEDED: Final = "something newer was published"
EXPIRED: Final = "the alert has expired"


class DeliveryPlan:
    """A consumer of the feed."""

    def __init__(self, alerts: AlertStore, deliveries: DeliveryStore) -> None:
        self._alerts = alerts
        self._deliveries = deliveries

    async def handle(self, batch: Sequence[Published]) -> None:
        """Plan what these events published, and stop what they end. Harmless when done again."""
        for event in (published.event for published in batch):
            if event.topic is Topic.ALERT and event.subject is not None:
                await self._plan(event, event.subject, now())

    async def _plan(self, event: Event, alert_id: UUID, at: datetime) -> None:
        if event.action == AlertAction.EXPIRE:
            await self._deliveries.stop(alert_id, but=None, reason=EXPIRED, at=at)
        if "message" not in event.details:
            return
        alert = await self._alerts.find(alert_id)
        assert alert is not None, "alerts are never removed"
        published = UUID(event.details["message"])
        await self._deliveries.stop(alert_id, but=_latest(alert).id, reason=SUPERSEDED, at=at)
        await self._deliveries.add(_delivery(alert, published, at))


def _delivery(alert: Alert, published: UUID, at: datetime) -> Delivery:
    message = next(one for one in alert.messages if one.id == published)
    told = alert.until(message)
    reason = SUPERSEDED if message != _latest(alert) else None
    if reason is None and message.content.expires <= at:
        reason = EXPIRED
    return Delivery(
        id=message.id,
        alert=alert.id,
        kind=message.kind,
        mode=mode_of([one.content for one in told]),
        reach=told_until(told),
        state=DeliveryState.STOPPED if reason else DeliveryState.WAITING,
        reason=reason,
        created_at=message.sent,
        updated_at=at,
        until=message.content.expires,
    )


def _latest(alert: Alert) -> Message:
    assert alert.latest is not None, "something was published"
    return alert.latest
