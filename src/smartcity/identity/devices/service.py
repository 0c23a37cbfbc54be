"""What a device does with itself, and what others may know of it."""

import re
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.errors import FieldError, Invalid, NotFound
from smartcity.identifiers import new_id, new_token, token_hash
from smartcity.identity.devices.model import (
    ADDRESS_DAYS,
    PREFIX,
    Device,
    DeviceChange,
    NewDevice,
    PushAddress,
    QuietHours,
    Reach,
    Subscriber,
)
from smartcity.identity.devices.quiet_hours import quiet_until
from smartcity.identity.devices.store import DeviceStore
from smartcity.identity.roles import Actor, Role
from smartcity.storage.mongo import to_document

SEEN_EVERY: Final = timedelta(days=1)
"""How exact `seen_at` is: noting every request would cost a write each."""

CHUNK: Final = 1000

DEVICE: Final = frozenset({Role.DEVICE})

FID: Final = re.compile(r"[A-Za-z0-9_-]{1,200}")
"""A Firebase installation id: base64 for addresses, with room for longer ones than today's 22."""


class DeviceService:
    def __init__(self, store: DeviceStore, city: City) -> None:
        self._store = store
        self._city = city

    async def register(self, new: NewDevice) -> tuple[Device, str]:
        """A new device and its token, which is told once. Raises `Invalid`."""
        self._check_language(new.language)
        _check_push(new.push)
        token, at = new_token(PREFIX), now()
        device = Device(
            id=new_id(),
            token_hash=token_hash(token),
            platform=new.platform,
            language=new.language,
            push=new.push,
            created_at=at,
            seen_at=at,
        )
        await self._store.add(device)
        await self._claim(device)
        return device, token

    async def get(self, device: UUID) -> Device:
        """Raises `NotFound`."""
        found = await self._store.get(device)
        if found is None:
            raise NotFound
        return found

    async def update(self, device: UUID, change: DeviceChange) -> Device:
        """Change what is given. Raises `Invalid`, `NotFound`."""
        if change.language is not UNSET:
            self._check_language(change.language)
        if change.push is not UNSET:
            _check_push(change.push)
        if change.units is not UNSET:
            self._check_units(change.units)
            change = msgspec.structs.replace(change, units=tuple(dict.fromkeys(change.units)))
        if change.categories is not UNSET:
            self._check_categories(change.categories)
            once = tuple(dict.fromkeys(change.categories))
            change = msgspec.structs.replace(change, categories=once)
        changed = await self._store.change(device, to_document(change))
        if changed is None:
            raise NotFound
        if change.push:
            await self._claim(changed)
        return changed

    async def actor(self, hashed: bytes) -> Actor | None:
        """Whose token this is, for `Credentials`."""
        device = await self._store.by_token(hashed)
        if device is None:
            return None
        if now() - device.seen_at >= SEEN_EVERY:
            await self._store.seen(device.id, now())
        return Actor(
            roles=DEVICE,
            id=device.id,
            language=device.language,
            since=device.created_at,
            account=None if device.account is UNSET else device.account,
        )

    async def join(self, device: UUID, account: UUID) -> bool:
        """Link a device to an account. False if it is linked to another, or not there."""
        return await self._store.join(device, account)

    async def begin_anew(self, device: UUID) -> tuple[Device, str]:
        """A new device in the place of one whose token then opens nothing. Raises `NotFound`."""
        old = await self.get(device)
        new = NewDevice(platform=old.platform, language=old.language, push=old.push)
        registered = await self.register(new)
        await self._store.remove([device])
        return registered

    async def of_accounts(self, accounts: Collection[UUID]) -> list[Device]:
        """The devices that are linked to any of these accounts now."""
        return await self._store.of_accounts(accounts)

    async def reach(self, devices: Collection[UUID]) -> dict[UUID, Reach]:
        """Where pushes go and when not, for those who have an address."""
        return await self._store.reach(devices)

    def quiet_until(self, hours: QuietHours | None, at: datetime) -> datetime | None:
        """When the quiet hours end in which a moment lies; none if it lies in none."""
        return None if hours is None else quiet_until(hours, at, self._city.zone)

    def subscribers(
        self, units: Collection[str], categories: Collection[str]
    ) -> AsyncIterator[Subscriber]:
        """Devices that want to hear of one of these categories or fields, and follow a unit of
        these, as they are read.
        """
        return self._store.subscribers(units, categories)

    async def languages(self, devices: Collection[UUID]) -> dict[UUID, str]:
        return {device.id: device.language for device in await self._store.several(devices)}

    async def forget(self, addresses: Collection[PushAddress]) -> None:
        """Push to these addresses no more: they reach nobody. The devices stay."""
        await self._store.forget_pushes(addresses)

    async def forget_silent(self, at: datetime) -> int:
        """Push no more to devices that were not seen for `ADDRESS_DAYS`, and answer how many there
        were. They, their inboxes and their reports stay: who comes back gives an address again.
        """
        before, forgotten = at - timedelta(days=ADDRESS_DAYS), 0
        while count := await self._store.forget_silent_pushes(before, CHUNK):
            forgotten += count
        return forgotten

    async def _claim(self, device: Device) -> None:
        """A phone that registers anew keeps its push address: its former self must not ring too."""
        if device.push is not None:
            await self._store.forget_push(device.push, but=device.id)

    def _check_language(self, language: str) -> None:
        if language not in self._city.languages:
            raise Invalid(FieldError("language", "unknown"))

    def _check_units(self, units: Sequence[str]) -> None:
        unknown = [place for place, unit in enumerate(units) if unit not in self._city.units]
        if unknown:
            raise Invalid(*(FieldError(f"units.{place}", "unknown") for place in unknown))

    def _check_categories(self, categories: Sequence[str]) -> None:
        known = self._city.categories.keys() | self._city.fields.keys()
        unknown = [place for place, code in enumerate(categories) if code not in known]
        if unknown:
            raise Invalid(*(FieldError(f"categories.{place}", "unknown") for place in unknown))


def _check_push(address: PushAddress | None) -> None:
    """An installation id stands in the path of what FCM is asked: nothing may lead elsewhere."""
    if address is not None and address.kind == "fid" and not FID.fullmatch(address.value):
        raise Invalid(FieldError("push.value", "malformed"))
