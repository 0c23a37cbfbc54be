"""The hotline and the desk: what operators find for a caller, and what dispatchers are shown."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Stream
from msgspec import UNSET, Meta, UnsetType

from api.citizen.reports import pages
from api.pagination import Cursor, Limit, decode_cursor
from api.versions import KEY
from smartcity.identity.roles import Actor
from smartcity.people.desk import Desk
from smartcity.reports.personal.callers import Callers
from smartcity.reports.requests import Request, Words
from smartcity.reports.service import ReportService
from smartcity.reports.shapes import ReportPage, View
from smartcity.reports.viewers import Viewer
from smartcity.reports.views import Views


class CallerSearch(Request, frozen=True, kw_only=True):
    """The number that a caller reported with, however it is written."""

    phone: Annotated[str, Meta(min_length=1, max_length=32)]


class DisclosureWish(Request, frozen=True, kw_only=True):
    """Why somebody must know who reported: the reporter reads this."""

    reason: Words


class Disclosure(View, frozen=True, kw_only=True):
    """How to reach the reporter. `kept` is false where nothing is: then there is no `contact`."""

    kept: bool
    contact: Mapping[str, str] | UnsetType = UNSET


class OperatorController(Controller):
    path = "/v1/operators"
    tags = ("Operators",)

    @post("/search", operation_id="FindCallersReports", status_code=200)
    async def search(
        self,
        data: JSONBody[CallerSearch],
        actor: NamedDependency[Actor],
        callers: NamedDependency[Callers],
        views: NamedDependency[Views],
        language: NamedDependency[str],
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> ReportPage:
        """The reports sent with a caller's number, the newest first. Every search is written down.

        To read one whole and to act for the caller, say the number again: `Caller-Phone`.
        """
        found = await callers.find(
            data.phone, actor, before=decode_cursor(cursor, UUID), limit=limit + 1
        )
        return pages(found, limit, Viewer.REPORTER, views, language)

    @post("/callers/erasure", operation_id="EraseCaller", status_code=202)
    async def erase(
        self,
        data: JSONBody[CallerSearch],
        actor: NamedDependency[Actor],
        desk: NamedDependency[Desk],
    ) -> None:
        """Erase a caller who asks for it at the desk and shows the phone. It is written down.

        Their contact details go at once, and what they said as `EraseMe` tells, within seconds.
        """
        await desk.erase(data.phone, actor)

    @post(
        "/callers/export",
        operation_id="ExportCaller",
        media_type="application/x-ndjson",
        status_code=200,
    )
    async def export(
        self,
        data: JSONBody[CallerSearch],
        actor: NamedDependency[Actor],
        desk: NamedDependency[Desk],
        language: NamedDependency[str],
    ) -> Stream:
        """Everything that the city keeps about a caller who shows the phone, as `ExportMe` tells
        it: one JSON object a line. It is written down.
        """
        return Stream(
            await desk.export(data.phone, actor, language),
            media_type="application/x-ndjson",
            headers={"Cache-Control": "no-store"},
        )


class DisclosureController(Controller):
    path = "/v1/reports/{report_id:uuid}/disclosure"
    tags = ("Agency",)

    @post(operation_id="DiscloseReporter", status_code=200)
    async def disclose(
        self,
        report_id: FromPath[UUID],
        data: JSONBody[DisclosureWish],
        actor: NamedDependency[Actor],
        reports: NamedDependency[ReportService],
        idempotency_key: Annotated[str | None, KEY] = None,
    ) -> Response[Disclosure]:
        """Show a dispatcher who reported. The reporter is told, and reads the reason."""
        contact = await reports.disclose(report_id, data.reason, actor, key=idempotency_key)
        shown = (
            Disclosure(kept=False) if contact is None else Disclosure(kept=True, contact=contact)
        )
        return Response(shown, headers={"Cache-Control": "no-store"})
