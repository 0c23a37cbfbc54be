"""Restrictions of senders in MongoDB, and what was taken of those who are limited."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel, ReturnDocument

from smartcity.clock import now
from smartcity.identifiers import is_keyed
from smartcity.identity.senders.model import Restriction
from smartcity.storage.mongo import Database, from_document, to_document

RESTRICTIONS: Final = "restrictions"
DAYS: Final = "restricted_days"

KEPT_S: Final = 30 * 86_400
"""So long a restriction that has ended is kept: longer than any process needs to hear of it."""

COUNTED: Final = timedelta(days=2)

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    RESTRICTIONS: [
        IndexModel([("senders", ASCENDING)], name="senders"),
        IndexModel([("changed_at", ASCENDING)], name="changed_at"),
        IndexModel([("until", ASCENDING)], name="retention", expireAfterSeconds=KEPT_S),
    ],
    DAYS: [IndexModel([("until", ASCENDING)], name="retention", expireAfterSeconds=0)],
}


class RestrictionStore:
    def __init__(self, database: Database) -> None:
        self._restrictions = database[RESTRICTIONS]
        self._days = database[DAYS]

    async def add(self, restriction: Restriction) -> None:
        await self._restrictions.insert_one(to_document(restriction))

    async def of_report(self, report: UUID, at: datetime) -> list[Restriction]:
        """What holds and was decided on a report, whose sender may be forgotten by now."""
        return await self._several({"report": report, "until": {"$gt": at}})

    async def binding(self, senders: Collection[UUID], at: datetime) -> list[Restriction]:
        """What holds for any of these."""
        return await self._several({"senders": {"$in": list(senders)}, "until": {"$gt": at}})

    async def end(self, restrictions: Collection[UUID], at: datetime) -> None:
        await self._restrictions.update_many(
            {"_id": {"$in": list(restrictions)}, "until": {"$gt": at}},
            {"$set": {"until": at, "changed_at": at}},
        )

    async def bind(self, restriction: UUID, sender: UUID, at: datetime) -> None:
        """Let it bind one more."""
        await self._restrictions.update_one(
            {"_id": restriction, "senders": {"$ne": sender}},
            {"$addToSet": {"senders": sender}, "$set": {"changed_at": at}},
        )

    async def remove(self, persons: Collection[UUID]) -> None:
        """Erased persons are not restricted any more, as their ids name nobody: what binds no one
        else has ended. Only an id that is a keyed digest (an account's, a caller's) stays bound, or
        erasure would lift every ban; with it stays on what report it was decided and why, for who
        objects. It ends on its day, a year away at the most, and goes a month later (law: article
        17.3 b and e of the GDPR, and what Vietnam's law on personal data protection allows in the
        public interest). Idempotent.
        """
        at = now()
        gone = [person for person in persons if not is_keyed(person)]
        await self._restrictions.update_many(
            {"senders": {"$in": gone}}, {"$pullAll": {"senders": gone}, "$set": {"changed_at": at}}
        )
        await self._restrictions.update_many(
            {"senders": [], "until": {"$gt": at}}, {"$set": {"until": at, "changed_at": at}}
        )

    async def changed(self, since: datetime | None, at: datetime) -> list[Restriction]:
        """Those set, ended or widened since; all that hold, if it is not said since when."""
        if since is None:
            return await self._several({"until": {"$gt": at}})
        return await self._several({"changed_at": {"$gte": since}})

    async def page(self, at: datetime, *, before: UUID | None, limit: int) -> list[Restriction]:
        """What holds, the latest decision first."""
        query: dict[str, Any] = {"until": {"$gt": at}}
        if before is not None:
            query["_id"] = {"$lt": before}
        found = self._restrictions.find(query).sort("_id", -1).limit(limit)
        return [from_document(document, Restriction) async for document in found]

    async def count_on(self, restriction: UUID, day: str, at: datetime) -> int:
        """One more of this day, and how many that makes."""
        counted = await self._days.find_one_and_update(
            {"_id": f"{restriction} {day}"},
            {"$inc": {"count": 1}, "$setOnInsert": {"until": at + COUNTED}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        assert counted is not None, "it is made where it is missing"
        return counted["count"]

    async def _several(self, query: dict[str, Any]) -> list[Restriction]:
        found = self._restrictions.find(query)
        return [from_document(document, Restriction) async for document in found]
