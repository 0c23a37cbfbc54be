"""The keys of persons in MongoDB, and whatever else lies under the installation's keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
from pymongo import IndexModel, ReturnDocument, UpdateOne

from smartcity.storage.mongo import Database, Document

PERSON_KEYS: Final = "person_keys"
ROTATIONS: Final = "rotations"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {}
"""Both are found by their ids alone."""


class PersonKey(msgspec.Struct, frozen=True, kw_only=True):
    """The document. `id` is the person's: that of a device, an account or a caller."""

    id: UUID = msgspec.field(name="_id")
    wrapped: bytes
    """The key, encrypted under the installation's."""
    used_at: datetime


class PersonKeyStore:
    def __init__(self, database: Database) -> None:
        self._keys = database[PERSON_KEYS]

    async def get(self, person: UUID) -> bytes | None:
        found = await self._keys.find_one({"_id": person}, {"wrapped": 1})
        return None if found is None else found["wrapped"]

    async def ensure(self, fresh: PersonKey) -> bytes:
        """The person's key: the one that is there, or the fresh one. Whoever comes first has made
        it for all.
        """
        found = await self._keys.find_one_and_update(
            {"_id": fresh.id},
            {"$setOnInsert": {"wrapped": fresh.wrapped}, "$max": {"used_at": fresh.used_at}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        assert found is not None, "an upsert leaves a document"
        return found["wrapped"]

    async def destroy(self, persons: Sequence[UUID]) -> None:
        await self._keys.delete_many({"_id": {"$in": list(persons)}})

    async def destroy_unused(self, persons: Sequence[UUID], since: datetime) -> None:
        """Those that nothing was written under since a time."""
        await self._keys.delete_many({"_id": {"$in": list(persons)}, "used_at": {"$lt": since}})

    async def count(self) -> int:
        return await self._keys.estimated_document_count()


class Sealed(NamedTuple):
    """A field of a document that lies under a key of the installation's, as it was seen."""

    id: UUID
    kept: bytes | None


class SealedField:
    """One field of one collection; `name` says which, for people and for the progress kept."""

    def __init__(self, database: Database, collection: str, field: str) -> None:
        self.name = f"{collection}.{field}"
        self._documents = database[collection]
        self._field = field

    async def page(self, after: UUID | None, limit: int) -> list[Sealed]:
        """The next documents by id, with or without the field: so a page is bounded."""
        query: Document = {} if after is None else {"_id": {"$gt": after}}
        found = self._documents.find(query, {self._field: 1}).sort("_id", 1).limit(limit)
        return [Sealed(document["_id"], self._kept(document)) async for document in found]

    async def replace(self, renewed: Sequence[tuple[Sealed, bytes]]) -> None:
        """Write what was sealed anew, where nothing else was written meanwhile."""
        if renewed:
            await self._documents.bulk_write(
                [
                    UpdateOne({"_id": old.id, self._field: old.kept}, {"$set": {self._field: new}})
                    for old, new in renewed
                ],
                ordered=False,
            )

    def _kept(self, document: Document) -> bytes | None:
        outer, _, inner = self._field.rpartition(".")
        holder: Document = document.get(outer, {}) if outer else document
        return holder.get(inner)


class RotationStore:
    """How far the renewal under a new key has come, field by field."""

    def __init__(self, database: Database) -> None:
        self._rotations = database[ROTATIONS]

    async def begin(self, key: bytes) -> None:
        """Idempotent: one that was cut off goes on."""
        await self._rotations.update_one(
            {"_id": key}, {"$setOnInsert": {"done": False, "at": []}}, upsert=True
        )

    async def unfinished(self, key: bytes) -> bool:
        return await self._rotations.find_one({"_id": key, "done": False}) is not None

    async def behind(self, key: bytes) -> Mapping[str, UUID]:
        found = await self._rotations.find_one({"_id": key})
        return {} if found is None else {one["field"]: one["id"] for one in found["at"]}

    async def save(self, key: bytes, behind: Mapping[str, UUID]) -> None:
        at = [{"field": field, "id": id_} for field, id_ in behind.items()]
        await self._rotations.update_one({"_id": key}, {"$set": {"at": at}})

    async def finish(self, key: bytes) -> None:
        await self._rotations.update_one({"_id": key}, {"$set": {"done": True, "at": []}})
