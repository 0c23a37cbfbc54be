"""Which devices are one person's: what one of them is to hear, all of them are."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec
from msgspec import UNSET

from smartcity.identity.citizens.store import CitizenStore
from smartcity.identity.devices.service import DeviceService


class Linked(msgspec.Struct, frozen=True):
    """An account, and the devices that are linked to it now."""

    account: UUID
    devices: frozenset[UUID]


class Companions:
    def __init__(self, citizens: CitizenStore, devices: DeviceService) -> None:
        self._citizens = citizens
        self._devices = devices

    async def of(self, recipients: Collection[UUID]) -> Mapping[UUID, Linked]:
        """The account of each that is one, or a device that was ever linked to one."""
        citizens = await self._citizens.of(recipients)
        if not citizens:
            return {}
        linked: defaultdict[UUID, set[UUID]] = defaultdict(set)
        for device in await self._devices.of_accounts([citizen.id for citizen in citizens]):
            assert device.account is not UNSET, "it was asked for by its account"
            linked[device.account].add(device.id)
        return {
            one: Linked(citizen.id, frozenset(linked[citizen.id]))
            for citizen in citizens
            for one in (citizen.devices | {citizen.id}).intersection(recipients)
        }
