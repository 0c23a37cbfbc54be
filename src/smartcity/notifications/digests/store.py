"""How far each week's digests are, and what is counted for them, in MongoDB."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel, ReturnDocument

from smartcity.feed.event import Topic
from smartcity.notifications.digests.model import Progress, Week
from smartcity.notifications.model import Kind
from smartcity.notifications.store import NOTIFICATIONS
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
        self._notifications = database[NOTIFICATIONS]

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

    async def moved(
        self, recipients: Collection[UUID], since: datetime
    ) -> dict[UUID, frozenset[UUID]]:
        """Of which reports these were told since a moment, but for those that are only near."""
        cursor = await self._notifications.aggregate(
            [
                {
                    "$match": {
                        "recipient": {"$in": list(recipients)},
                        "created_at": {"$gte": since},
                        "topic": Topic.REPORT.value,
                        "kind": {"$ne": Kind.AREA.value},
                    }
                },
                {"$group": {"_id": "$recipient", "subjects": {"$addToSet": "$subject"}}},
            ],
            hint="inbox",
        )
        return {group["_id"]: frozenset(group["subjects"]) async for group in cursor}
