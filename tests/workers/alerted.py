"""Alerts that were published, planned and wait to be told, and phones that follow units."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from smartcity.alerts.deliveries.model import Delivery
from smartcity.alerts.deliveries.planning import DeliveryPlan
from smartcity.alerts.deliveries.store import DeliveryStore
from smartcity.alerts.events import event
from smartcity.alerts.lifecycle import DeliveryMode
from smartcity.alerts.model import (
    Alert,
    AlertAction,
    AlertCategory,
    AlertWords,
    Area,
    Certainty,
    Content,
    Key,
    Reach,
    Urgency,
)
from smartcity.alerts.steps import Circumstances, Step, created, take
from smartcity.alerts.store import AlertStore
from smartcity.city.model import City
from smartcity.city.policies import Alerts, Severity
from smartcity.clock import now
from smartcity.composition import Composition
from smartcity.feed.event import Published
from smartcity.identifiers import new_id, new_token, token_hash
from smartcity.identity.devices.model import PREFIX, Device, Platform, PushAddress
from smartcity.identity.devices.store import DEVICES, DeviceStore
from smartcity.identity.roles import Actor, Role
from smartcity.notifications.pace import Pace
from smartcity.notifications.push import PushSender
from smartcity.settings import load_settings
from smartcity.storage.leases import Lease
from smartcity.storage.mongo import Database, to_document
from workers.alert_pushes import AlertPushes
from workers.crew.pushing import compose_alert_pushes
from workers.pusher import Pusher, Source

OFFICER: Final = Actor(roles=frozenset({Role.ALERTER}), id=new_id())
POLICY: Final = Alerts(sender="city", second_person=frozenset())
WORDS: Final = {
    "vi": AlertWords(event="Ngập lụt", headline="Nước sông dâng cao", description="Trong đêm nay."),
    "en": AlertWords(event="Flood", headline="The river is rising", description="Tonight."),
}
URGENCIES: Final = {
    DeliveryMode.DIRECT: Urgency.IMMEDIATE,
    DeliveryMode.TOPICS: Urgency.EXPECTED,
}


class Officer:
    """Publishes alerts, of which the telling is planned at once."""

    def __init__(self, database: Database) -> None:
        self._alerts = AlertStore(database)
        self._deliveries = DeliveryStore(database)

    async def issue(
        self,
        *units: str,
        mode: DeliveryMode = DeliveryMode.DIRECT,
        at: datetime | None = None,
        holds: timedelta = timedelta(hours=6),
    ) -> Alert:
        """For some units; without any, for everybody."""
        at = at or now()
        content = Content(
            category=AlertCategory.MET,
            severity=Severity.MINOR,
            urgency=URGENCIES[mode],
            certainty=Certainty.LIKELY,
            texts=WORDS,
            area=Area(units=units) if units else Area(everywhere=True),
            reach=Reach(units=units, everywhere=not units),
            expires=at + holds,
        )
        key = new_id().bytes
        alert = created(content, OFFICER.own_id, Key(key, key), at)
        await self._alerts.insert(alert, [])
        return await self._take(alert, Step(action=AlertAction.ISSUE), at)

    async def cancel(self, alert: Alert) -> Alert:
        return await self._take(alert, Step(action=AlertAction.CANCEL), now())

    async def delivery(self, alert: Alert) -> Delivery:
        """How far the telling of what was published last is."""
        return (await self._deliveries.of_alert(alert.id))[-1]

    async def _take(self, alert: Alert, step: Step, at: datetime) -> Alert:
        after = take(alert, step, Circumstances(actor=OFFICER, policy=POLICY, at=at))
        assert await self._alerts.advance(alert, after, [])
        told = Published(seq=1, epoch="TEST", event=event(after, after.timeline[-1]))
        await DeliveryPlan(self._alerts, self._deliveries).handle([told])
        return after


def alert_pushes(database: Database, city: City, sender: PushSender) -> AlertPushes:
    """The source of a pusher, as the workers have it."""
    settings = load_settings({}, environment={})
    return compose_alert_pushes(Composition(settings, city, database), sender)


def alert_pusher(
    source: Source, sender: PushSender, lease: Lease, per_second: float = 1_000_000
) -> Pusher:
    return Pusher([source], sender, lease, Pace(per_second))


async def phones_in(
    database: Database,
    names: Sequence[str | None],
    *units: str,
    language: str = "vi",
    kind: Any = "fid",
) -> list[UUID]:
    """Devices with these addresses, or none, that follow units; in the order of their ids."""
    at = now()
    made = [
        Device(
            id=new_id(),
            token_hash=token_hash(new_token(PREFIX)),
            platform=Platform.ANDROID,
            language=language,
            push=PushAddress(kind, name) if name else None,
            units=units,
            created_at=at,
            seen_at=at,
        )
        for name in names
    ]
    made = [
        msgspec.structs.replace(one, id=place)
        for one, place in zip(made, sorted(one.id for one in made), strict=True)
    ]
    await database[DEVICES].insert_many([to_document(one) for one in made])
    return [one.id for one in made]


def numbered(count: int) -> list[str]:
    return [f"phone-{number}" for number in range(count)]


async def follow(database: Database, device: UUID, *units: str) -> None:
    assert await DeviceStore(database).change(device, {"units": list(units)})
