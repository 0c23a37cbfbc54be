"""Counts of failures in MongoDB, so that every process sees the same."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from pymongo import ASCENDING, IndexModel

from smartcity.storage.gathering import look_up
from smartcity.storage.mongo import Database

ATTEMPTS: Final = "attempts"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    ATTEMPTS: [IndexModel([("until", ASCENDING)], name="retention", expireAfterSeconds=0)]
}


class Counted(NamedTuple):
    """Failures, and until when they count."""

    failures: int
    until: datetime


class AttemptStore:
    def __init__(self, database: Database) -> None:
        self._attempts = database[ATTEMPTS]
        self._counted = look_up(self._several)

    async def counted(self, key: bytes) -> Counted | None:
        """How often there was a failure, and until when that counts or did."""
        return await self._counted(key)

    async def _several(self, keys: Collection[bytes]) -> dict[bytes, Counted]:
        found = self._attempts.find({"_id": {"$in": list(keys)}})
        return {one["_id"]: Counted(one["count"], one["until"]) async for one in found}

    async def count(self, key: bytes, at: datetime, window: timedelta) -> None:
        """One failure more, in the window that is open, or in a new one."""
        is_open = {"$gt": ["$until", at]}
        step = {
            "count": {"$cond": [is_open, {"$add": ["$count", 1]}, 1]},
            "until": {"$cond": [is_open, "$until", at + window]},
        }
        await self._attempts.update_one({"_id": key}, [{"$set": step}], upsert=True)
