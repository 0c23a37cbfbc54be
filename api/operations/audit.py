"""The audit log, for auditors; and for everybody where it stood on each day."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from api.pagination import Cursor, Limit, decode_cursor, encode_cursor, page_of
from smartcity.audit.log import AuditLog
from smartcity.audit.model import AuditEntry, AuditFilter, DayHead
from smartcity.audit.store import AuditStore
from smartcity.clock import in_utc
from smartcity.errors import FieldError, Invalid, NotFound
from smartcity.identity.roles import Actor

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
CODE: Final = r"^[A-Za-z0-9_.\-]{1,64}$"


class Position(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ends: an entry's time and number."""

    at: Annotated[datetime, msgspec.Meta(tz=True)]
    number: Annotated[int, msgspec.Meta(ge=1, lt=1 << 53)]

    def __post_init__(self) -> None:
        in_utc(self.at)


class AuditItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that staff or the clock did. `actor_name` is looked up now, and not in the log."""

    number: int
    at: datetime
    topic: str
    action: str
    source: UUID
    actor: UUID | None = None
    actor_name: str | None = None
    party: str | None = None
    subject: UUID | None = None
    batch: UUID | None = None
    version: int = 0
    status: str | None = None
    agency: str | None = None
    details: Mapping[str, str] = {}
    mac: str


class AuditPage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Newest first."""

    items: list[AuditItem]
    next_cursor: str | None = None


class AuditHead(msgspec.Struct, frozen=True, kw_only=True):
    """Where the log stood when this was published: so many entries, and the last one's mac.

    `smartcity audit verify --head COUNT:HEAD` proves that these entries are still the same.
    """

    date: str
    count: int
    head: str
    at: datetime


class AuditHeadPage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Newest first."""

    items: list[AuditHead]
    next_cursor: str | None = None


class AuditController(Controller):
    path = "/v1/audit"
    tags = ("Audit",)

    @get("/", operation_id="ListAuditEntries")
    async def entries(
        self,
        actor: NamedDependency[Actor],
        audit_log: NamedDependency[AuditLog],
        who: Annotated[UUID | None, QueryParameter(name="actor")] = None,
        action: Annotated[str | None, QueryParameter(pattern=CODE)] = None,
        subject: FromQuery[UUID | None] = None,
        agency: Annotated[str | None, QueryParameter(pattern=CODE)] = None,
        since: Annotated[Moment | None, QueryParameter(name="from")] = None,
        until: Annotated[Moment | None, QueryParameter(name="to")] = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> AuditPage:
        """Read what staff and the clock did; `to` is not included. This reading is audited too."""
        wanted = AuditFilter(
            actor=who,
            action=action,
            subject=subject,
            agency=agency,
            since=_utc(since, "from"),
            until=_utc(until, "to"),
        )
        before = decode_cursor(cursor, Position)
        found, names = await audit_log.read(
            wanted, actor, before=before and (before.at, before.number), limit=limit + 1
        )
        items, more = page_of(found, limit)
        return AuditPage(
            items=[_item(entry, names) for entry in items],
            next_cursor=encode_cursor(Position(items[-1].at, items[-1].number)) if more else None,
        )

    @get("/heads", operation_id="ListAuditHeads")
    async def heads(
        self, audit_store: NamedDependency[AuditStore], cursor: Cursor = None, limit: Limit = 50
    ) -> AuditHeadPage:
        """List where the audit log stood on each day, so that nobody can rewrite it unseen."""
        before = decode_cursor(cursor, str)
        found = await audit_store.heads(before=before, limit=limit + 1)
        items, more = page_of(found, limit)
        return AuditHeadPage(
            items=[_head(day) for day in items],
            next_cursor=encode_cursor(items[-1].date) if more else None,
        )

    @get("/heads/latest", operation_id="GetLatestAuditHead")
    async def latest(self, audit_store: NamedDependency[AuditStore]) -> AuditHead:
        """Answer with the newest of them."""
        for day in await audit_store.heads(limit=1):
            return _head(day)
        raise NotFound


def _utc(moment: datetime | None, name: str) -> datetime | None:
    try:
        return None if moment is None else in_utc(moment)
    except ValueError as error:
        raise Invalid(FieldError(name, "range")) from error


def _item(entry: AuditEntry, names: Mapping[UUID, str]) -> AuditItem:
    return AuditItem(
        number=entry.number,
        at=entry.at,
        topic=entry.topic,
        action=entry.action,
        source=entry.source,
        actor=entry.actor,
        actor_name=names.get(entry.actor) if entry.actor else None,
        party=entry.party,
        subject=entry.subject,
        batch=entry.batch,
        version=entry.version,
        status=entry.status,
        agency=entry.agency,
        details=entry.details,
        mac=entry.mac.hex(),
    )


def _head(day: DayHead) -> AuditHead:
    return AuditHead(date=day.date, count=day.count, head=day.mac.hex(), at=day.at)
