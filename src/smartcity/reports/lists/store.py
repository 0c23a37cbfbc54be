"""Lists of reports from MongoDB, each read along an index of its own."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, GEOSPHERE, IndexModel

from smartcity.identifiers import is_code
from smartcity.reports.lists import queries, queue
from smartcity.reports.lists.model import (
    FINISHED_TABS,
    OPEN_TABS,
    Along,
    Order,
    Position,
    QueueFilter,
    TabCounts,
)
from smartcity.reports.model import Report
from smartcity.reports.requests import ReportFilter
from smartcity.reports.store import COLLECTION
from smartcity.storage.mongo import Database, Document, from_document

_OPEN: Final[Document] = {"status": {"$in": sorted(OPEN_TABS)}}

# The queues' indexes hold open reports only, which are few: finished ones leave them, and each of
# the four that a submission writes to costs it a hundredth of its time. Behind what they are sorted
# by stands what a page may be filtered by, so that only what is shown is fetched. The agency comes
# first and the status behind: of 145 agencies times four statuses the planner would make more
# stretches than it merges (200), and sort in memory instead.
INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    COLLECTION: [
        IndexModel([("reporter.id", ASCENDING), ("_id", DESCENDING)], name="reporter"),
        IndexModel(
            [
                ("agency", ASCENDING),
                ("due_at", ASCENDING),
                ("_id", ASCENDING),
                ("status", ASCENDING),
                ("priority", ASCENDING),
                ("assignee", ASCENDING),
                ("category", ASCENDING),
                ("field", ASCENDING),
                ("risk_at", ASCENDING),
                ("folded", ASCENDING),
            ],
            name=Along.DEADLINE,
            partialFilterExpression=_OPEN,
        ),
        IndexModel(
            [
                ("agency", ASCENDING),
                ("place.unit", ASCENDING),
                ("due_at", ASCENDING),
                ("_id", ASCENDING),
                ("status", ASCENDING),
                ("category", ASCENDING),
            ],
            name=Along.UNIT,
            partialFilterExpression=_OPEN,
        ),
        IndexModel(
            [
                ("agency", ASCENDING),
                ("category", ASCENDING),
                ("due_at", ASCENDING),
                ("_id", ASCENDING),
                ("status", ASCENDING),
            ],
            name=Along.CATEGORY,
            partialFilterExpression=_OPEN,
        ),
        IndexModel(
            [
                ("assignee", ASCENDING),
                ("due_at", ASCENDING),
                ("_id", ASCENDING),
                ("agency", ASCENDING),
                ("status", ASCENDING),
            ],
            name=Along.ASSIGNEE,
            partialFilterExpression=_OPEN | {"assignee": {"$exists": True}},
        ),
        IndexModel(
            [
                ("agency", ASCENDING),
                ("_id", DESCENDING),
                ("status", ASCENDING),
                ("assignee", ASCENDING),
                ("due_at", ASCENDING),
                ("risk_at", ASCENDING),
            ],
            name=Along.NEWEST,
            partialFilterExpression=_OPEN,
        ),
        IndexModel(
            [("agency", ASCENDING), ("status", ASCENDING), ("_id", DESCENDING)],
            name=Along.FINISHED,
            partialFilterExpression={"status": {"$in": sorted(FINISHED_TABS)}},
        ),
        IndexModel([("category", ASCENDING), ("_id", DESCENDING)], name="category"),
        IndexModel([("place.unit", ASCENDING), ("_id", DESCENDING)], name="unit"),
        IndexModel([("location", GEOSPHERE)], name="location"),
    ]
}

_LISTED: Final = {"timeline": 0, "outbox": 0, "folded": 0}
_BY_DEADLINE: Final = [("due_at", ASCENDING), ("_id", ASCENDING)]
_NEWEST: Final = [("_id", DESCENDING)]


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
        return await self._merged(queries.newest(wanted, before, public), limit)

    async def of_reporter(
        self, ids: frozenset[UUID], *, before: UUID | None, limit: int
    ) -> list[Report]:
        """What one person sent from any of their devices, the newest first."""
        return await self._page(queries.of_reporter(ids, before), _NEWEST, limit)

    # --- queues ----------------------------------------------------------------------------------

    async def queue(
        self, wanted: QueueFilter, *, after: Position | None, limit: int
    ) -> list[Report]:
        """A page of a queue. A text that is the code of one of its reports finds that one alone."""
        if wanted.text and is_code(wanted.text):
            named = await self._page(queue.with_code(wanted, wanted.text), _NEWEST, 1)
            if named:
                return named
        if wanted.order is Order.NEWEST:
            return await self._merged(queue.by_age(wanted, after and after.id), limit)
        return await self._by_deadline(wanted, after, limit)

    async def _by_deadline(
        self, wanted: QueueFilter, after: Position | None, limit: int
    ) -> list[Report]:
        along, page = queue.along_deadlines(wanted), list[Report]()
        for stretch in queue.by_deadline(wanted, after):
            page += await self._page(stretch, _BY_DEADLINE, limit - len(page), along)
            if len(page) == limit:
                break
        return page

    async def count_tabs(self, agencies: frozenset[str], at: datetime) -> TabCounts:
        """How many open reports the agencies have; a key for each of them is looked at."""
        found = await self._reports.aggregate(queue.tabs(agencies, at), hint=Along.NEWEST)
        groups: list[dict[str, Any]] = await found.to_list()
        return TabCounts(
            as_of=at,
            status=dict.fromkeys(OPEN_TABS, 0) | {g["_id"]: g["reports"] for g in groups},
            unassigned=sum(group["unassigned"] for group in groups),
            overdue=sum(group["overdue"] for group in groups),
            at_risk=sum(group["at_risk"] for group in groups),
        )

    async def count_assigned(self, agencies: frozenset[str], assignee: UUID) -> int:
        """How many open reports of the agencies one of their people has."""
        query = queue.open_of(agencies) | {"assignee": assignee}
        return await self._reports.count_documents(query, hint=Along.ASSIGNEE)

    async def _merged(
        self, parts: Iterable[tuple[Document, Along | None]], limit: int
    ) -> list[Report]:
        """The newest of several parts."""
        found = [
            report
            for query, along in parts
            for report in await self._page(query, _NEWEST, limit, along)
        ]
        return sorted(found, key=lambda report: report.id, reverse=True)[:limit]

    async def _page(
        self,
        query: Document,
        order: list[tuple[str, int]],
        limit: int,
        along: Along | None = None,
    ) -> list[Report]:
        if along is Along.DEADLINE and order is _NEWEST:
            query, along = {"_id": {"$in": await self._sorted(query, limit)}}, None
        found = self._reports.find(query, _LISTED).sort(order).limit(limit)
        if along is not None:
            found = found.hint(along)
        return [_listed(document) async for document in found]

    async def _sorted(self, query: Document, limit: int) -> list[UUID]:
        """The newest of what the index `queue` finds by its keys: only these need be fetched."""
        found = self._reports.find(query, {"_id": 1}).hint(Along.DEADLINE).sort(_NEWEST)
        return [document["_id"] async for document in found.limit(limit)]


def _listed(document: Document) -> Report:
    return from_document(document | {"timeline": (), "folded": ""}, Report)
