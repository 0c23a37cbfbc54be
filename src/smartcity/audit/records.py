"""Writes down what staff do, before it takes effect."""

from uuid import UUID

from smartcity.audit.model import AuditRecord
from smartcity.audit.store import AuditRecordStore
from smartcity.clock import now
from smartcity.feed.event import Event, Topic
from smartcity.identifiers import new_id
from smartcity.identity.roles import Actor


class AuditRecords:
    """For what no report's timeline tells: staff accounts, keys, disclosures, restrictions."""

    def __init__(self, store: AuditRecordStore) -> None:
        self._store = store

    async def write(
        self, actor: Actor, action: str, subject: UUID | None = None, **details: str
    ) -> None:
        """Durable when this returns; so call it before the thing is done or shown.

        `details` are ids and codes: no name, no number, no free text.
        """
        record = AuditRecord(
            id=new_id(), at=now(), actor=actor.id, action=action, subject=subject, details=details
        )
        event = Event(id=record.id, topic=Topic.AUDIT, action=action, at=record.at, subject=subject)
        await self._store.add(record, [event])
