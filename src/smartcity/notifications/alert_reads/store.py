"""What was read of alerts, in MongoDB."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel

from smartcity.notifications.alert_reads.model import READ_ALERTS, AlertReads, ReadAlert
from smartcity.storage.gathering import look_up
from smartcity.storage.mongo import Database, from_document, to_document

ALERT_READS: Final = "alert_reads"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    ALERT_READS: [
        IndexModel([("expires_at", ASCENDING)], name="retention", expireAfterSeconds=0),
    ],
}


class AlertReadStore:
    """What devices have read of alerts; there is a document only for those that read one."""

    def __init__(self, database: Database) -> None:
        self._reads = database[ALERT_READS]
        self._find = look_up(self._by_ids)

    async def get(self, recipient: UUID) -> AlertReads | None:
        return await self._find(recipient)

    async def _by_ids(self, recipients: Collection[UUID]) -> dict[UUID, AlertReads]:
        found = self._reads.find({"_id": {"$in": list(recipients)}})
        return {document["_id"]: from_document(document, AlertReads) async for document in found}

    async def add(
        self, recipient: UUID, messages: Sequence[UUID], at: datetime, keep: datetime
    ) -> None:
        """These were read."""
        read = [to_document(ReadAlert(message, at)) for message in messages]
        await self._reads.update_one(
            {"_id": recipient},
            {
                "$push": {"read": {"$each": read, "$slice": -READ_ALERTS}},
                "$max": {"expires_at": keep},
            },
            upsert=True,
        )

    async def add_all(self, recipient: UUID, up_to: datetime, at: datetime, keep: datetime) -> None:
        """Everything up to a moment was read."""
        await self._reads.update_one(
            {"_id": recipient},
            {"$max": {"up_to": up_to, "expires_at": keep}, "$set": {"all_at": at}},
            upsert=True,
        )

    async def remove(self, persons: Collection[UUID]) -> None:
        """What they read. Idempotent."""
        await self._reads.delete_many({"_id": {"$in": list(persons)}})
