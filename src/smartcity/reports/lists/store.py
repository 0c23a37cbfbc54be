"""Lists of reports from MongoDB, each read along an index of its own."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar
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
    Standing,
)
from smartcity.reports.lists.tally import OpenCount, Raised, Tally
from smartcity.reports.model import Report
from smartcity.reports.requests import ReportFilter
from smartcity.reports.store import COLLECTION
from smartcity.reports.words import Status
from smartcity.storage.mongo import Database, Document, from_document

Kind = TypeVar("Kind")

BY_REPORTER: Final = "reporter"
"""The index of what somebody sent, by its name."""

_OPEN: Final[Document] = {"status": {"$in": sorted(OPEN_TABS)}}

# The queues' indexes hold open reports only, which are few: finished ones leave them, and each of
# the four that a submission writes to costs it a hundredth of its time. Behind what they are sorted
# by stands what a page may be filtered by, so that only what is shown is fetched. The agency comes
# first and the status behind: of 145 agencies times four statuses the planner would make more
# stretches than it merges (200), and sort in memory instead.
INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    COLLECTION: [
        IndexModel([("reporter.id", ASCENDING), ("_id", DESCENDING)], name=BY_REPORTER),
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
                ("escalated_to.role", ASCENDING),
                ("escalated_to.agency", ASCENDING),
                ("due_at", ASCENDING),
                ("_id", ASCENDING),
                ("agency", ASCENDING),
                ("status", ASCENDING),
                ("category", ASCENDING),
            ],
            name=Along.ESCALATED,
            partialFilterExpression=_OPEN | {"escalated_to.role": {"$exists": True}},
        ),
        IndexModel(
            [
                ("agency", ASCENDING),
                ("due_at", ASCENDING),
                ("_id", ASCENDING),
                ("status", ASCENDING),
                ("extension.until", ASCENDING),
            ],
            name=Along.WISHES,
            partialFilterExpression=_OPEN | {"extension.until": {"$exists": True}},
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

_INDEXED: Final[Mapping[str, Sequence[Document]]] = {
    "category": ({},),
    "agency": (
        {"status": {"$in": sorted(OPEN_TABS)}},
        {"status": {"$in": sorted(FINISHED_TABS)}},
        {"status": Status.HELD, "held.at": {"$gt": queue.EPOCH}},
    ),
}
"""All reports, in parts of which each has an index that tells the name."""

_LISTED: Final = {"timeline": 0, "outbox": 0, "folded": 0}
_NEWEST: Final = [("_id", DESCENDING)]
_OF_AGE: Final = frozenset({Along.NEWEST, Along.FINISHED})
"""Where the newest come first. Along other indexes they are to be sorted."""


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

    async def others(self, name: str, known: Iterable[str]) -> list[str]:
        """Which categories or agencies, as `name` says, reports have beside the known ones. Each of
        these costs one look into an index, however many reports there are.
        """
        found: list[str] = []
        for part in _INDEXED[name]:
            while lost := await self._reports.find_one(
                part | {name: {"$nin": [*known, *found]}}, {name: 1}
            ):
                found.append(lost[name])
        return found

    # --- queues ----------------------------------------------------------------------------------

    async def queue(
        self, wanted: QueueFilter, *, after: Position | None, limit: int
    ) -> list[Report]:
        """A page of a queue. A text that is the code of one of its reports finds that one alone."""
        if wanted.text and is_code(wanted.text):
            parts = queue.with_code(wanted, wanted.text)
            if named := await self._merged(((part, None) for part in parts), 1):
                return named
        if wanted.order is Order.NEWEST:
            return await self._merged(queue.by_age(wanted, after and after.id), limit)
        return await self._by_deadline(wanted, after, limit)

    async def _by_deadline(
        self, wanted: QueueFilter, after: Position | None, limit: int
    ) -> list[Report]:
        along, page = queue.along_deadlines(wanted), list[Report]()
        for parts, order in queue.by_deadline(wanted, after):
            left = limit - len(page)
            pages = (self._page(part, order, left, along) for part in parts)
            page += sorted(await _together(pages), key=_by_deadline)[:left]
            if len(page) == limit:
                break
        return page

    async def tally(
        self,
        at: datetime,
        agencies: frozenset[str] | None = None,
        standing: Standing | None = None,
    ) -> Tally:
        """How many open reports the agencies have, and stand with somebody; or all that there are.
        A key for each of them is looked at.
        """
        opened, wishes, *raised = await asyncio.gather(
            self._groups(queue.opened(agencies, at), Along.NEWEST),
            self._groups(queue.wished(agencies), Along.WISHES),
            *(self._groups(pipeline, Along.ESCALATED) for pipeline in queue.raised(standing)),
        )
        of: dict[str, list[OpenCount]] = defaultdict(list)
        for group in opened:
            of[group["_id"]["agency"]].append(_flat(group, OpenCount))
        return Tally(
            as_of=at,
            opened=of,
            wishes={group["_id"]: group["reports"] for group in wishes},
            raised=[_flat(group, Raised) for groups in raised for group in groups],
        )

    async def _groups(self, pipeline: list[Document], along: Along) -> list[Document]:
        found = await self._reports.aggregate(pipeline, hint=along)
        return await found.to_list()

    async def count_assigned(self, agencies: frozenset[str], assignee: UUID) -> int:
        """How many open reports of the agencies one of their people has."""
        query = queue.open_of(agencies) | {"assignee": assignee}
        return await self._reports.count_documents(query, hint=Along.ASSIGNEE)

    async def _merged(
        self, parts: Iterable[tuple[Document, Along | None]], limit: int
    ) -> list[Report]:
        """The newest of several parts."""
        found = await _together(self._page(query, _NEWEST, limit, along) for query, along in parts)
        return sorted(found, key=lambda report: report.id, reverse=True)[:limit]

    async def _page(
        self,
        query: Document,
        order: list[tuple[str, int]],
        limit: int,
        along: Along | None = None,
    ) -> list[Report]:
        if along is not None and along not in _OF_AGE and order is _NEWEST:
            query, along = {"_id": {"$in": await self._sorted(query, limit, along)}}, None
        found = self._reports.find(query, _LISTED).sort(order).limit(limit)
        if along is not None:
            found = found.hint(along)
        return [_listed(document) async for document in found]

    async def _sorted(self, query: Document, limit: int, along: Along) -> list[UUID]:
        """The newest of what an index finds by its keys: only these need be fetched."""
        found = self._reports.find(query, {"_id": 1}).hint(along).sort(_NEWEST)
        return [document["_id"] async for document in found.limit(limit)]


async def _together(pages: Iterable[Awaitable[list[Report]]]) -> list[Report]:
    return [report for page in await asyncio.gather(*pages) for report in page]


def _by_deadline(report: Report) -> tuple[datetime, UUID]:
    """In a stretch all have a deadline, or none has."""
    return report.due_at or queue.EPOCH, report.id


def _flat(group: Document, kind: type[Kind]) -> Kind:
    """A group by several members as one struct."""
    return from_document(group["_id"] | group, kind)


def _listed(document: Document) -> Report:
    return from_document(document | {"timeline": (), "folded": ""}, Report)
