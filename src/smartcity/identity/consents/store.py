"""Consents in MongoDB: a history that is only added to, until its person is erased."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel

from smartcity.storage.mongo import Database, from_document, if_found, to_document

CONSENTS: Final = "consents"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    CONSENTS: [
        IndexModel(
            [("person", ASCENDING), ("purpose", ASCENDING), ("_id", DESCENDING)], name="person"
        )
    ]
}

HISTORY: Final = 1000
"""So much of one person's history is read at the most."""


class Consent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The document: given, or taken back. `by` is the operator who wrote down a caller's word."""

    id: UUID = msgspec.field(name="_id")
    person: UUID
    purpose: str
    version: str
    given: bool
    at: datetime
    by: UUID | None = None


class ConsentStore:
    def __init__(self, database: Database) -> None:
        self._consents = database[CONSENTS]

    async def add(self, consent: Consent) -> None:
        await self._consents.insert_one(to_document(consent))

    async def latest(self, person: UUID, purpose: str) -> Consent | None:
        found = await self._consents.find_one(
            {"person": person, "purpose": purpose}, sort=[("_id", DESCENDING)]
        )
        return if_found(found, Consent)

    async def of(self, persons: Collection[UUID]) -> list[Consent]:
        """Everything that these persons gave and took back, the oldest first."""
        found = self._consents.find({"person": {"$in": list(persons)}}).sort("_id", ASCENDING)
        return [from_document(document, Consent) async for document in found.limit(HISTORY)]

    async def remove(self, persons: Collection[UUID]) -> None:
        await self._consents.delete_many({"person": {"$in": list(persons)}})
