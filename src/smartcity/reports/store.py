"""Report documents in MongoDB: one document a report, one atomic write a change."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

import bson
import msgspec
from pymongo import ASCENDING, IndexModel, UpdateOne
from pymongo.errors import BulkWriteError, WriteError, WTimeoutError

from smartcity.city.model import Publicity
from smartcity.errors import TimelineFull
from smartcity.feed.event import Event
from smartcity.feed.outbox import OUTBOX_AT, outbox, promise
from smartcity.feed.store import OUTBOX_INDEX
from smartcity.reports.model import Report
from smartcity.reports.room import Room, room_for
from smartcity.reports.timeline import Entry
from smartcity.storage.gathering import Gathering, look_up
from smartcity.storage.mongo import (
    Database,
    Document,
    are_duplicates,
    from_document,
    if_found,
    to_document,
)

COLLECTION: Final = "reports"

TOUCHED_AT: Final = "touched_at"
"""When something of a report last changed that no event tells of, by the server's clock."""

TOUCH: Final = {"$currentDate": {TOUCHED_AT: True}}

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    COLLECTION: [
        IndexModel([("code", ASCENDING)], name="code", unique=True),
        IndexModel([("submission", ASCENDING)], name="submission", unique=True),
        IndexModel(
            [("files", ASCENDING)],
            name="files",
            partialFilterExpression={"files": {"$exists": True}},
        ),
        IndexModel(
            [("merged_into", ASCENDING)],
            name="merged_into",
            partialFilterExpression={"merged_into": {"$exists": True}},
        ),
        IndexModel(
            [("batch", ASCENDING)],
            name="batch",
            partialFilterExpression={"batch": {"$exists": True}},
        ),
        OUTBOX_INDEX,
    ]
}

MERGED_LIMIT: Final = 1000
"""So many reports merged into some others are heard of at the most."""

MEASURED_FROM: Final = 100
"""Entries: with fewer, however long their texts, no report comes near a bound in bytes."""

_READ: Final = {"outbox": 0}
_COLUMNS: Final = dict.fromkeys(
    (
        "version",
        "status",
        "field",
        "category",
        "priority",
        "public",
        "place",
        "agency",
        "submitted_at",
        "received_at",
        "finished_at",
        "deadlines",
        "due_at",
        "risk_at",
    ),
    1,
)


class Duplicate(Exception):
    """The same sender used the same idempotency key before."""


class ReportStore:
    """The reports of one city."""

    def __init__(self, database: Database) -> None:
        self._reports = database[COLLECTION]
        self._insert = Gathering(self._insert_together)
        self._advance = Gathering(self._advance_together)
        self._find = look_up(self._by_ids)

    # --- writing ---------------------------------------------------------------------------------

    async def insert(self, report: Report, events: Sequence[Event]) -> None:
        """Write a new report and promise its events, in one write. It may share its command with
        others that arrive at the same moment; each is taken or refused by itself.

        Raises `Duplicate` if its submission was taken before.
        """
        await self._insert(to_document(report) | outbox(events))

    async def _insert_together(self, documents: Sequence[Document]) -> list[Exception | None]:
        refused: dict[int, Exception] = {}
        try:
            await self._reports.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            refused = _refusals(error)
        return [refused.get(place) for place in range(len(documents))]

    async def advance(
        self, before: Report, after: Report, entries: Sequence[Entry], events: Sequence[Event]
    ) -> Report | None:
        """Write a step: the new state, its timeline entries and the promise to publish, together
        or not at all. Answers with the report as it is then, with what others wrote beside the
        step; none if somebody else changed the report, or sent the same key, first.

        A step that leaves version and alarm as they are (a comment) is appended whatever else
        happens. Raises `TimelineFull` if it finds no room; what others append at this moment may
        still make the report a little fuller than `room` says.
        """
        # Of one that was forgotten meanwhile, only what is left may be read and written.
        condition: Document = {"_id": before.id, "reporter.id": before.reporter.id}
        if key := entries[0].key:
            condition["timeline.key.key"] = {"$ne": key.key}
        adds = (after.version, after.alarm) == (before.version, before.alarm)
        room = room_for(entries[0], adds=adds)
        if room is not None:
            self._check(room, before)
        if adds:
            update: Document = {"$set": {"updated_at": after.updated_at}}
            if room is not None and room.entries is not None:
                condition[f"timeline.{room.entries - 1}"] = {"$exists": False}
        else:
            update = _difference(before, after)
            condition |= {"version": before.version} | _same_alarm(before)
        promised = promise(events)
        if grown := _grown(before, after):
            update["$addToSet"] = {name: {"$each": list(more)} for name, more in grown.items()}
        update["$push"] = promised.pop("$push", {}) | {
            "timeline": {"$each": [to_document(entry) for entry in entries]}
        }
        step = UpdateOne(condition, update | promised)
        return await self._advance(_Advance(before.id, entries[0].id, step))

    def _check(self, room: Room, report: Report) -> None:
        """Raise `TimelineFull` unless there is room for one more entry."""
        if room.entries is not None and len(report.timeline) >= room.entries:
            raise TimelineFull(limit=room.entries)
        if len(report.timeline) >= MEASURED_FROM:
            kept = bson.encode(to_document(report), codec_options=self._reports.codec_options)
            if len(kept) >= room.size_b:
                raise TimelineFull(limit_b=room.size_b)

    async def _advance_together(
        self, steps: Sequence["_Advance"]
    ) -> list[Report | Exception | None]:
        """A bulk write tells how many steps were written; which, is seen by their entries."""
        refused: dict[int, Exception] = {}
        try:
            await self._reports.bulk_write([step.update for step in steps], ordered=False)
        except BulkWriteError as error:
            refused = _refusals(error)
        found = await self._by_ids({step.report for step in steps})
        return [
            refused.get(place) or _with_entry(found.get(step.report), step.entry)
            for place, step in enumerate(steps)
        ]

    async def give_address(self, report_id: UUID, address: str) -> None:
        """Write down the address of a report's point, unless it has one. Nothing that a handler's
        edit depends on changes, so neither does the version.
        """
        without = {"_id": report_id, "place.address": {"$exists": False}}
        await self._reports.update_one(without, {"$set": {"place.address": address}} | TOUCH)

    async def take_in(self, reports: Sequence[Report]) -> int:
        """Insert imported reports, whose events nobody awaits; those that are there stay as they
        are. Answers how many were new.
        """
        documents = [to_document(report) for report in reports]
        try:
            result = await self._reports.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if not are_duplicates(error):
                raise
            return error.details["nInserted"]
        return len(result.inserted_ids)

    # --- one report ------------------------------------------------------------------------------

    async def find(self, report_id: UUID) -> Report | None:
        return await self._find(report_id)

    async def _by_ids(self, ids: Collection[UUID]) -> dict[UUID, Report]:
        return {report.id: report for report in await self.several(ids)}

    async def find_by_code(self, code: str) -> Report | None:
        return if_found(await self._reports.find_one({"code": code}, _READ), Report)

    async def find_submission(self, submission: bytes) -> Report | None:
        return if_found(await self._reports.find_one({"submission": submission}, _READ), Report)

    async def known(self, ids: Collection[UUID]) -> set[UUID]:
        """Which of these reports there are; answered from the index alone."""
        found = self._reports.find({"_id": {"$in": list(ids)}}, {"_id": 1})
        return {document["_id"] async for document in found}

    async def merged_into(self, survivors: Collection[UUID]) -> list[tuple[UUID, UUID, UUID]]:
        """Survivor, report and reporter of what was merged directly into these reports."""
        query: Document = {"merged_into": {"$in": list(survivors)}}
        found = self._reports.find(query, {"merged_into": 1, "reporter.id": 1}).limit(MERGED_LIMIT)
        return [(d["merged_into"], d["_id"], d["reporter"]["id"]) async for d in found]

    async def with_files(self, files: Collection[UUID]) -> list[Report]:
        """The reports that hold some of these attachments."""
        query: Document = {"files": {"$in": list(files)}}
        found = self._reports.find(query, _READ).limit(len(files))
        return [from_document(document, Report) async for document in found]

    async def several(self, ids: Collection[UUID]) -> list[Report]:
        found = self._reports.find({"_id": {"$in": list(ids)}}, _READ)
        return [from_document(document, Report) async for document in found]

    # --- columns ---------------------------------------------------------------------------------

    async def columns(self, batch: UUID | None = None) -> AsyncIterator[Document]:
        """What map and figures keep in memory of every report, or of one import."""
        query: Document = {"held": {"$exists": False}}
        if batch is not None:
            query["batch"] = batch
        async for document in self._reports.find(query, _COLUMNS).batch_size(10_000):
            yield document


async def complete_promises(database: Database) -> None:
    """Tell in events that were promised before events told it, and are not published yet, what the
    next deadline is, and whether the public may know of the report: else map and figures would
    take over that they do not.
    """
    known: Document = {
        "due_at": "$due_at",
        "risk_at": "$risk_at",
        "never_public": {"$eq": ["$public", Publicity.NEVER.value]},
    }
    internal: Document = {"internal": {"$mergeObjects": [known, "$$this.internal"]}}
    completed: Document = {
        "$map": {"input": "$outbox", "in": {"$mergeObjects": ["$$this", internal]}}
    }
    promised = {OUTBOX_AT: {"$exists": True}}
    await database[COLLECTION].update_many(promised, [{"$set": {"outbox": completed}}])


class _Advance(NamedTuple):
    """One step of a report, known by its first entry."""

    report: UUID
    entry: UUID
    update: UpdateOne


def _with_entry(report: Report | None, entry: UUID) -> Report | None:
    there = report is not None and any(entry == one.id for one in reversed(report.timeline))
    return report if there else None


def _refusals(error: BulkWriteError) -> dict[int, Exception]:
    """What was refused of a bulk write, by its place in it. Raises if all of it may yet be lost."""
    if unsure := error.details["writeConcernErrors"]:
        raise WTimeoutError("not known to be durable", details=unsure[0]) from error
    return {failure["index"]: _refusal(failure) for failure in error.details["writeErrors"]}


def _refusal(failure: Document) -> Exception:
    if "submission" in failure.get("keyPattern", {}):
        return Duplicate()
    return WriteError(failure["errmsg"], failure["code"], failure)


def _same_alarm(report: Report) -> Document:
    """Of two who take the same step of the clock, which may leave the version, this passes one."""
    alarm = report.alarm
    return {
        "alarm.at": alarm and alarm.at,
        "alarm.action": alarm and alarm.action.value,
        "alarm.task": alarm and alarm.task,
    }


def _grown(before: Report, after: Report) -> dict[str, tuple[UUID, ...]]:
    grown = {
        "files": after.files[len(before.files) :],
        "guests": after.guests[len(before.guests) :],
    }
    return {name: more for name, more in grown.items() if more}


def _difference(before: Report, after: Report) -> Document:
    """The update from one state to the next, without what only ever grows."""
    old, new = (
        to_document(msgspec.structs.replace(report, timeline=(), files=(), guests=()))
        for report in (before, after)
    )
    update: Document = {"$set": {n: v for n, v in new.items() if n not in old or old[n] != v}}
    if gone := old.keys() - new.keys():
        update["$unset"] = dict.fromkeys(gone, "")
    return update
