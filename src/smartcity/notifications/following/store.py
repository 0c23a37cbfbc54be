"""Follows in MongoDB."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel

from smartcity.feed.event import Topic
from smartcity.notifications.following.model import Follow, Following
from smartcity.storage.mongo import Database, Document, from_document, to_document

FOLLOWS: Final = "follows"
OF_DOSSIERS: Final[Document] = {"topic": Topic.DOSSIER.value}

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    FOLLOWS: [
        IndexModel([("_id.subject", ASCENDING)], name="followers"),
        IndexModel(
            [("_id.follower", ASCENDING), ("topic", ASCENDING), ("at", DESCENDING)],
            name="followed",
        ),
        IndexModel(
            [("_id.subject", ASCENDING), ("_id.follower", ASCENDING)],
            name="dossiers",
            partialFilterExpression=OF_DOSSIERS,
        ),
    ]
}


class FollowStore:
    def __init__(self, database: Database) -> None:
        self._follows = database[FOLLOWS]

    async def add(self, follow: Follow) -> None:
        """Idempotent: a follow that is there keeps its time."""
        document = to_document(follow)
        await self._follows.update_one(
            {"_id": document.pop("_id")}, {"$setOnInsert": document}, upsert=True
        )

    async def end(self, following: Following) -> None:
        await self._follows.delete_one({"_id": to_document(following)})

    async def remove(self, persons: Collection[UUID]) -> None:
        """Everything that they follow. Idempotent."""
        await self._follows.delete_many({"_id.follower": {"$in": list(persons)}})

    async def followed_by(self, follower: UUID, topic: Topic, limit: int) -> list[UUID]:
        found = (
            self._follows.find({"_id.follower": follower, "topic": topic.value}, {"_id": 1})
            .sort("at", DESCENDING)
            .limit(limit)
        )
        return [document["_id"]["subject"] async for document in found]

    async def of_dossiers(self, behind: Following | None, limit: int) -> list[Follow]:
        """Up to `limit` follows of dossiers behind one of them, by dossier and follower."""
        query = OF_DOSSIERS
        if behind is not None:
            query = query | {
                "_id.subject": {"$gte": behind.subject},
                "$or": [
                    {"_id.subject": {"$gt": behind.subject}},
                    {"_id.follower": {"$gt": behind.follower}},
                ],
            }
        found = self._follows.find(query).hint("dossiers").limit(limit)
        found = found.sort([("_id.subject", ASCENDING), ("_id.follower", ASCENDING)])
        return [from_document(document, Follow) async for document in found]

    async def all_of(self, follower: UUID, limit: int) -> list[tuple[Topic, UUID]]:
        """What somebody follows, of every kind."""
        found = self._follows.find({"_id.follower": follower}, {"topic": 1}).limit(limit)
        return [(Topic(document["topic"]), document["_id"]["subject"]) async for document in found]

    async def followed_among(self, subjects: Collection[UUID]) -> set[UUID]:
        """Which of these somebody follows; read from the index alone."""
        cursor = await self._follows.aggregate(
            [
                {"$match": {"_id.subject": {"$in": list(subjects)}}},
                {"$group": {"_id": "$_id.subject"}},
            ]
        )
        return {document["_id"] async for document in cursor}

    async def followers(
        self, subjects: Collection[UUID], chunk: int
    ) -> AsyncIterator[tuple[UUID, Sequence[UUID]]]:
        """Subject by subject, up to `chunk` of its followers at a time."""
        found = self._follows.find({"_id.subject": {"$in": list(subjects)}}, {"_id": 1})
        current: UUID | None = None
        gathered: list[UUID] = []
        async for document in found.sort("_id.subject", ASCENDING):
            subject = document["_id"]["subject"]
            if current is not None and (subject != current or len(gathered) == chunk):
                yield current, gathered
                gathered = []
            current = subject
            gathered.append(document["_id"]["follower"])
        if current is not None:
            yield current, gathered
