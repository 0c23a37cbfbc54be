"""The agency's side: its queue, and actions on many reports at once."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import BodyKwarg, FromQuery, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from api.pagination import Cursor, Limit, decode_cursor, encode_cursor, page_of
from smartcity.city.model import City
from smartcity.clock import now
from smartcity.errors import Forbidden, SmartCityError
from smartcity.identity.roles import Actor, Role
from smartcity.reports.lists.store import ReportLists
from smartcity.reports.model import OPEN
from smartcity.reports.requests import ReportFilter, Request, Steps
from smartcity.reports.service import ReportService
from smartcity.reports.views import ReportView, View, Viewer, Views

Moment = Annotated[datetime, Meta(tz=True)]
Key = Annotated[str, Meta(min_length=1, max_length=64)]


class QueuePage(View, frozen=True, kw_only=True):
    """Some of the queue, and how many open reports each status has in all of it."""

    items: list[ReportView]
    counts: dict[str, int]
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

    @get("/queue", operation_id="GetQueue")
    async def queue(
        self,
        actor: NamedDependency[Actor],
        city: NamedDependency[City],
        report_lists: NamedDependency[ReportLists],
        views: NamedDependency[Views],
        language: NamedDependency[str],
        wanted: NamedDependency[ReportFilter],
        assignee: FromQuery[UUID | None] = None,
        overdue: Annotated[
            bool, QueryParameter(description="Only past the next deadline.")
        ] = False,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> QueuePage:
        """The reports of the caller's agencies by their next deadline; open ones by default.

        A dispatcher may ask for any agency, and sees what no rule routed by default.
        """
        wanted = msgspec.structs.replace(
            _within(wanted, actor, city),
            status=wanted.status or frozenset[str](OPEN),
            assignee=assignee,
            overdue_at=now() if overdue else None,
        )
        after = decode_cursor(cursor, tuple[Moment | None, UUID])
        found = await report_lists.queue(wanted, after=after, limit=limit + 1)
        items, more = page_of(found, limit)
        return QueuePage(
            items=[views.summary(report, Viewer.STAFF, language) for report in items],
            counts=await report_lists.count_open(sorted(wanted.agency)),
            next_cursor=encode_cursor((items[-1].due_at, items[-1].id)) if more else UNSET,
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


def _within(wanted: ReportFilter, actor: Actor, city: City) -> ReportFilter:
    """The filter held to what the caller works for. Raises `Forbidden` for another agency."""
    if Role.DISPATCHER in actor.roles:
        own = wanted.agency or actor.agencies or {city.dispatch}
    elif wanted.agency - actor.agencies:
        raise Forbidden
    else:
        own = wanted.agency or actor.agencies
    return msgspec.structs.replace(wanted, agency=frozenset(own))


async def _one(item: BulkAction, actor: Actor, reports: ReportService) -> Outcome:
    steps = item.steps if isinstance(item.steps, list) else [item.steps]
    try:
        report, _ = await reports.act(item.report, steps, actor, version=item.version, key=item.key)
    except SmartCityError as refusal:
        return Outcome(
            report=item.report, done=False, code=refusal.code, details=refusal.details or UNSET
        )
    return Outcome(report=item.report, done=True, version=report.version, status=report.status)
