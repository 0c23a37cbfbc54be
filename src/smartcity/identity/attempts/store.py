"""Counts of failures in MongoDB, so that every process sees the same."""

from collections.abc import Mapping, Sequence
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

    async def counted(self, key: bytes, at: datetime) -> tuple[int, datetime]:
        """How many failures there are, and until when they count."""
        found = await self._attempts.find_one({"_id": key, "until": {"$gt": at}})
        return (found["count"], found["until"]) if found else (0, at)

    async def count(self, key: bytes, at: datetime, window: timedelta) -> None:
        """One failure more, in the window that is open, or in a new one."""
        is_open = {"$gt": ["$until", at]}
        step = {
            "count": {"$cond": [is_open, {"$add": ["$count", 1]}, 1]},
            "until": {"$cond": [is_open, "$until", at + window]},
        }
        await self._attempts.update_one({"_id": key}, [{"$set": step}], upsert=True)
