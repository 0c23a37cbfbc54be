"""Deliveries in MongoDB."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel

from smartcity.alerts.deliveries.model import Delivery, DeliveryState, Progress
from smartcity.storage.mongo import Database, from_document, to_document

DELIVERIES: Final = "deliveries"

UNFINISHED: Final = (DeliveryState.WAITING.value, DeliveryState.RUNNING.value)

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    DELIVERIES: [
        IndexModel([("alert", ASCENDING), ("created_at", ASCENDING)], name="alert"),
        IndexModel([("state", ASCENDING), ("created_at", ASCENDING)], name="state"),
    ]
}


class DeliveryStore:
    def __init__(self, database: Database) -> None:
        self._deliveries = database[DELIVERIES]

    async def add(self, delivery: Delivery) -> None:
        """Idempotent: one that is there stays as far as it is."""
        document = to_document(delivery)
        await self._deliveries.update_one(
            {"_id": document.pop("_id")}, {"$setOnInsert": document}, upsert=True
        )

    async def unfinished(self, limit: int) -> list[Delivery]:
        """What is still to be sent, in the order in which it was published."""
        found = self._deliveries.find({"state": {"$in": list(UNFINISHED)}})
        in_turn = found.sort("created_at", ASCENDING).limit(limit)
        return [from_document(document, Delivery) async for document in in_turn]

    async def of_alert(self, alert: UUID) -> list[Delivery]:
        """The deliveries of an alert, in the order of its messages."""
        found = self._deliveries.find({"alert": alert}).sort("created_at", ASCENDING)
        return [from_document(document, Delivery) async for document in found]

    async def advance(
        self, before: Delivery, progress: Progress, at: datetime, *, done: bool = False
    ) -> bool:
        """Write down how far it got. False if it was stopped, or somebody else was faster: then
        nothing more of it may be sent from here.
        """
        state = DeliveryState.DONE if done else DeliveryState.RUNNING
        written = await self._deliveries.update_one(
            {
                "_id": before.id,
                "progress.after": before.progress.after,
                "state": {"$in": list(UNFINISHED)},
            },
            {
                "$set": {
                    "state": state.value,
                    "progress": to_document(progress),
                    "updated_at": at,
                }
            },
        )
        return written.matched_count == 1

    async def stop(self, alert: UUID, *, but: UUID | None, reason: str, at: datetime) -> None:
        """Tell nobody any more of an alert's messages but one. Idempotent."""
        await self._deliveries.update_many(
            {"alert": alert, "_id": {"$ne": but}, "state": {"$in": list(UNFINISHED)}},
            {"$set": {"state": DeliveryState.STOPPED.value, "reason": reason, "updated_at": at}},
        )
