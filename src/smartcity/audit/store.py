"""Audit records in MongoDB."""

from collections.abc import Mapping, Sequence
from typing import Final

from pymongo import IndexModel

from smartcity.audit.model import AuditRecord
from smartcity.feed.event import Event
from smartcity.feed.outbox import outbox
from smartcity.feed.store import OUTBOX_INDEX
from smartcity.storage.mongo import Database, to_document

RECORDS: Final = "audit_records"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {RECORDS: [OUTBOX_INDEX]}


class AuditRecordStore:
    def __init__(self, database: Database) -> None:
        self._records = database[RECORDS]

    async def add(self, record: AuditRecord, events: Sequence[Event]) -> None:
        """Keep a record and promise its events, in one write."""
        await self._records.insert_one(to_document(record) | outbox(events))
