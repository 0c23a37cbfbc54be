"""The agency's side: its queue, and actions on many reports at once."""

from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import BodyKwarg
from msgspec import UNSET, Meta, UnsetType

from api.pagination import Cursor, Limit, decode_cursor, encode_cursor, page_of
from api.searches import provide_queued
from smartcity.errors import SmartCityError
from smartcity.identity.roles import Actor
from smartcity.reports.lists.counts import QueueCounts
from smartcity.reports.lists.model import Position, QueueFilter
from smartcity.reports.lists.store import ReportLists
from smartcity.reports.model import Report
from smartcity.reports.requests import Request, Steps
from smartcity.reports.service import ReportService
from smartcity.reports.views import ReportView, View, Viewer, Views

Key = Annotated[str, Meta(min_length=1, max_length=64)]


class Tabs(View, frozen=True, kw_only=True):
    """How many open reports the asked agencies have in each tab, whatever else is filtered.

    Remembered for a moment where there are many: `as_of` is when they were counted.
    """

    as_of: datetime
    submitted: int
    received: int
    in_progress: int
    waiting: int
    mine: int
    unassigned: int
    overdue: int
    at_risk: int


class QueuePage(View, frozen=True, kw_only=True):
    """Some of the queue; the first page comes with the counts of its tabs."""

    items: list[ReportView]
    counts: Tabs | UnsetType = UNSET
    next_cursor: str | UnsetType = UNSET


class BulkAction(Request, frozen=True, kw_only=True):
    """Steps on one report; `version` is the one that the handler saw."""

    report: UUID
    version: Annotated[int, Meta(ge=1)]
    steps: Steps
    key: Key | None = None


class Outcome(View, frozen=True, kw_only=True):
    """What became of one of them: the new version and status, or the refusal's code."""

    report: UUID
    done: bool
    version: int | UnsetType = UNSET
    status: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    details: dict[str, Any] | UnsetType = UNSET


class AgencyController(Controller):
    path = "/v1/agency"
    tags = ("Agency",)
    dependencies = MappingProxyType({"queued": Provide(provide_queued)})

    @get("/queue", operation_id="GetQueue")
    async def queue(
        self,
        actor: NamedDependency[Actor],
        report_lists: NamedDependency[ReportLists],
        queue_counts: NamedDependency[QueueCounts],
        views: NamedDependency[Views],
        language: NamedDependency[str],
        queued: NamedDependency[QueueFilter],
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> QueuePage:
        """The reports of the caller's agencies, and of those below a supervisor's: open ones by
        their next deadline, unless something else is asked for.

        A dispatcher may ask for any agency, and sees what no rule routed by default. Reports whose
        clock stands still come last. A report that nobody changed between two pages is neither
        skipped nor shown twice; what is overdue and at risk is decided at the time of the first
        page. At risk is what is in the last quarter of its time. A text is searched in all open
        reports, and in the finished of the last 90 days; a code finds its report, finished or not.
        """
        after = decode_cursor(cursor, Position)
        wanted = msgspec.structs.replace(queued, as_of=after.as_of) if after else queued
        found = await report_lists.queue(wanted, after=after, limit=limit + 1)
        items, more = page_of(found, limit)
        return QueuePage(
            items=[views.summary(report, Viewer.STAFF, language) for report in items],
            counts=UNSET if after else await _tabs(queue_counts, wanted.agency, actor),
            next_cursor=_behind(wanted, items[-1]) if more else UNSET,
        )

    @post("/actions", operation_id="ActOnReports", status_code=200)
    async def act(
        self,
        data: Annotated[list[BulkAction], BodyKwarg(min_items=1, max_items=100)],
        actor: NamedDependency[Actor],
        reports: NamedDependency[ReportService],
    ) -> list[Outcome]:
        """Act on up to 100 reports, each on its own: one refusal does not stop the others."""
        return [await _one(item, actor, reports) for item in data]


async def _tabs(counts: QueueCounts, agencies: frozenset[str], actor: Actor) -> Tabs:
    told = await counts.of(agencies)
    return Tabs(
        as_of=told.as_of,
        **told.status,
        mine=await counts.assigned_to(agencies, actor.own_id),
        unassigned=told.unassigned,
        overdue=told.overdue,
        at_risk=told.at_risk,
    )


def _behind(wanted: QueueFilter, last: Report) -> str:
    return encode_cursor(Position(wanted.as_of, last.due_at, last.id))


async def _one(item: BulkAction, actor: Actor, reports: ReportService) -> Outcome:
    steps = item.steps if isinstance(item.steps, list) else [item.steps]
    try:
        report, _ = await reports.act(item.report, steps, actor, version=item.version, key=item.key)
    except SmartCityError as refusal:
        return Outcome(
            report=item.report, done=False, code=refusal.code, details=refusal.details or UNSET
        )
    return Outcome(report=item.report, done=True, version=report.version, status=report.status)
