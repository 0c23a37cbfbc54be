"""The agency's queue."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from api.pagination import Cursor, Limit, decode_cursor, encode_cursor, page_of
from smartcity.city.model import City
from smartcity.clock import now
from smartcity.errors import Forbidden
from smartcity.identity.roles import Actor, Role
from smartcity.reports.lists.store import ReportLists
from smartcity.reports.model import OPEN
from smartcity.reports.requests import ReportFilter
from smartcity.reports.shapes import ReportView, View
from smartcity.reports.views import Viewer, Views

Moment = Annotated[datetime, Meta(tz=True)]


class QueuePage(View, frozen=True, kw_only=True):
    """Some of the queue, and how many open reports each status has in all of it."""

    items: list[ReportView]
    counts: dict[str, int]
    next_cursor: str | UnsetType = UNSET


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


def _within(wanted: ReportFilter, actor: Actor, city: City) -> ReportFilter:
    """The filter held to what the caller works for. Raises `Forbidden` for another agency."""
    if Role.DISPATCHER in actor.roles:
        own = wanted.agency or actor.agencies or {city.dispatch}
    elif wanted.agency - actor.agencies:
        raise Forbidden
    else:
        own = wanted.agency or actor.agencies
    return msgspec.structs.replace(wanted, agency=frozenset(own))
