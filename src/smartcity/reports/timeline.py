"""What happened to a report: the entries of its timeline, and what they carry."""

from datetime import datetime
from typing import Any
from uuid import UUID

from smartcity.attachments.images import Region
from smartcity.reports.document import Struct
from smartcity.reports.words import Action, Party, Status


class By(Struct, frozen=True, kw_only=True):
    """Who did something to a report, as its timeline keeps it; `on_behalf_of` is the caller for
    whom an operator did it.
    """

    party: Party
    id: UUID | None = None
    on_behalf_of: UUID | None = None


class Key(Struct, frozen=True, kw_only=True):
    """An idempotency key on a timeline entry, with the digest of the request it came with."""

    key: bytes
    body: bytes


class Redaction(Struct, frozen=True, kw_only=True):
    """What everybody but the reporter and the agency does not see of one text or file: spans of
    characters [start, stop), regions of the upright photo, or all of it if there are none.

    `target` is description, address, answers, or the id of a timeline entry or an attachment.
    """

    target: str
    spans: tuple[tuple[int, int], ...] = ()
    regions: tuple[Region, ...] = ()

    @property
    def whole(self) -> bool:
        return not self.spans and not self.regions


class Entry(Struct, frozen=True, kw_only=True):
    """One thing that happened. `text` and `attachments` are public unless `internal`."""

    id: UUID
    at: datetime
    action: Action
    by: By
    status: Status
    text: str | None = None
    reason: str | None = None
    attachments: tuple[UUID, ...] = ()
    agency: str | None = None
    assignee: UUID | None = None
    report: UUID | None = None
    rating: int | None = None
    until: datetime | None = None
    task: UUID | None = None
    why: str | None = None
    """For what reason a report was resolved although others still had tasks in it."""
    before: dict[str, Any] | None = None
    """The values that a correction replaced."""
    redaction: Redaction | None = None
    """What was hidden, or shown again."""
    internal: bool = False
    key: Key | None = None
