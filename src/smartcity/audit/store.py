"""Audit records, the chain and its published heads in MongoDB."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from smartcity.audit.model import AuditEntry, AuditFilter, AuditRecord, DayHead, Head
from smartcity.feed.event import Event
from smartcity.feed.outbox import outbox
from smartcity.feed.store import OUTBOX_INDEX
from smartcity.storage.leases import COLLECTION as LEASES
from smartcity.storage.mongo import Database, Document, from_document, if_found, to_document
from smartcity.storage.transactions import in_transaction

RECORDS: Final = "audit_records"
ENTRIES: Final = "audit_entries"
HEADS: Final = "audit_heads"

AUDITOR: Final = "auditor"
"""The document that is the auditor's lease, its fence and the chain's head at once."""

NEWEST_FIRST: Final = [("at", DESCENDING), ("_id", DESCENDING)]

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    RECORDS: [OUTBOX_INDEX],
    ENTRIES: [
        IndexModel([("source", ASCENDING)], name="source", unique=True),
        IndexModel(NEWEST_FIRST, name="newest"),
        *(
            IndexModel(
                [(name, ASCENDING), *NEWEST_FIRST],
                name=name,
                partialFilterExpression={name: {"$exists": True}},
            )
            for name in ("actor", "action", "subject", "agency")
        ),
    ],
}


class HeadLost(Exception):
    """There are entries, but nothing tells where the chain ends: nothing may be appended."""

    def __init__(self) -> None:
        super().__init__("the audit log's head is gone: restore the database from a backup")


class HeadMoved(Exception):
    """Somebody else appended, or holds the auditor's lease: nothing was appended."""


class AuditRecordStore:
    def __init__(self, database: Database) -> None:
        self._records = database[RECORDS]

    async def add(self, record: AuditRecord, events: Sequence[Event]) -> None:
        """Keep a record and promise its events, in one write."""
        await self._records.insert_one(to_document(record) | outbox(events))


class AuditStore:
    """Reads and writes the chain. There is no way to change or remove an entry."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._entries = database[ENTRIES]
        self._leases = database[LEASES]
        self._heads = database[HEADS]

    # --- the chain -------------------------------------------------------------------------------

    async def head(self) -> Head:
        """Where the chain ends. Raises `HeadLost`."""
        document = await self._leases.find_one({"_id": AUDITOR}, {"_id": 0, "head": 1})
        if document and "head" in document:
            return from_document(document["head"], Head)
        if await self._entries.find_one({}, {"_id": 1}):
            raise HeadLost
        return Head()

    async def append(
        self, fence: int, before: Head, after: Head, entries: Sequence[AuditEntry]
    ) -> None:
        """Put entries at the chain's end and move its head there, together or not at all.

        Raises `HeadMoved` unless `fence` is the auditor's and `before` still the head: whoever
        slept for longer than its lease and wakes up, or read what another one chained meanwhile,
        appends nothing.
        """

        async def write(session: AsyncClientSession | None) -> None:
            moved = await self._leases.update_one(
                {"_id": AUDITOR, "fence": fence, **_is(before)},
                {"$set": {"head": to_document(after)}},
                session=session,
            )
            if not moved.matched_count:
                raise HeadMoved
            if entries:
                documents = [to_document(entry) for entry in entries]
                await self._entries.insert_many(documents, session=session)

        if not entries:
            return await write(None)
        return await in_transaction(self._database, write)

    async def documents(self) -> AsyncIterator[Mapping[str, Any]]:
        """Every entry as it lies there, by number: what was tampered with may be no entry."""
        async for document in self._entries.find().sort("_id", ASCENDING).batch_size(1000):
            yield document

    async def entries(
        self, wanted: AuditFilter, *, before: tuple[Any, int] | None, limit: int
    ) -> list[AuditEntry]:
        """Some entries, the newest first; `before` is the time and number of one."""
        found = self._entries.find(_query(wanted, before)).sort(NEWEST_FIRST).limit(limit)
        return [from_document(document, AuditEntry) async for document in found]

    # --- published heads -------------------------------------------------------------------------

    async def publish(self, head: DayHead) -> bool:
        """Keep the head of a day. False if there is one of that day: it stays as it is."""
        document = to_document(head)
        done = await self._heads.update_one(
            {"_id": document.pop("_id")}, {"$setOnInsert": document}, upsert=True
        )
        return done.upserted_id is not None

    async def published(self, date: str) -> DayHead | None:
        return if_found(await self._heads.find_one({"_id": date}), DayHead)

    async def heads(self, *, before: str | None = None, limit: int = 0) -> list[DayHead]:
        """Published heads, the newest first; all of them (one a day) without a limit."""
        query: Document = {} if before is None else {"_id": {"$lt": before}}
        found = self._heads.find(query).sort("_id", DESCENDING).limit(limit)
        return [from_document(document, DayHead) async for document in found]


def entry_of(document: Mapping[str, Any]) -> AuditEntry | None:
    """A document as an entry; none if it is not of the form."""
    try:
        return from_document(document, AuditEntry)
    except msgspec.ValidationError:
        return None


def _is(head: Head) -> Document:
    """The condition that this is the head still; before the first entry there is none."""
    if head == Head():
        return {"head": {"$exists": False}}
    return {"head.count": head.count, "head.mac": head.mac, "head.seq": head.seq}


def _query(wanted: AuditFilter, before: tuple[Any, int] | None) -> Document:
    named: dict[str, UUID | str | None] = {
        "actor": wanted.actor,
        "action": wanted.action,
        "subject": wanted.subject,
        "agency": wanted.agency,
    }
    query: Document = {name: value for name, value in named.items() if value is not None}
    times: Document = {}
    if wanted.since is not None:
        times["$gte"] = wanted.since
    if wanted.until is not None:
        times["$lt"] = wanted.until
    if times:
        query["at"] = times
    if before is not None:
        at, number = before
        query["$or"] = [{"at": {"$lt": at}}, {"at": at, "_id": {"$lt": number}}]
        query["at"] = times | {"$lte": at}
    return query
