"""Whom a delivery of an alert tells: the phones of its area one by one, or the topics of its units.

Both are walked in an order that stays, so that whoever goes on knows where.
"""

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from smartcity.alerts.deliveries.model import Delivery
from smartcity.alerts.lifecycle import DeliveryMode
from smartcity.identity.devices.model import Phone, PushAddress
from smartcity.identity.devices.store import DeviceStore
from smartcity.notifications.model import Urgency, notification_id
from smartcity.notifications.push import PushTopic
from smartcity.notifications.topics import city_topic, unit_topic


class Addressee(msgspec.Struct, frozen=True):
    """`whom` is their place in the walk; `id` is under which the phone keeps what it shows."""

    whom: str
    id: UUID
    address: PushAddress | PushTopic
    language: str


class Page(msgspec.Struct, frozen=True):
    """Some of a walk, and up to where it was looked at; none: the walk is at its end."""

    addressees: Sequence[Addressee]
    up_to: str | None


class Addressees(Protocol):
    urgency: Urgency

    async def page(self, after: str, limit: int) -> Page:
        """Of as many as `limit` behind a place, those that can be told."""
        ...

    async def some(self, whom: Collection[str]) -> Sequence[Addressee]:
        """Those of these who can be told now."""
        ...


def addressees_of(delivery: Delivery, devices: DeviceStore, languages: Sequence[str]) -> Addressees:
    if delivery.mode is DeliveryMode.DIRECT:
        return PhonesOf(delivery, devices)
    return TopicsOf(delivery, languages)


class PhonesOf:
    """Every device of the area that has a push address. It presses: no quiet hours hold it back."""

    urgency = Urgency.HIGH

    def __init__(self, delivery: Delivery, devices: DeviceStore) -> None:
        self._message = delivery.id
        self._units = None if delivery.reach.everywhere else delivery.reach.units
        self._devices = devices

    async def page(self, after: str, limit: int) -> Page:
        behind = UUID(after) if after else None
        found = await self._devices.walk(self._units, after=behind, limit=limit)
        return Page(self._reached(found.phones), str(found.up_to) if found.up_to else None)

    async def some(self, whom: Collection[str]) -> Sequence[Addressee]:
        return self._reached(await self._devices.phones([UUID(one) for one in whom]))

    def _reached(self, phones: Sequence[Phone]) -> list[Addressee]:
        return [
            Addressee(
                str(phone.id), notification_id(self._message, phone.id), phone.push, phone.language
            )
            for phone in phones
            if phone.push is not None
        ]


class TopicsOf:
    """One topic for each unit and language. Every message has the id of what it tells: a phone that
    follows two of the units gets two, and the second replaces the first.
    """

    urgency = Urgency.NORMAL

    def __init__(self, delivery: Delivery, languages: Sequence[str]) -> None:
        reach = delivery.reach
        named = {
            city_topic(language) if unit is None else unit_topic(unit, language): language
            for unit in ((None,) if reach.everywhere else reach.units)
            for language in languages
        }
        self._topics = {
            name: Addressee(name, delivery.id, PushTopic(name), named[name])
            for name in sorted(named)
        }

    async def page(self, after: str, limit: int) -> Page:
        names = [name for name in self._topics if name > after][:limit]
        return Page([self._topics[name] for name in names], names[-1] if names else None)

    async def some(self, whom: Collection[str]) -> Sequence[Addressee]:
        return [self._topics[name] for name in whom if name in self._topics]
