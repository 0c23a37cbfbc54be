"""The tasks of agencies, listed from the reports that hold them. Read only."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from pymongo import ASCENDING, IndexModel

from smartcity.reports.model import Report, Task
from smartcity.reports.store import COLLECTION
from smartcity.reports.words import TaskStatus
from smartcity.storage.mongo import Database, Document, from_document

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    COLLECTION: [
        IndexModel(
            [
                ("tasks.agency", ASCENDING),
                ("tasks.status", ASCENDING),
                ("tasks.due_at", ASCENDING),
            ],
            name="tasks",
            sparse=True,
        )
    ]
}

_UNREAD: Final = ("timeline", "outbox", "folded")


class TaskFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which tasks a list holds."""

    agencies: frozenset[str]
    statuses: frozenset[TaskStatus]
    due_before: datetime | None = None


class TaskLists:
    """Pages of tasks, each with the report it is in."""

    def __init__(self, database: Database) -> None:
        self._reports = database[COLLECTION]

    async def by_deadline(
        self, wanted: TaskFilter, *, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[tuple[Report, Task]]:
        """Tasks by their deadline, then by their id: a place that no change of others moves."""
        due_at: Document = {}
        if after is not None:
            due_at["$gte"] = after[0]
        if wanted.due_before is not None:
            due_at["$lt"] = wanted.due_before
        one: Document = {
            "agency": {"$in": sorted(wanted.agencies)},
            "status": {"$in": sorted(wanted.statuses)},
        } | ({"due_at": due_at} if due_at else {})
        conditions: list[Document] = [{f"task.{name}": wanted for name, wanted in one.items()}]
        if after is not None:
            conditions.append(_behind(*after))
        found = await self._reports.aggregate(
            [
                {"$match": {"tasks": {"$elemMatch": one}}},
                {"$unset": list(_UNREAD)},
                {"$set": {"task": "$tasks"}},
                {"$unwind": "$task"},
                {"$match": {"$and": conditions}},
                {"$sort": {"task.due_at": 1, "task.id": 1}},
                {"$limit": limit},
            ]
        )
        return [_listed(document) async for document in found]


def _behind(due_at: datetime, task: UUID) -> Document:
    return {"$or": [{"task.due_at": {"$gt": due_at}}, {"task.id": {"$gt": task}}]}


def _listed(document: Document) -> tuple[Report, Task]:
    task = from_document(document.pop("task"), Task)
    return from_document(document | {"timeline": (), "folded": ""}, Report), task
