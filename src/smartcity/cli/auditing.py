"""How a command writes down what it is about to change, for auditors."""

from uuid import UUID

import rich_click as click

from smartcity.audit import store
from smartcity.audit.records import AuditRecords
from smartcity.storage.migrations import create_indexes
from smartcity.storage.mongo import Database


async def write_down(
    database: Database, action: str, subject: UUID | None = None, **details: str
) -> None:
    """Durable when this returns; so call it before the thing is done. Ids and codes only."""
    await create_indexes(database, store.INDEXES, click.echo)
    records = AuditRecords(store.AuditRecordStore(database))
    await records.write_of_command(action, subject, **details)
