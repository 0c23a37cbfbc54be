"""What the feed carries: one event, the public state after it, and a part for audiences.

No free text and no personal data: an event may be kept, replayed and sent to anybody who may see
its `public` part. `internal` is for working out who is told; it never leaves the process.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class Topic(StrEnum):
    """What kind of thing happened to something."""

    REPORT = "report"
    DOSSIER = "dossier"
    ALERT = "alert"
    AUDIT = "audit"  # staff did something that nobody but auditors hears of; never public
    DIGEST = "digest"  # a week in figures, told to one person and never published
    BULK = "bulk"  # a chunk of imported subjects; consumers pull the batch


class PublicState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The subject as the public may see it after the event. Unset fields are not public yet."""

    id: UUID
    version: int
    status: str
    code: str | None = None
    field: str | None = None
    category: str | None = None
    unit: str | None = None
    agency: str | None = None
    lon: float | None = None
    lat: float | None = None
    merged_into: UUID | None = None
    units: tuple[str, ...] = ()
    """All that an alert is for."""
    everywhere: bool = False
    submitted_at: datetime | None = None
    updated_at: datetime | None = None


class RaisedTo(msgspec.Struct, frozen=True, kw_only=True):
    """Staff who are told by their office: those of a role in an agency."""

    role: str
    agency: str


class Internal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What consumers in our own processes need, and nobody else may see. Ids only."""

    status: str = ""
    version: int = 0
    code: str | None = None
    field: str | None = None
    category: str | None = None
    priority: str | None = None
    unit: str | None = None
    agency: str | None = None
    assignee: UUID | None = None
    reporter: UUID | None = None
    actor: UUID | None = None
    party: str | None = None
    """What the actor is to the subject: its reporter, a handler, the clock."""
    lon: float | None = None
    lat: float | None = None
    public: bool = False
    never_public: bool = False
    """The public may not even know that it is there: it is in none of the figures it sees."""
    held: bool = False
    """It waits for a dispatcher, or was not let through: it counts nowhere and is not drawn."""
    level: int = 0
    raised_to: RaisedTo | None = None
    submitted_at: datetime | None = None
    received_at: datetime | None = None
    finished_at: datetime | None = None
    receive_by: datetime | None = None
    first_resolve_by: datetime | None = None
    due_at: datetime | None = None
    """The next deadline; none while the clock stands still."""
    risk_at: datetime | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened. `id` is the timeline entry's; `action` is the lifecycle's word.

    A `bulk` event has no `internal`: it names a `batch` of subjects of `of`. `details` are ids and
    codes of something that no timeline tells, for the audit log.
    """

    id: UUID
    topic: Topic
    action: str
    at: datetime
    subject: UUID | None = None
    public: PublicState | None = None
    internal: Internal | None = None
    of: Topic | None = None
    batch: UUID | None = None
    details: Mapping[str, str] = {}
    gone: bool = False
    """The public could see the subject until now, and cannot any more: it has no `public` part."""


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """An event at its place in the feed."""

    seq: int
    epoch: str
    event: Event

    @property
    def cursor(self) -> str:
        """What `Last-Event-ID` and `after` hold."""
        return f"{self.epoch}-{self.seq}"
