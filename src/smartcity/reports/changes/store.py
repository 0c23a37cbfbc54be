"""Changed reports from MongoDB, each read along an index, without their timelines.

A report changes by an event, whose `seq` the publisher stamps it with, or by what no event tells of
(an address was found, words were forgotten): then it has the time of that, by the server's clock.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel

from smartcity.city.model import Publicity
from smartcity.reports.lists.store import BY_REPORTER
from smartcity.reports.model import Report
from smartcity.reports.store import COLLECTION, TOUCHED_AT
from smartcity.storage.mongo import Database, Document, from_document

CHANGED: Final = "reporter_changed"
TOUCHED: Final = "reporter_touched"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    COLLECTION: [
        # A submission writes to neither of them: the publisher and the address finder do.
        IndexModel(
            [("reporter.id", ASCENDING), ("seq", ASCENDING)],
            name=CHANGED,
            partialFilterExpression={"seq": {"$exists": True}},
        ),
        IndexModel(
            [("reporter.id", ASCENDING), (TOUCHED_AT, ASCENDING)],
            name=TOUCHED,
            partialFilterExpression={TOUCHED_AT: {"$exists": True}},
        ),
    ]
}

_LISTED: Final = {"timeline": 0, "outbox": 0, "folded": 0}
_NEWEST: Final = [("_id", DESCENDING)]


class Since(msgspec.Struct, frozen=True):
    """Behind an event, or after a time by the server's clock."""

    seq: int
    at: datetime


class Standing(msgspec.Struct, frozen=True):
    """How a report stands with the public, and when it last changed."""

    visible: bool
    seq: int
    touched_at: datetime | None

    def changed(self, since: Since) -> bool:
        touched = self.touched_at is not None and self.touched_at > since.at
        return touched or self.seq > since.seq


class ReportChanges:
    def __init__(self, database: Database) -> None:
        self._reports = database[COLLECTION]

    # --- one's own -------------------------------------------------------------------------------

    async def newest(self, reporters: Collection[UUID]) -> UUID | None:
        """The last report that these sent."""
        query: Document = {"reporter.id": {"$in": sorted(reporters)}}
        async for document in self._reports.find(query, {"_id": 1}).sort(_NEWEST).limit(1):
            return document["_id"]
        return None

    async def count(self, reporters: Collection[UUID], up_to: UUID | None) -> int:
        """How many these sent, up to one of them; counted in the index."""
        if up_to is None:
            return 0
        return await self._reports.count_documents(
            {"reporter.id": {"$in": sorted(reporters)}, "_id": {"$lte": up_to}}
        )

    async def sent(
        self, reporters: Collection[UUID], since: Since | None, before: UUID | None, limit: int
    ) -> list[Report]:
        """What these sent and what changed since, or all of it: the newest first."""
        ours: Document = {"reporter.id": {"$in": sorted(reporters)}}
        if before is not None:
            ours["_id"] = {"$lt": before}
        if since is None:
            return await self._page(ours, BY_REPORTER, limit)
        # Asked for both at once, the planner may read all that somebody ever sent.
        by_event, by_touch = await asyncio.gather(
            self._page(ours | {"seq": {"$gt": since.seq}}, CHANGED, limit),
            self._page(ours | {TOUCHED_AT: {"$gt": since.at}}, TOUCHED, limit),
        )
        both = {report.id: report for report in (*by_event, *by_touch)}
        return [both[one] for one in sorted(both, reverse=True)[:limit]]

    async def _page(self, query: Document, index: str, limit: int) -> list[Report]:
        found = self._reports.find(query, _LISTED).sort(_NEWEST).hint(index).limit(limit)
        return [_without_timeline(document) async for document in found]

    # --- others' ---------------------------------------------------------------------------------

    async def standing(self, reports: Collection[UUID]) -> dict[UUID, Standing]:
        """How each of these reports stands."""
        if not reports:
            return {}
        fields = dict.fromkeys(("public", "held.at", "seq", TOUCHED_AT), 1)
        found = self._reports.find({"_id": {"$in": list(reports)}}, fields)
        return {
            document["_id"]: Standing(
                document["public"] != Publicity.NEVER and "held" not in document,
                document.get("seq", 0),
                document.get(TOUCHED_AT),
            )
            async for document in found
        }

    async def several(self, reports: Collection[UUID]) -> list[Report]:
        """Those of them that the public may know of, by their ids."""
        if not reports:
            return []
        query: Document = {
            "_id": {"$in": list(reports)},
            "public": {"$ne": Publicity.NEVER.value},
            "held": {"$exists": False},
        }
        found = self._reports.find(query, _LISTED).sort("_id", ASCENDING)
        return [_without_timeline(document) async for document in found]


def _without_timeline(document: Document) -> Report:
    return from_document(document | {"timeline": (), "folded": ""}, Report)
