"""Lists of reports from MongoDB, each read along an index of its own."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, GEOSPHERE, IndexModel

from smartcity.reports.lists.queries import by_deadline, newest
from smartcity.reports.model import OPEN, Report
from smartcity.reports.requests import ReportFilter
from smartcity.reports.store import COLLECTION
from smartcity.storage.mongo import Database, Document, from_document

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    COLLECTION: [
        IndexModel([("reporter.id", ASCENDING), ("_id", DESCENDING)], name="reporter"),
        IndexModel(
            [
                ("agency", ASCENDING),
                ("status", ASCENDING),
                ("due_at", ASCENDING),
                ("_id", ASCENDING),
            ],
            name="queue",
        ),
        IndexModel([("category", ASCENDING), ("_id", DESCENDING)], name="category"),
        IndexModel([("place.unit", ASCENDING), ("_id", DESCENDING)], name="unit"),
        IndexModel([("location", GEOSPHERE)], name="location"),
    ]
}

_LISTED: Final = {"timeline": 0, "outbox": 0, "folded": 0}


class ReportLists:
    """Pages of reports, without their timelines."""

    def __init__(self, database: Database) -> None:
        self._reports = database[COLLECTION]

    async def newest(
        self, wanted: ReportFilter, *, before: UUID | None, limit: int, public: bool
    ) -> list[Report]:
        """Reports from the newest to the oldest, without their timelines.

        For the public, a filter that would betray what is not public yet (a place, a text, an
        agency) finds only what is.
        """
        found = (
            self._reports.find(newest(wanted, before, public), _LISTED).sort("_id", -1).limit(limit)
        )
        return [_listed(document) async for document in found]

    async def queue(
        self, wanted: ReportFilter, *, after: tuple[Any, UUID] | None, limit: int
    ) -> list[Report]:
        """Reports by their next deadline; those whose clock stands still come first."""
        found = self._reports.find(by_deadline(wanted, after), _LISTED)
        found = found.sort([("due_at", 1), ("_id", 1)]).limit(limit)
        return [_listed(document) async for document in found]

    async def of_reporter(
        self, reporters: Collection[UUID], *, before: UUID | None, limit: int
    ) -> list[Report]:
        query: Document = {"reporter.id": {"$in": list(reporters)}}
        if before is not None:
            query["_id"] = {"$lt": before}
        found = self._reports.find(query, _LISTED).sort("_id", -1).limit(limit)
        return [_listed(document) async for document in found]

    async def count_open(self, agencies: Sequence[str]) -> dict[str, int]:
        """How many open reports the agencies have in each status; answered from an index."""
        groups = await self._reports.aggregate(
            [
                {"$match": {"agency": {"$in": list(agencies)}, "status": {"$in": sorted(OPEN)}}},
                {"$group": {"_id": "$status", "count": {"$sum": 1}}},
            ]
        )
        return {group["_id"]: group["count"] async for group in groups}


def _listed(document: Document) -> Report:
    return from_document(document | {"timeline": (), "folded": ""}, Report)
