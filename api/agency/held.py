"""The reports that wait for a dispatcher. They are released and rejected like any other action."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from msgspec import UNSET, Meta, UnsetType

from api.pagination import Cursor, Limit, decode_cursor, encode_cursor, page_of
from smartcity.identity.roles import Actor, Role
from smartcity.reports.holding.store import HeldReports
from smartcity.reports.shapes import ReportView, View
from smartcity.reports.viewers import Viewer
from smartcity.reports.views import Views

Moment = Annotated[datetime, Meta(tz=True)]


class HeldPage(View, frozen=True, kw_only=True, omit_defaults=False):
    """Some of those that wait, and how many there are; of more than 10,000, so many."""

    items: list[ReportView]
    count: int
    next_cursor: str | UnsetType = UNSET


class HeldController(Controller):
    path = "/v1/dispatch/held"
    tags = ("Agency",)

    @get(operation_id="ListHeldReports")
    async def waiting(
        self,
        actor: NamedDependency[Actor],
        held: NamedDependency[HeldReports],
        views: NamedDependency[Views],
        language: NamedDependency[str],
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> HeldPage:
        """Reports of bursts from new devices, the oldest first: `release` or `reject` them, one by
        one or many in one request to `/v1/agency/actions`. No agency knows of them yet.
        """
        after = decode_cursor(cursor, tuple[Moment, UUID])
        found = await held.oldest(after=after, limit=limit + 1)
        items, more = page_of(found, limit)
        viewer = Viewer.STAFF if Role.DISPATCHER in actor.roles else Viewer.OBSERVER
        last = items[-1] if more else None
        return HeldPage(
            items=[views.summary(report, viewer, language) for report in items],
            count=await held.count(),
            next_cursor=encode_cursor((last.held.at, last.id)) if last and last.held else UNSET,
        )
