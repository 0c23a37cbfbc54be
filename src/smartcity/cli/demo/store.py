"""Whether a database has its sample data already."""

from datetime import datetime

import msgspec

from smartcity.storage.mongo import Database


class Progress(msgspec.Struct, frozen=True):
    """When loading began (everything is made for that moment), and whether it came to its end."""

    begun_at: datetime
    done: bool


class DemoStore:
    def __init__(self, database: Database) -> None:
        self._demo = database["demo"]

    async def begin(self, at: datetime) -> Progress:
        """Note that loading begins, or find that it did before."""
        await self._demo.update_one(
            {"_id": "demo"}, {"$setOnInsert": {"begun_at": at, "done": False}}, upsert=True
        )
        found = await self._demo.find_one({"_id": "demo"})
        assert found is not None, "it was just written"
        return Progress(found["begun_at"], found["done"])

    async def finish(self) -> None:
        await self._demo.update_one({"_id": "demo"}, {"$set": {"done": True}})
