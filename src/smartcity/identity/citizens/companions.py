"""Which devices are one person's: what one of them is to hear, all of them are."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from uuid import UUID

from msgspec import UNSET

from smartcity.identity.citizens.store import CitizenStore
from smartcity.identity.devices.service import DeviceService


class Companions:
    def __init__(self, citizens: CitizenStore, devices: DeviceService) -> None:
        self._citizens = citizens
        self._devices = devices

    async def of(self, recipients: Collection[UUID]) -> Mapping[UUID, frozenset[UUID]]:
        """For each that belongs to an account: the devices that are linked to it now."""
        citizens = await self._citizens.of_devices(recipients)
        linked: defaultdict[UUID, set[UUID]] = defaultdict(set)
        for device in await self._devices.of_accounts([citizen.id for citizen in citizens]):
            assert device.account is not UNSET, "it was asked for by its account"
            linked[device.account].add(device.id)
        return {
            device: frozenset(linked[citizen.id])
            for citizen in citizens
            for device in citizen.devices.intersection(recipients)
        }
