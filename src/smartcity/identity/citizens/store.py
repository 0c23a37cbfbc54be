"""Citizens in MongoDB."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel, ReturnDocument

from smartcity.identity.citizens.model import Citizen
from smartcity.storage.mongo import Database, from_document, if_found, to_document

CITIZENS: Final = "citizens"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    CITIZENS: [
        IndexModel([("identity", ASCENDING)], name="identity", unique=True),
        IndexModel([("devices", ASCENDING)], name="devices"),
    ]
}


class CitizenStore:
    def __init__(self, database: Database) -> None:
        self._citizens = database[CITIZENS]

    async def get(self, citizen: UUID) -> Citizen | None:
        return if_found(await self._citizens.find_one({"_id": citizen}), Citizen)

    async def get_or_add(self, citizen: Citizen) -> Citizen:
        """The account of this identity, as sure as it is now; the given one if there is none.

        The server tries again by itself when two phones of one person come at the same moment.
        """
        document = to_document(citizen)
        assurance = document.pop("assurance")
        found = await self._citizens.find_one_and_update(
            {"identity": citizen.identity},
            {"$set": {"assurance": assurance}, "$setOnInsert": document},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        assert found is not None, "it was there, or was made"
        return from_document(found, Citizen)

    async def add_device(self, citizen: UUID, device: UUID) -> None:
        await self._citizens.update_one({"_id": citizen}, {"$addToSet": {"devices": device}})

    async def of(self, ids: Collection[UUID]) -> list[Citizen]:
        """The accounts among these ids, and those to which a device of them was ever linked."""
        among = {"$in": list(ids)}
        found = self._citizens.find({"$or": [{"_id": among}, {"devices": among}]})
        return [from_document(document, Citizen) async for document in found]

    async def remove(self, persons: Collection[UUID]) -> None:
        """Nobody's devices are linked by these accounts any more. Idempotent."""
        await self._citizens.delete_many({"_id": {"$in": list(persons)}})
