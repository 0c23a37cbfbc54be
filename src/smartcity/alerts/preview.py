"""What an alert would do if it went out now: how many it reaches, and how many it does not."""

import asyncio
from collections.abc import Collection
from typing import Final, Protocol
from uuid import UUID

import msgspec

from smartcity.alerts.area import smallest
from smartcity.alerts.current import concerns
from smartcity.alerts.lifecycle import DeliveryMode, mode_of, needs_second_person
from smartcity.alerts.model import Alert, AlertStatus, Content, Reach, told_until
from smartcity.alerts.store import AlertStore
from smartcity.city.model import City

OTHERS: Final = 200
"""So many other alerts are looked at."""


class Followers(Protocol):
    """How many devices follow units (`identity.devices.store.DeviceStore`)."""

    async def count(self, units: Collection[str] | None) -> int: ...

    async def count_by_unit(self, units: Collection[str]) -> dict[str, int]: ...


class UnitReached(msgspec.Struct, frozen=True, kw_only=True):
    """One unit: the devices that follow it and, where the pack knows it, how many live there."""

    code: str
    devices: int
    population: int | None


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """`devices` are those that are told, each once. `no_longer` are units that an earlier message
    was for and this one is not: they are told so. `residents` live in the units whose population
    is known, and `not_reached` of them have no device there that follows. `others` are alerts and
    drafts that concern the same people.
    """

    content: Content
    mode: DeliveryMode
    devices: int
    units: list[UnitReached]
    no_longer: tuple[str, ...]
    residents: int | None
    not_reached: int | None
    second_person: bool
    confirmed_by: UUID | None
    others: list[Alert]


class Previews:
    def __init__(self, city: City, store: AlertStore, followers: Followers) -> None:
        self._city = city
        self._store = store
        self._followers = followers

    async def of(self, alert: Alert) -> Preview:
        """What issuing its draft would do; without a draft, what cancelling it would."""
        draft = alert.draft
        content = alert.content
        earlier = told_until(alert.messages)
        told = Reach(
            units=tuple({*content.reach.units, *earlier.units}),
            everywhere=content.reach.everywhere or earlier.everywhere,
        )
        units, devices = await asyncio.gather(
            self._units(content.reach),
            self._followers.count(None if told.everywhere else told.units),
        )
        known = [unit for unit in units if unit.population is not None]
        residents = sum(unit.population or 0 for unit in known)
        # Of an alert for everybody, devices that follow nothing hear too: nobody knows where.
        missed = residents - devices if told.everywhere else sum(map(_not_reached, known))
        return Preview(
            content=content,
            mode=mode_of([content, *(message.content for message in alert.messages)]),
            devices=devices,
            units=units,
            no_longer=_no_longer(earlier, content.reach),
            residents=residents if known else None,
            not_reached=max(0, missed) if known else None,
            second_person=needs_second_person(content, alert, self._city.alerts),
            confirmed_by=draft.confirmed_by if draft else None,
            others=await self._others(alert, told),
        )

    async def _units(self, reach: Reach) -> list[UnitReached]:
        units = smallest(reach, self._city)
        devices = await self._followers.count_by_unit(units)
        return [
            UnitReached(
                code=unit, devices=devices[unit], population=self._city.units[unit].population
            )
            for unit in units
        ]

    async def _others(self, alert: Alert, told: Reach) -> list[Alert]:
        found = await self._store.latest({AlertStatus.DRAFT, AlertStatus.ISSUED}, limit=OTHERS)
        return [other for other in found if other.id != alert.id and _meet(other, told)]


def _not_reached(unit: UnitReached) -> int:
    return max(0, (unit.population or 0) - unit.devices)


def _no_longer(earlier: Reach, reach: Reach) -> tuple[str, ...]:
    return () if reach.everywhere else tuple(sorted({*earlier.units} - {*reach.units}))


def _meet(other: Alert, told: Reach) -> bool:
    contents = [other.draft.content] if other.draft else []
    contents += [message.content for message in other.messages[-1:]]
    return told.everywhere or any(concerns(content.reach, told.units) for content in contents)
