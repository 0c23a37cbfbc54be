"""How far each week's digests are, in MongoDB."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel, ReturnDocument

from smartcity.notifications.digests.model import Progress, Week
from smartcity.storage.mongo import Database, from_document

DIGESTS: Final = "digests"
KEPT_DAYS: Final = 60

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    DIGESTS: [
        IndexModel([("until", ASCENDING)], name="retention", expireAfterSeconds=KEPT_DAYS * 86_400),
    ]
}


class DigestStore:
    def __init__(self, database: Database) -> None:
        self._digests = database[DIGESTS]

    async def begin(self, week: Week) -> Progress:
        """Where the week's digests are; at their beginning, if nobody has begun."""
        found = await self._digests.find_one_and_update(
            {"_id": week.name},
            {"$setOnInsert": {"until": week.until, "done": False}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        assert found is not None, "it was there, or was made"
        return from_document(found, Progress)

    async def advance(self, week: Week, after: UUID) -> None:
        """Everybody up to this person has theirs; never back, whoever else is at it."""
        await self._digests.update_one(
            {"_id": week.name, "done": False}, {"$max": {"after": after}}
        )

    async def finish(self, week: Week) -> None:
        """Everybody has theirs, and nobody stands there any more."""
        await self._digests.update_one(
            {"_id": week.name}, {"$set": {"done": True}, "$unset": {"after": ""}}
        )
