"""Texts of one person, under a key that is theirs alone and lies under the installation's."""

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from smartcity.clock import now
from smartcity.identity.personal import (
    KEY_BYTES,
    KEY_ID_BYTES,
    PersonalData,
    UnreadableError,
    opened,
    sealed,
)
from smartcity.identity.persons.store import PersonKey, PersonKeyStore

THEIR_OWN: Final = bytes(KEY_ID_BYTES)
"""Stands where else a key's id stands: a person's own."""


class PersonKeys:
    """The ciphers of persons. Destroying a key makes what lies under it unreadable for ever, in the
    database and in every copy of it that does not hold the key itself.
    """

    def __init__(self, store: PersonKeyStore, personal: PersonalData) -> None:
        self._store = store
        self._personal = personal

    async def encrypt(self, person: UUID, text: str) -> bytes:
        """The text as it may be kept; only as this person's it is read again."""
        wrapped = self._personal.encrypt(os.urandom(KEY_BYTES).hex())
        key = await self._store.ensure(PersonKey(id=person, wrapped=wrapped, used_at=now()))
        return THEIR_OWN + sealed(self._cipher(key), text, person.bytes)

    async def decrypt(self, person: UUID, kept: bytes) -> str:
        """What `encrypt` was given. Raises `UnreadableError`."""
        if kept[:KEY_ID_BYTES] != THEIR_OWN:
            return self._personal.decrypt(kept)  # of before persons had keys
        key = await self._store.get(person)
        if key is None:
            raise UnreadableError("the person's key was destroyed")
        return opened(self._cipher(key), kept[KEY_ID_BYTES:], person.bytes)

    async def destroy(self, persons: Sequence[UUID]) -> None:
        """Idempotent."""
        await self._store.destroy(persons)

    async def destroy_unused(self, persons: Sequence[UUID], since: datetime) -> None:
        """Destroy the keys of those for whom nothing was written since a time."""
        await self._store.destroy_unused(persons, since)

    def _cipher(self, wrapped: bytes) -> AESGCM:
        return AESGCM(bytes.fromhex(self._personal.decrypt(wrapped)))
