"""Writes down what staff do, before it takes effect."""

from typing import Final
from uuid import UUID

from smartcity.audit.model import AuditRecord
from smartcity.audit.store import AuditRecordStore
from smartcity.clock import now
from smartcity.feed.event import Event, Internal, Topic
from smartcity.identifiers import new_id
from smartcity.identity.roles import Actor

COMMAND_LINE: Final = "command line"
"""The party of whoever works at the machine itself, whom the city cannot name."""


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
        await self._write(actor.id, "+".join(sorted(actor.roles)), action, subject, details)

    async def write_of_command(
        self, action: str, subject: UUID | None = None, **details: str
    ) -> None:
        """The same for what somebody does by a command of `smartcity`."""
        await self._write(None, COMMAND_LINE, action, subject, details)

    async def _write(
        self,
        actor: UUID | None,
        party: str,
        action: str,
        subject: UUID | None,
        details: dict[str, str],
    ) -> None:
        record = AuditRecord(
            id=new_id(),
            at=now(),
            actor=actor,
            party=party,
            action=action,
            subject=subject,
            details=details,
        )
        await self._store.add(record, [_event(record)])


def _event(record: AuditRecord) -> Event:
    """It carries the whole record: what is chained follows from the feed alone."""
    return Event(
        id=record.id,
        topic=Topic.AUDIT,
        action=record.action,
        at=record.at,
        subject=record.subject,
        internal=Internal(actor=record.actor, party=record.party),
        details=record.details,
    )
