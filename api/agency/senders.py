"""Dispatchers limit or ban who sent a report, without being told who that is."""

from uuid import UUID

import msgspec
from litestar import Controller, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from api.pagination import Cursor, Limit, decode_cursor, encode_cursor, page_of
from smartcity.identity.roles import Actor
from smartcity.identity.senders.model import NewRestriction, RestrictionView
from smartcity.identity.senders.service import Senders
from smartcity.reports.service import ReportService


class RestrictionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some restrictions, and where the next page begins."""

    items: list[RestrictionView]
    next_cursor: str | UnsetType = UNSET


class SenderController(Controller):
    path = "/v1/reports/{report_id:uuid}/sender/restriction"
    tags = ("Agency",)

    @put(operation_id="RestrictSender")
    async def restrict(
        self,
        report_id: FromPath[UUID],
        data: JSONBody[NewRestriction],
        actor: NamedDependency[Actor],
        reports: NamedDependency[ReportService],
        senders: NamedDependency[Senders],
    ) -> RestrictionView:
        """Take nothing, or only so many reports a day, from who sent this report, until a date.

        It binds the device and its owner's account, in place of what bound them before, and takes
        effect everywhere within five seconds. The sender is told the `explanation` and the date;
        the `reason` is for dispatchers. What they sent before stays, and they may go on answering.
        """
        sender = await reports.sender(report_id, actor)
        return await senders.restrict(actor, report_id, {sender}, data)

    @delete(operation_id="FreeSender")
    async def free(
        self,
        report_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reports: NamedDependency[ReportService],
        senders: NamedDependency[Senders],
    ) -> None:
        """Lift what binds who sent this report."""
        await senders.free(actor, report_id, {await reports.sender(report_id, actor)})


class RestrictionController(Controller):
    path = "/v1/dispatch/restrictions"
    tags = ("Agency",)

    @get(operation_id="ListRestrictions")
    async def holding(
        self,
        senders: NamedDependency[Senders],
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> RestrictionPage:
        """The restrictions that hold, the latest decision first."""
        before = decode_cursor(cursor, UUID)
        items, more = page_of(await senders.page(before=before, limit=limit + 1), limit)
        return RestrictionPage(
            items=list(items), next_cursor=encode_cursor(items[-1].id) if more else UNSET
        )
