"""The agency's queue."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from msgspec import UNSET, UnsetType

from api.pagination import Cursor, Limit, decode_cursor, encode_cursor, page_of
from api.searches import provide_queued
from smartcity.identity.roles import Actor
from smartcity.identity.staff.colleagues import Colleagues
from smartcity.reports.confirmations.service import ConfirmationService
from smartcity.reports.lists.counts import QueueCounts
from smartcity.reports.lists.model import Position, QueueFilter
from smartcity.reports.lists.store import ReportLists
from smartcity.reports.model import Report
from smartcity.reports.shapes import ReportView, View
from smartcity.reports.views import Views


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
    escalated: int
    """What stands with the caller. A dispatcher who names no agency is told of all agencies'."""
    wishes: int


class QueuePage(View, frozen=True, kw_only=True):
    """Some of the queue; the first page comes with the counts of its tabs."""

    items: list[ReportView]
    counts: Tabs | UnsetType = UNSET
    next_cursor: str | UnsetType = UNSET


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
        colleagues: NamedDependency[Colleagues],
        confirmations: NamedDependency[ConfirmationService],
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
        page. At risk is what the clock has warned of, in the last three days before its deadline
        (`risk_at`). A text is searched in all open reports, and in the finished of the last 90
        days; a code finds its report, finished or not.
        `escalated` finds what stands with the caller as a supervisor or as a dispatcher, `wishes`
        where a handler waits for a later date to be granted.
        """
        after = decode_cursor(cursor, Position)
        wanted = msgspec.structs.replace(queued, as_of=after.as_of) if after else queued
        found, counts = await asyncio.gather(
            report_lists.queue(wanted, after=after, limit=limit + 1),
            _no_tabs() if after else _tabs(queue_counts, wanted, actor),
        )
        items, more = page_of(found, limit)
        return QueuePage(
            items=await _lines(items, views, language, colleagues, confirmations),
            counts=counts,
            next_cursor=_behind(wanted, items[-1]) if more else UNSET,
        )


async def _lines(
    reports: Sequence[Report],
    views: Views,
    language: str,
    colleagues: Colleagues,
    confirmations: ConfirmationService,
) -> list[ReportView]:
    """With the names and the confirmations of all of them, each looked up at once."""
    names, confirmed = await asyncio.gather(
        colleagues.names({report.assignee for report in reports if report.assignee}),
        confirmations.counts([report.id for report in reports]),
    )
    return [
        views.queued(report, language, names, confirmed.get(report.id, 0)) for report in reports
    ]


async def _no_tabs() -> UnsetType:
    return UNSET


async def _tabs(counts: QueueCounts, wanted: QueueFilter, actor: Actor) -> Tabs:
    told, mine = await asyncio.gather(
        counts.of(wanted.agency, wanted.standing),
        counts.assigned_to(wanted.agency, actor.own_id),
    )
    return Tabs(
        as_of=told.as_of,
        **told.status,
        mine=mine,
        unassigned=told.unassigned,
        overdue=told.overdue,
        at_risk=told.at_risk,
        escalated=told.escalated,
        wishes=told.wishes,
    )


def _behind(wanted: QueueFilter, last: Report) -> str:
    return encode_cursor(Position(wanted.as_of, last.due_at, last.id))
