"""The published alerts in the memory of one process: when one goes out, everybody reads it at once,
and no reading may wait for the database.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from smartcity.alerts.drafting import LONGEST
from smartcity.alerts.model import (
    PUBLISHED,
    Alert,
    AlertStatus,
    Message,
    Reach,
    told_until,
)
from smartcity.alerts.store import AlertStore
from smartcity.clock import now
from smartcity.feed.event import Published, Topic

MOST: Final = 500
"""So many are kept: those that hold before all others, and those that changed last."""

ENDED: Final = PUBLISHED - {AlertStatus.ISSUED}

LATE: Final = timedelta(minutes=1)
"""So much later than another may be seen what was written before it, by another machine's clock."""

REFRESH_S: Final = 5.0
"""How old they are at the most, should the feed's news be lost on the way."""


class Told(NamedTuple):
    """A message of an alert, and everybody who was told of the alert up to it."""

    alert: Alert
    message: Message
    units: frozenset[str]
    everywhere: bool


class CurrentAlerts:
    """What was published within `keep`, and for as long as any alert may hold."""

    def __init__(self, store: AlertStore, keep: timedelta) -> None:
        self._store = store
        self._keep = max(keep, LONGEST)
        self._alerts: dict[UUID, Alert] = {}
        self._told: list[Told] = []
        self._news = asyncio.Event()

    async def refresh(self) -> None:
        """Take in what changed; the first time, everything."""
        at = now()
        oldest = at - self._keep
        known = [alert for alert in self._alerts.values() if alert.updated_at >= oldest]
        newest = max((alert.updated_at for alert in known), default=oldest)
        since = max(oldest, min(newest, at) - LATE)  # a clock that is ahead hides no other's
        issued = await self._store.latest({AlertStatus.ISSUED}, since=since, limit=MOST)
        ended = await self._store.latest(ENDED, since=since, limit=MOST)
        every = {alert.id: alert for alert in (*known, *issued, *ended)}
        kept = sorted(every.values(), key=_last_to_go, reverse=True)[:MOST]
        self._alerts = {alert.id: alert for alert in kept}
        told = [_told(alert, message) for alert in kept for message in alert.messages]
        self._told = sorted(told, key=lambda one: (one.message.sent, one.message.id), reverse=True)

    def take(self, events: Sequence[Published]) -> None:
        """What the feed's tail brings."""
        if any(published.event.topic is Topic.ALERT for published in events):
            self._news.set()

    async def run_once(self) -> None:
        """Wait for news, and take it in."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), REFRESH_S)
        self._news.clear()
        await self.refresh()

    @property
    def are_none(self) -> bool:
        """Whether nothing was published for as long as alerts are kept."""
        return not self._alerts

    async def find(self, alert_id: UUID) -> Alert | None:
        """One that the public may see, however old."""
        if known := self._alerts.get(alert_id):
            return known
        found = await self._store.find(alert_id)
        return found if found is not None and found.status in PUBLISHED else None

    def active(self, at: datetime, unit: str | None = None) -> list[Alert]:
        """Those that hold, for a unit or anywhere; the one published last first."""
        return _newest_first(
            alert
            for alert in self._alerts.values()
            if alert.is_active(at) and (unit is None or concerns(_standing(alert), (unit,)))
        )

    def to_know_of(self, at: datetime) -> list[Alert]:
        """Those that hold, and those that were taken back before they would have ended: whoever
        has read of one must learn that it is over.
        """
        return _newest_first(
            alert
            for alert in self._alerts.values()
            if alert.status in (AlertStatus.ISSUED, AlertStatus.CANCELLED)
            and _latest(alert).content.expires > at
        )

    def told(self, units: Collection[str], since: datetime) -> list[Told]:
        """What was published since a moment for whoever follows these units, the newest first: who
        was told of an alert hears what becomes of it, wherever it is for then. Every reading of an
        inbox asks this.
        """
        return [
            told
            for told in self._told
            if told.message.sent >= since and (told.everywhere or not told.units.isdisjoint(units))
        ]


def concerns(reach: Reach, units: Collection[str]) -> bool:
    """Whether it is for somebody who follows these units."""
    return reach.everywhere or not set(reach.units).isdisjoint(units)


def holds_until(alert: Alert, message: Message) -> datetime:
    """When a message stops mattering: at once where something newer was published, or it ended."""
    if alert.expires_at is None or message != alert.latest:
        return message.sent
    return alert.expires_at


def _last_to_go(alert: Alert) -> tuple[bool, datetime]:
    return alert.status is AlertStatus.ISSUED, alert.updated_at


def _told(alert: Alert, message: Message) -> Told:
    reach = told_until(alert.until(message))
    return Told(alert, message, frozenset(reach.units), reach.everywhere)


def _standing(alert: Alert) -> Reach:
    return _latest(alert).content.reach


def _latest(alert: Alert) -> Message:
    assert alert.latest is not None, "it is kept because it was published"
    return alert.latest


def _newest_first(alerts: Iterable[Alert]) -> list[Alert]:
    return sorted(alerts, key=lambda alert: (_latest(alert).sent, alert.id), reverse=True)
