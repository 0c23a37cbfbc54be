"""Devices are linked to the account of the person who holds them, and part from it."""

from typing import Final
from uuid import UUID

import msgspec

from smartcity.clock import now
from smartcity.errors import Conflict, NotFound, Refused
from smartcity.identifiers import keyed_id
from smartcity.identity.citizens.model import Citizen
from smartcity.identity.citizens.store import CitizenStore
from smartcity.identity.devices.model import Device
from smartcity.identity.devices.service import DeviceService
from smartcity.identity.oidc.issuers import Audience
from smartcity.identity.oidc.tokens import IdentityTokens, IdToken
from smartcity.identity.roles import Actor, Role

CITIZEN: Final = frozenset({Role.DEVICE, Role.CITIZEN})
"""A citizen still speaks through a device, and may do all that it may."""

MOST_DEVICES: Final = 50
"""So many one person may ever have linked."""


class CitizenService:
    def __init__(self, store: CitizenStore, devices: DeviceService, tokens: IdentityTokens) -> None:
        self._store = store
        self._devices = devices
        self._tokens = tokens

    async def link(self, device: UUID, given: IdToken) -> Citizen:
        """Link a device to the account of whom the token names; repeating changes nothing.

        What the device sent before is this person's from now on: whoever holds its token had it
        already. Raises `TokenRefused`, `Unavailable`; `Conflict` for a device that is linked to
        another account, which must part from it first; `Refused` for very many devices.
        """
        identity = await self._tokens.identify(given, Audience.CITIZENS, device.bytes)
        citizen = await self._store.get_or_add(
            Citizen(
                id=keyed_id(identity.digest),
                issuer=identity.issuer.name,
                identity=identity.digest,
                assurance=identity.assurance,
                created_at=now(),
            )
        )
        if device not in citizen.devices and len(citizen.devices) >= MOST_DEVICES:
            raise Refused(limit=MOST_DEVICES)
        if not await self._devices.join(device, citizen.id):
            raise Conflict(reason="other_account")
        return await self._complete(citizen, device)

    async def of(self, actor: Actor) -> Citizen:
        """The account to which the calling device is linked. Raises `NotFound`."""
        found = None if actor.account is None else await self._store.get(actor.account)
        if found is None:
            raise NotFound
        return found

    async def unlink(self, actor: Actor) -> tuple[Device, str]:
        """The phone goes on as a new device, whose token is told once; the old one opens nothing.

        So what it sent stays the account's, and nothing that it sends from now on is, whoever holds
        it. Raises `NotFound`.
        """
        await self.of(actor)
        return await self._devices.begin_anew(actor.own_id)

    async def actor(self, hashed: bytes) -> Actor | None:
        """Whose token this is, for `Credentials`: a device, with its account."""
        actor = await self._devices.actor(hashed)
        if actor is None or actor.account is None:
            return actor
        citizen = await self._store.get(actor.account)
        if citizen is None:
            return msgspec.structs.replace(actor, account=None)
        citizen = await self._complete(citizen, actor.own_id)
        return msgspec.structs.replace(
            actor,
            roles=CITIZEN,
            others=citizen.devices - {actor.own_id},
            assurance=citizen.assurance,
        )

    async def _complete(self, citizen: Citizen, device: UUID) -> Citizen:
        """Note a linked device with its account, now if the process died before it could."""
        if device in citizen.devices:
            return citizen
        await self._store.add_device(citizen.id, device)
        return msgspec.structs.replace(citizen, devices=citizen.devices | {device})
