"""Erasures that were asked for, and how far retention has come, in MongoDB."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from pymongo import ASCENDING, IndexModel

from smartcity.storage.mongo import Database, from_document, to_document

ERASURES: Final = "erasures"
PROGRESS: Final = "retention"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    ERASURES: [
        IndexModel(
            [("at", ASCENDING)],
            name="unfinished",
            partialFilterExpression={"persons": {"$exists": True}},
        )
    ]
}

_ONLY: Final = "reports"


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """The document. When it is done, whose it was is forgotten too."""

    id: UUID = msgspec.field(name="_id")
    at: datetime
    persons: tuple[UUID, ...]
    phone: bytes | None = None


class PeopleStore:
    def __init__(self, database: Database) -> None:
        self._erasures = database[ERASURES]
        self._progress = database[PROGRESS]

    async def add(self, erasure: Erasure) -> None:
        await self._erasures.insert_one(to_document(erasure))

    async def unfinished(self, limit: int) -> list[Erasure]:
        """Erasures that are not done, the oldest first."""
        found = self._erasures.find({"persons": {"$exists": True}}).sort("at", ASCENDING)
        return [from_document(document, Erasure) async for document in found.limit(limit)]

    async def finish(self, erasures: Collection[UUID], at: datetime) -> None:
        await self._erasures.update_many(
            {"_id": {"$in": list(erasures)}},
            {"$set": {"done_at": at}, "$unset": {"persons": "", "phone": ""}},
        )

    async def behind(self) -> tuple[datetime, UUID] | None:
        """The last report that retention has dealt with: when it was finished, and its id."""
        found = await self._progress.find_one({"_id": _ONLY})
        return None if found is None else (found["finished_at"], found["report"])

    async def move_on(self, finished_at: datetime, report: UUID) -> None:
        await self._progress.update_one(
            {"_id": _ONLY}, {"$set": {"finished_at": finished_at, "report": report}}, upsert=True
        )
