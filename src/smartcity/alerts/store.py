"""Alerts in MongoDB: one document an alert, one write a step."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from smartcity.alerts.model import Alert, AlertStatus
from smartcity.feed.event import Event
from smartcity.feed.outbox import outbox, promise
from smartcity.feed.store import OUTBOX_INDEX
from smartcity.storage.mongo import Database, Document, from_document, if_found, to_document

ALERTS: Final = "alerts"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    ALERTS: [
        IndexModel([("submission.key", ASCENDING)], name="submission", unique=True),
        IndexModel(
            [("expires_at", ASCENDING)],
            name="expiry",
            partialFilterExpression={"expires_at": {"$type": "date"}},
        ),
        IndexModel(
            [("status", ASCENDING), ("updated_at", DESCENDING), ("_id", DESCENDING)], name="status"
        ),
        IndexModel([("updated_at", DESCENDING), ("_id", DESCENDING)], name="newest"),
        OUTBOX_INDEX,
    ]
}

_READ: Final = {"outbox": 0}


class AlertStore:
    def __init__(self, database: Database) -> None:
        self._alerts = database[ALERTS]

    async def insert(self, alert: Alert, events: Sequence[Event]) -> Alert:
        """Write a new alert and promise its events, in one write; answers with the one that the
        same submission made before, if there is one.
        """
        try:
            await self._alerts.insert_one(to_document(alert) | outbox(events))
        except DuplicateKeyError:
            found = await self._alerts.find_one({"submission.key": alert.submission.key}, _READ)
            assert found is not None, "alerts are never removed"
            return from_document(found, Alert)
        return alert

    async def advance(self, before: Alert, after: Alert, events: Sequence[Event]) -> bool:
        """Write what comes of some steps and promise their events, together or not at all. False if
        somebody else changed the alert first.
        """
        state = to_document(after)
        done = await self._alerts.update_one(
            {"_id": state.pop("_id"), "version": before.version}, {"$set": state} | promise(events)
        )
        return done.matched_count == 1

    async def find(self, alert: UUID) -> Alert | None:
        return if_found(await self._alerts.find_one({"_id": alert}, _READ), Alert)

    async def due(self, at: datetime, limit: int) -> list[UUID]:
        """Those whose time has come, the earliest first."""
        found = self._alerts.find({"expires_at": {"$lte": at}}, {"_id": 1}).sort("expires_at")
        return [document["_id"] async for document in found.limit(limit)]

    async def latest(
        self,
        statuses: Collection[AlertStatus],
        *,
        since: datetime | None = None,
        before: tuple[datetime, UUID] | None = None,
        limit: int,
    ) -> list[Alert]:
        """Those in some statuses, the one that changed last first."""
        query: Document = {"status": {"$in": [status.value for status in statuses]}}
        if since is not None:
            query["updated_at"] = {"$gte": since}
        if before is not None:
            at, alert = before
            query["$or"] = [{"updated_at": {"$lt": at}}, {"updated_at": at, "_id": {"$lt": alert}}]
        found = self._alerts.find(query, _READ).sort([("updated_at", -1), ("_id", -1)])
        return [from_document(document, Alert) async for document in found.limit(limit)]
