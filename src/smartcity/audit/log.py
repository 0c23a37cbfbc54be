"""Reads the audit log for auditors. That somebody read it is written down too."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from smartcity.audit.model import AuditEntry, AuditFilter
from smartcity.audit.records import AuditRecords
from smartcity.audit.store import AuditStore
from smartcity.identity.roles import Actor

READ = "read_audit_log"


class StaffNames(Protocol):
    async def names(self, staff: Collection[UUID], /) -> Mapping[UUID, str]:
        """How colleagues see those of these ids who have a staff account."""
        ...


class AuditLog:
    """The entries keep ids only; whose they are is looked up at reading, as far as it is known."""

    def __init__(self, store: AuditStore, records: AuditRecords, staff: StaffNames) -> None:
        self._store = store
        self._records = records
        self._staff = staff

    async def read(
        self,
        wanted: AuditFilter,
        reader: Actor,
        *,
        before: tuple[datetime, int] | None,
        limit: int,
    ) -> tuple[Sequence[AuditEntry], Mapping[UUID, str]]:
        """Some entries, the newest first, and the names of those who acted."""
        asked = msgspec.to_builtins(wanted)
        given = {f"wanted_{name}": str(value) for name, value in asked.items() if value is not None}
        if before is not None:
            given["wanted_before"] = str(before[1])
        await self._records.write(reader, READ, None, **given)
        found = await self._store.entries(wanted, before=before, limit=limit)
        actors = {entry.actor for entry in found if entry.actor is not None}
        return found, await self._staff.names(actors)
