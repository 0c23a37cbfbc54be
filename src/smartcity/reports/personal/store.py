"""Reports of one person, and what is forgotten of them. Status, version and deadlines stay: nothing
here is a step in a report's life.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne

from smartcity.reports.model import Report
from smartcity.reports.store import COLLECTION, TOUCH
from smartcity.reports.words import OPEN, Status
from smartcity.storage.mongo import Database, Document, from_document, to_document

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    COLLECTION: [
        IndexModel(
            [("reporter.phone", ASCENDING), ("_id", DESCENDING)],
            name="phone",
            partialFilterExpression={"reporter.phone": {"$exists": True}},
        ),
        IndexModel([("guests", ASCENDING), ("_id", DESCENDING)], name="guests", sparse=True),
        IndexModel(
            [("reporter.erasing", ASCENDING), ("finished_at", ASCENDING)],
            name="erasing",
            partialFilterExpression={"reporter.erasing": {"$exists": True}},
        ),
        IndexModel(
            [("finished_at", ASCENDING), ("_id", ASCENDING)],
            name="ageing",
            partialFilterExpression={"finished_at": {"$exists": True}},
        ),
    ]
}

REWRITTEN: Final = (
    "reporter",
    "submission",
    "submission_body",
    "description",
    "folded",
    "answers",
    "subject",
    "attachments",
    "guests",
    "tasks",
    "extension",
    "redactions",
)
"""Whole fields that forgetting changes; besides, the place's words and entries of the timeline."""

UNFINISHED: Final = OPEN | {Status.HELD, Status.RESOLVED}
"""What waits for a dispatcher comes to an agency yet; what is resolved may come back to it."""

_READ: Final = {"outbox": 0}
_LISTED: Final = {"timeline": 0, "outbox": 0, "folded": 0}


class PersonalStore:
    def __init__(self, database: Database) -> None:
        self._reports = database[COLLECTION]

    # --- reading ---------------------------------------------------------------------------------

    async def of_phone(self, phone: bytes, *, before: UUID | None, limit: int) -> list[Report]:
        """Reports with this number's hash, the newest first, without their timelines."""
        query: Document = {"reporter.phone": phone} | _before(before)
        found = self._reports.find(query, _LISTED).sort("_id", DESCENDING).limit(limit)
        return [from_document(d | {"timeline": (), "folded": ""}, Report) async for d in found]

    async def of_persons(
        self,
        persons: Collection[UUID],
        phones: Collection[bytes] = (),
        *,
        limit: int,
        before: UUID | None = None,
    ) -> list[Report]:
        """Reports that they, or who gave one of these numbers, sent or spoke in as the reporter:
        the newest first, whole.
        """
        theirs: list[Document] = [
            {"reporter.id": {"$in": list(persons)}},
            {"guests": {"$in": list(persons)}},
        ]
        if phones:
            theirs.append({"reporter.phone": {"$in": list(phones)}})
        query: Document = {"$or": theirs} | _before(before)
        return await self._several(query, [("_id", DESCENDING)], limit)

    async def to_erase(self, limit: int) -> list[Report]:
        """Reports that were open when their person was erased, and are finished now."""
        query: Document = {"reporter.erasing": True, "finished_at": {"$exists": True}}
        return await self._several(query, [("finished_at", ASCENDING)], limit)

    async def finished(
        self, *, behind: tuple[datetime, UUID] | None, before: datetime, limit: int
    ) -> list[Report]:
        """Reports that were finished before a time, the first finished first."""
        order = [("finished_at", ASCENDING), ("_id", ASCENDING)]
        return await self._several(_finished(behind, before), order, limit)

    async def count_finished(
        self, *, behind: tuple[datetime, UUID] | None, before: datetime
    ) -> tuple[int, int]:
        """How many `finished` would answer without a limit, and how many of them hold contact
        details.
        """
        query = _finished(behind, before)
        contact: Document = {"reporter.contact": {"$exists": True}}
        return (
            await self._reports.count_documents(query),
            await self._reports.count_documents(query | contact),
        )

    async def with_contact(self, persons: Collection[UUID], *, but: Sequence[UUID]) -> set[UUID]:
        """Those of whom some report beside these keeps contact details."""
        query: Document = {"reporter.id": {"$in": list(persons)}}
        query |= {"reporter.contact": {"$exists": True}, "_id": {"$nin": list(but)}}
        return set(await self._reports.distinct("reporter.id", query))

    # --- writing ---------------------------------------------------------------------------------

    async def rewrite(self, changed: Sequence[tuple[Report, Report]]) -> int:
        """Write what is left of reports; of how many. One in which anything happened since it was
        read stays as it is, to be found again.
        """
        if not changed:
            return 0
        await self._reports.bulk_write([_unnamed(*both) for both in changed], ordered=False)
        done = await self._reports.bulk_write(
            [_rewriting(*both) for both in changed], ordered=False
        )
        return done.matched_count

    async def drop_contacts(self, persons: Collection[UUID]) -> None:
        """Keep no contact details any more in their reports that are not finished."""
        await self._reports.update_many(
            {"reporter.id": {"$in": list(persons)}, "status": {"$in": sorted(UNFINISHED)}},
            {"$unset": dict.fromkeys(("reporter.contact", "reporter.phone"), "")},
        )

    async def _several(
        self, query: Document, order: Sequence[tuple[str, int]], limit: int
    ) -> list[Report]:
        found = self._reports.find(query, _READ).sort(list(order)).limit(limit)
        return [from_document(document, Report) async for document in found]


def _before(report: UUID | None) -> Document:
    return {} if report is None else {"_id": {"$lt": report}}


def _finished(behind: tuple[datetime, UUID] | None, before: datetime) -> Document:
    if behind is None:
        return {"finished_at": {"$lt": before}}
    at, last = behind
    return {
        "finished_at": {"$gte": at, "$lt": before},
        "$or": [{"finished_at": {"$gt": at}}, {"_id": {"$gt": last}}],
    }


def _unnamed(before: Report, after: Report) -> UpdateOne:
    """Name in its outbox nobody who is forgotten: it is published as it lies there."""
    gone = list({before.reporter.id, *before.guests} - {after.reporter.id, *after.guests})
    return UpdateOne(
        {"_id": before.id, "outbox": {"$exists": True}},
        {"$unset": {"outbox.$[of].internal.reporter": "", "outbox.$[by].internal.actor": ""}},
        array_filters=[
            {"of.internal.reporter": {"$in": gone}},
            {"by.internal.actor": {"$in": gone}},
        ],
    )


def _rewriting(before: Report, after: Report) -> UpdateOne:
    old, new = to_document(before), to_document(after)
    changed = {name: new[name] for name in REWRITTEN if name in new and old.get(name) != new[name]}
    gone = {name: "" for name in REWRITTEN if name in old and name not in new}
    if after.place.address != before.place.address:
        changed["place.address"] = after.place.address
    filters: list[Mapping[str, Any]] = []
    for place, (was, now) in enumerate(zip(before.timeline, after.timeline, strict=True)):
        if was != now:
            changed[f"timeline.$[e{place}]"] = to_document(now)
            filters.append({f"e{place}.id": now.id})
    update: Document = {"$set": changed} | TOUCH
    if gone:
        update["$unset"] = gone
    if lost := [file for file in before.files if file not in after.files]:
        update["$pullAll"] = {"files": lost}
    return UpdateOne(
        {
            "_id": before.id,
            "reporter.id": before.reporter.id,
            "status": before.status.value,
            "version": before.version,
            "timeline": {"$size": len(before.timeline)},
        },
        update,
        array_filters=filters or None,
    )
