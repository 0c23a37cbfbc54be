"""What is written down of what staff do, as MongoDB keeps it. Ids and codes only, everywhere: no
name, no number, no free text. So erasing a person takes nothing out of an entry.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Something that no report's timeline tells. `party` is what the actor was to the city."""

    id: UUID = msgspec.field(name="_id")
    at: datetime
    actor: UUID | None
    party: str
    action: str
    subject: UUID | None = None
    details: Mapping[str, str] = {}


class AuditEntry(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """One link of the chain. `source` is the event that it tells of.

    `mac` binds it to every entry before it. It is taken over the other fields in this order, those
    that are unset left out: a new field goes to the end, or what was chained before fails.
    """

    number: int = msgspec.field(name="_id")
    source: UUID
    at: datetime
    topic: str
    action: str
    actor: UUID | None = None
    party: str | None = None
    subject: UUID | None = None
    batch: UUID | None = None
    """The import's chunk, of which there is one entry however large it is."""
    version: int = 0
    status: str | None = None
    agency: str | None = None
    details: Mapping[str, str] = {}
    mac: bytes = b""


START: Final = bytes(32)
"""What the first entry is bound to."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """Where the chain ends: so many entries, the last one's mac, and how far the feed was read."""

    count: int = 0
    mac: bytes = START
    seq: int = 0


class DayHead(msgspec.Struct, frozen=True, kw_only=True):
    """The head as it was published on a day (of the city's zone)."""

    date: str = msgspec.field(name="_id")
    count: int
    mac: bytes
    at: datetime


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What an auditor looks for. Empty conditions hold always; `until` is not included."""

    actor: UUID | None = None
    action: str | None = None
    subject: UUID | None = None
    agency: str | None = None
    since: datetime | None = None
    until: datetime | None = None
