"""Dossiers in MongoDB. Every query is one indexed find, every change one write."""

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from bson.binary import UUID_SUBTYPE, Binary
from pymongo import ASCENDING, IndexModel, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError
from pymongo.read_concern import ReadConcern

from smartcity.dossiers.model import Dossier
from smartcity.errors import StaleVersion
from smartcity.feed.event import Event
from smartcity.feed.outbox import outbox, promise
from smartcity.feed.store import OUTBOX_INDEX, FeedStore
from smartcity.storage.gathering import look_up
from smartcity.storage.mongo import Database, Document, from_document, to_document

DOSSIERS: Final = "dossiers"
BATCHES: Final = "dossier_batches"
"""One document for each chunk of an import that is being written."""

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    DOSSIERS: [
        IndexModel([("code", ASCENDING)], name="code", unique=True),
        IndexModel([("batch", ASCENDING)], name="batch", sparse=True),
        IndexModel([("turned_in", ASCENDING)], name="turned_in", sparse=True),
        OUTBOX_INDEX,
    ],
    BATCHES: [IndexModel([("begun_at", ASCENDING)], name="age")],
}

_WITHOUT_OUTBOX: Final = {"outbox": 0, "outbox_at": 0}
_DUPLICATE: Final = 11000


class DossierStore:
    """Reads and writes dossiers."""

    def __init__(self, database: Database) -> None:
        self._dossiers = database[DOSSIERS]
        # A write rests on what the primary has now: a majority may not have yet what was refused as
        # known a moment ago, and if that is lost, the write on top of it is lost with it.
        self._newest = self._dossiers.with_options(read_concern=ReadConcern("local"))
        self._batches = database[BATCHES]
        self._feed = FeedStore(database)
        self._by_code = look_up(self.by_codes)

    # --- one dossier -----------------------------------------------------------------------------

    async def by_code(self, code: str) -> Dossier | None:
        return await self._by_code(code)

    async def add(self, dossier: Dossier, events: Sequence[Event]) -> bool:
        """Keep a new dossier and promise its events; false if its code is known already."""
        try:
            await self._dossiers.insert_one(to_document(dossier) | outbox(events))
        except DuplicateKeyError as error:
            if _is_known_code(error.details or {}):
                return False
            raise
        return True

    async def change(self, known: Dossier, after: Dossier, events: Sequence[Event]) -> None:
        """Write one change and promise its events. Raises `StaleVersion` if another came first."""
        done = await self._dossiers.update_one(
            {"_id": known.id, "version": known.version},
            _difference(known, after) | promise(events),
        )
        if done.matched_count == 0:
            raise StaleVersion

    # --- many ------------------------------------------------------------------------------------

    async def by_ids(self, ids: Collection[UUID]) -> list[Dossier]:
        found = self._dossiers.find({"_id": {"$in": list(ids)}}, _WITHOUT_OUTBOX)
        return [from_document(document, Dossier) async for document in found]

    async def versions(self, ids: Collection[UUID]) -> dict[UUID, int]:
        """The versions of those that there are."""
        found = self._dossiers.find({"_id": {"$in": list(ids)}}, {"version": 1})
        return {document["_id"]: document["version"] async for document in found}

    async def finished_among(self, ids: Collection[UUID], since: datetime) -> list[Dossier]:
        """Those of them that were finished, and not before a time."""
        query: Document = {"_id": {"$in": list(ids)}, "finished_at": {"$gte": since}}
        found = self._dossiers.find(query, _WITHOUT_OUTBOX)
        return [from_document(document, Dossier) async for document in found]

    async def by_codes(self, codes: Collection[str]) -> dict[str, Dossier]:
        """The known ones of these codes."""
        if not codes:
            return {}
        found = self._newest.find({"code": {"$in": list(codes)}}, _WITHOUT_OUTBOX)
        dossiers = [from_document(document, Dossier) async for document in found]
        return {dossier.code: dossier for dossier in dossiers}

    async def in_batch(self, batch: UUID) -> AsyncIterator[Dossier]:
        """The dossiers that a chunk was the last to change, for whoever hears of it in the feed.

        One that a later chunk changed again comes with that one.
        """
        async for document in self._dossiers.find({"batch": batch}, _WITHOUT_OUTBOX):
            yield from_document(document, Dossier)

    async def add_many(self, dossiers: Sequence[Dossier]) -> list[Dossier]:
        """Keep new dossiers, without events, and answer with those whose code is known already."""
        if not dossiers:
            return []
        try:
            await self._dossiers.insert_many(_documents(dossiers), ordered=False)
        except BulkWriteError as error:
            failures: list[Document] = error.details["writeErrors"]
            if error.details["writeConcernErrors"] or not all(map(_is_known_code, failures)):
                raise
            return [dossiers[failure["index"]] for failure in failures]
        return []

    async def change_many(self, changes: Collection[tuple[Dossier, Dossier]]) -> int:
        """Write changes, each as known → after, and answer how many were written: without those
        that somebody else changed first.
        """
        if not changes:
            return 0
        done = await self._dossiers.bulk_write(
            [
                UpdateOne(
                    {"_id": known.id, "version": known.version},
                    _difference(known, after),
                )
                for known, after in changes
            ],
            ordered=False,
        )
        return done.matched_count

    async def turned_in(self, batch: UUID) -> list[UUID]:
        """The dossiers whose status a chunk was the last to change."""
        found = self._dossiers.find({"turned_in": batch}, {"_id": 1})
        return [document["_id"] async for document in found]

    # --- batches ---------------------------------------------------------------------------------

    async def open_batch(self, batch: UUID, at: datetime) -> None:
        """Note that a chunk is about to be written, so that its event cannot be forgotten."""
        await self._batches.insert_one({"_id": batch, "begun_at": at})

    async def close_batch(self, batch: UUID, event: Event | None) -> None:
        """The chunk is written: promise its event, if it changed anything."""
        if event is not None:
            await self._feed.announce(event)
        await self._batches.delete_one({"_id": batch})

    async def abandoned_batches(self, before: datetime) -> list[UUID]:
        """Chunks that were begun before a time and whose writer never came back."""
        found = self._batches.find({"begun_at": {"$lt": before}}, {"_id": 1})
        return [document["_id"] async for document in found]


def _documents(dossiers: Iterable[Dossier]) -> Iterator[Document]:
    """New documents, in which the ids are in the database's own type already: to convert them takes
    the driver as long as half of all the rest.
    """
    batch, converted = None, None
    for dossier in dossiers:
        document = to_document(dossier)
        document["_id"] = Binary(dossier.id.bytes, UUID_SUBTYPE)
        if dossier.batch is not None:
            if dossier.batch is not batch:
                batch, converted = dossier.batch, Binary(dossier.batch.bytes, UUID_SUBTYPE)
            document["batch"] = converted
        yield document


def _difference(known: Dossier, after: Dossier) -> Document:
    """The operators that make one the other; `version` always differs."""
    before, now = to_document(known), to_document(after)
    operators: Document = {"$set": {n: v for n, v in now.items() if before.get(n) != v}}
    if emptied := before.keys() - now.keys():
        operators["$unset"] = dict.fromkeys(emptied, "")
    return operators


def _is_known_code(failure: Mapping[str, Any]) -> bool:
    return failure["code"] == _DUPLICATE and "code" in failure["keyPattern"]
