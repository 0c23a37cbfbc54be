"""Deliveries in MongoDB."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel, ReplaceOne

from smartcity.alerts.deliveries.model import (
    Delivery,
    DeliveryCount,
    DeliveryState,
    Progress,
    Straggler,
)
from smartcity.storage.mongo import Database, from_document, to_document

DELIVERIES: Final = "deliveries"
STRAGGLERS: Final = "delivery_stragglers"

UNFINISHED: Final = (DeliveryState.WAITING.value, DeliveryState.RUNNING.value)

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    DELIVERIES: [
        IndexModel([("alert", ASCENDING), ("created_at", ASCENDING)], name="alert"),
        IndexModel([("state", ASCENDING), ("created_at", ASCENDING)], name="state"),
    ],
    STRAGGLERS: [
        IndexModel([("delivery", ASCENDING), ("next_at", ASCENDING)], name="due"),
        IndexModel([("delivery", ASCENDING), ("whom", ASCENDING)], name="whom"),
        IndexModel([("until", ASCENDING)], name="retention", expireAfterSeconds=0),
    ],
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

    async def end(
        self,
        delivery: UUID,
        state: DeliveryState,
        at: datetime,
        *,
        reason: str | None,
        failed: int = 0,
    ) -> None:
        """Tell nobody any more of this; `failed` are added to those who could not be told."""
        await self._deliveries.update_one(
            {"_id": delivery, "state": {"$in": list(UNFINISHED)}},
            {
                "$set": {"state": state.value, "reason": reason, "updated_at": at},
                "$inc": {"progress.failed": failed},
            },
        )

    async def counts(self) -> list[DeliveryCount]:
        """How many deliveries stand where, and how many were told by them."""
        cursor = await self._deliveries.aggregate(
            [
                {
                    "$group": {
                        "_id": {"mode": "$mode", "state": "$state"},
                        "deliveries": {"$sum": 1},
                        "sent": {"$sum": "$progress.sent"},
                        "failed": {"$sum": "$progress.failed"},
                    }
                }
            ]
        )
        return [
            from_document(document["_id"] | document, DeliveryCount) async for document in cursor
        ]

    async def stop(self, alert: UUID, *, but: UUID | None, reason: str, at: datetime) -> None:
        """Tell nobody any more of an alert's messages but one. Idempotent."""
        await self._deliveries.update_many(
            {"alert": alert, "_id": {"$ne": but}, "state": {"$in": list(UNFINISHED)}},
            {"$set": {"state": DeliveryState.STOPPED.value, "reason": reason, "updated_at": at}},
        )


class StragglerStore:
    def __init__(self, database: Database) -> None:
        self._stragglers = database[STRAGGLERS]

    async def keep(self, stragglers: Sequence[Straggler]) -> None:
        """Put these aside, or write down how they stand. Idempotent."""
        if stragglers:
            await self._stragglers.bulk_write(
                [ReplaceOne({"_id": one.id}, to_document(one), upsert=True) for one in stragglers],
                ordered=False,
            )

    async def remove(self, stragglers: Collection[UUID]) -> None:
        """These are settled."""
        if stragglers:
            await self._stragglers.delete_many({"_id": {"$in": list(stragglers)}})

    async def due(
        self, delivery: UUID, at: datetime, limit: int, *, but: Collection[UUID]
    ) -> list[Straggler]:
        """Those to be tried again, longest waiting first, without some."""
        query = {"delivery": delivery, "next_at": {"$lte": at}, "_id": {"$nin": list(but)}}
        found = self._stragglers.find(query).sort("next_at", ASCENDING).limit(limit)
        return [from_document(document, Straggler) for document in await found.to_list()]

    async def behind(self, delivery: UUID, after: str) -> set[str]:
        """Whom a walk that goes on behind `after` need not tell: they were put aside before what
        stands there was written. Those are no more than were in hand.
        """
        query = {"delivery": delivery, "whom": {"$gt": after}}
        found = self._stragglers.find(query, {"_id": 0, "whom": 1})
        return {document["whom"] for document in await found.to_list()}

    async def count(self, delivery: UUID) -> int:
        return await self._stragglers.count_documents({"delivery": delivery})

    async def give_up(self, delivery: UUID) -> None:
        """All of them. Idempotent."""
        await self._stragglers.delete_many({"delivery": delivery})
