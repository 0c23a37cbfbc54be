"""Counts of failures in MongoDB, so that every process sees the same."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from pymongo import ASCENDING, IndexModel

from smartcity.storage.mongo import Database

ATTEMPTS: Final = "attempts"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    ATTEMPTS: [IndexModel([("until", ASCENDING)], name="retention", expireAfterSeconds=0)]
}


class AttemptStore:
    def __init__(self, database: Database) -> None:
        self._attempts = database[ATTEMPTS]

    async def counted(
        self, keys: Collection[bytes], at: datetime
    ) -> list[tuple[bytes, int, datetime]]:
        """Those of the keys that failed: how often, and until when that counts."""
        found = self._attempts.find({"_id": {"$in": list(keys)}, "until": {"$gt": at}})
        return [(one["_id"], one["count"], one["until"]) async for one in found]

    async def count(self, key: bytes, at: datetime, window: timedelta) -> None:
        """One failure more, in the window that is open, or in a new one."""
        is_open = {"$gt": ["$until", at]}
        step = {
            "count": {"$cond": [is_open, {"$add": ["$count", 1]}, 1]},
            "until": {"$cond": [is_open, "$until", at + window]},
        }
        await self._attempts.update_one({"_id": key}, [{"$set": step}], upsert=True)
