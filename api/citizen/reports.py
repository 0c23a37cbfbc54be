"""Reports, as citizens and the public use them; handlers act through the same door."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter
from msgspec import Meta, Struct
from msgspec.structs import replace

from api.limits import RateLimits
from api.pagination import Cursor, Limit, decode_cursor, encode_cursor, page_of
from api.versions import KEY, bounded, version_of, versioned
from smartcity.identity.roles import ANYONE, Actor
from smartcity.reports.confirmations.service import ConfirmationService
from smartcity.reports.intake import ReportIntake
from smartcity.reports.lists.store import ReportLists
from smartcity.reports.model import Report
from smartcity.reports.receipts import Receipts
from smartcity.reports.requests import (
    STEPS_LIMIT,
    NewReport,
    ReportFilter,
    Said,
    SaidPhone,
    SaidSecret,
    Steps,
)
from smartcity.reports.service import ReportService
from smartcity.reports.shapes import ReportPage, ReportReceipt, ReportView
from smartcity.reports.similar import Candidates, Similarity, SimilarReports
from smartcity.reports.viewers import OFFICIALS, Viewer
from smartcity.reports.views import Views

ReceiptSecret = Annotated[
    str | None,
    HeaderParameter(
        name="Receipt-Secret",
        max_length=32,
        description="The secret on the report's receipt: whoever has it is the reporter.",
    ),
]
CallerPhone = Annotated[
    str | None,
    HeaderParameter(
        name="Caller-Phone",
        min_length=1,
        max_length=32,
        description="From operators: the number that the caller reported with.",
    ),
]
IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match",
        max_length=64,
        pattern=r'^"[0-9]{1,9}(\.[^"]*)?"$',
        description="The report's ETag as last seen. Staff must send it.",
    ),
]


class Receipt(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands on a receipt."""

    code: Annotated[str, Meta(min_length=1, max_length=32)]
    secret: Annotated[str, Meta(min_length=1, max_length=32)]


class ReportController(Controller):
    path = "/v1/reports"
    tags = ("Reports",)

    @post(
        operation_id="SubmitReport",
        responses={200: ResponseSpec(ReportReceipt, description="It was taken in before")},
    )
    async def submit(
        self,
        data: JSONBody[NewReport],
        actor: NamedDependency[Actor],
        intake: NamedDependency[ReportIntake],
        receipts: NamedDependency[Receipts],
        views: NamedDependency[Views],
        limits: NamedDependency[RateLimits],
        language: NamedDependency[str],
        address: NamedDependency[str],
        idempotency_key: Annotated[str, KEY],
    ) -> Response[ReportReceipt]:
        """Take in one report and answer with its code, agency and deadlines.

        The same `Idempotency-Key` from the same device makes one report, however often it is sent;
        a repeat is answered 200 with the same receipt and does not count against the rate limit.
        Contact details need the consent `contact`, given in `consent` or before. An operator sends
        it for a caller, who is the reporter then.

        One of a burst of reports from new devices is `held` until a dispatcher has looked at it.
        """
        if actor.is_staff or limits.allows("reports", actor):
            report, fresh = await intake.submit(data, actor, idempotency_key, address=address)
        else:
            report, fresh = await intake.submitted(data, actor, idempotency_key), False
            if report is None:
                raise limits.refusal("reports", actor)
        if fresh:
            limits.count("reports", actor)
        receipt = views.receipt(report, receipts.secret_of(report), language)
        return Response(
            receipt,
            status_code=201 if fresh else 200,
            headers={"ETag": report.etag, "Location": f"/v1/reports/{report.id}"},
        )

    @get(operation_id="ListReports")
    async def browse(
        self,
        report_lists: NamedDependency[ReportLists],
        views: NamedDependency[Views],
        language: NamedDependency[str],
        wanted: NamedDependency[ReportFilter],
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> ReportPage:
        """Public reports, the newest first.

        A search by text looks at the last 90 days.
        """
        found = await report_lists.newest(
            wanted, before=decode_cursor(cursor, UUID), limit=limit + 1, public=True
        )
        return pages(found, limit, Viewer.PUBLIC, views, language)

    @get("/similar", operation_id="FindSimilarReports")
    async def similar(
        self,
        similarity: NamedDependency[Similarity],
        language: NamedDependency[str],
        category: Annotated[str, QueryParameter(max_length=64)],
        lat: Annotated[float, QueryParameter(ge=-90, le=90)],
        lon: Annotated[float, QueryParameter(ge=-180, le=180)],
        text: Annotated[str | None, QueryParameter(max_length=4000)] = None,
    ) -> SimilarReports:
        """Open public reports near by and alike: follow one of them instead of sending again."""
        return await similarity.find(category, lon, lat, text or "", language)

    @post("/receipts", operation_id="OpenReceipt", status_code=200)
    async def open_receipt(
        self,
        data: JSONBody[Receipt],
        reports: NamedDependency[ReportService],
        receipts: NamedDependency[Receipts],
        views: NamedDependency[Views],
        language: NamedDependency[str],
        address: NamedDependency[str],
    ) -> Response[ReportView]:
        """The report of a receipt, as its reporter sees it, on any device."""
        report = await receipts.open(data.code, SaidSecret(data.secret, address))
        return await shown(report, Viewer.REPORTER, views, language, reports, ANYONE)

    @get("/{report_id:uuid}", operation_id="GetReport")
    async def read(
        self,
        report_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reports: NamedDependency[ReportService],
        views: NamedDependency[Views],
        confirmations: NamedDependency[ConfirmationService],
        language: NamedDependency[str],
        address: NamedDependency[str],
        secret: ReceiptSecret = None,
        phone: CallerPhone = None,
    ) -> Response[ReportView]:
        """One report, as the caller may see it: the public, its reporter, its agency, other staff.

        Who reported it, where they agreed, is told to its own agency and to dispatchers only.
        """
        report, viewer = await reports.see(report_id, actor, said(secret, address, phone))
        confirmed = await confirmations.counts([report_id])
        count = confirmed.get(report_id)
        return await shown(report, viewer, views, language, reports, actor, confirmations=count)

    @get("/{report_id:uuid}/candidates", operation_id="ListCandidates")
    async def candidates(
        self,
        report_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reports: NamedDependency[ReportService],
        similarity: NamedDependency[Similarity],
        confirmations: NamedDependency[ConfirmationService],
        language: NamedDependency[str],
    ) -> Candidates:
        """Earlier reports near by and alike that this one may be merged into, the likeliest first.

        For the agency that has the report, and for dispatchers.
        """
        report, _ = await reports.see(report_id, actor)
        found = await similarity.candidates(report, actor)
        confirmed = await confirmations.counts([match.report.id for match in found])
        return Candidates(
            items=[
                similarity.as_candidate(
                    match, report, actor, confirmed.get(match.report.id, 0), language
                )
                for match in found
            ]
        )

    @post("/{report_id:uuid}/actions", operation_id="ActOnReport", status_code=200)
    async def act(
        self,
        report_id: FromPath[UUID],
        data: JSONBody[Steps],
        actor: NamedDependency[Actor],
        reports: NamedDependency[ReportService],
        views: NamedDependency[Views],
        language: NamedDependency[str],
        address: NamedDependency[str],
        if_match: IfMatch = None,
        idempotency_key: Annotated[str | None, KEY] = None,
        secret: ReceiptSecret = None,
        phone: CallerPhone = None,
    ) -> Response[ReportView]:
        """Take one lifecycle action, or an ordered list of them as one step.

        What each action needs: transfer `agency` and `text`; correct `category`, `priority` or a
        place, and `text`; assign `assignee`; ask, comment, note, reopen and unmerge `text`; answer
        `text` or `attachments`; extend `until` and `text` (from a supervisor who grants a wish only
        what differs from it); refuse_extension `text`; resolve `text`, `attachments` where the
        category demands proof, and from a supervisor `why` while others have open tasks; reject
        `reason`, and `text` unless the reason is formal; merge `report`; accept `rating`; open_task
        `agency`, `text` and perhaps `until`; start_task `task`; finish_task `task`, and `text` or
        `attachments`; decline_task and cancel_task `task` and `text`; redact and reveal
        `redaction` and `text`: the reason, which is for the agency alone.
        """
        steps = bounded(data if isinstance(data, list) else [data], STEPS_LIMIT)
        report, viewer = await reports.act(
            report_id,
            steps,
            actor,
            version=version_of(if_match),
            key=idempotency_key,
            said=said(secret, address, phone),
        )
        return await shown(report, viewer, views, language, reports, actor)


class MyReportController(Controller):
    path = "/v1/me/reports"
    tags = ("Reports",)

    @get(operation_id="ListMyReports")
    async def mine(
        self,
        actor: NamedDependency[Actor],
        report_lists: NamedDependency[ReportLists],
        views: NamedDependency[Views],
        language: NamedDependency[str],
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> ReportPage:
        """The reports that this person sent, from this device or another of the same account; the
        newest first.
        """
        found = await report_lists.of_reporter(
            actor.own_ids, before=decode_cursor(cursor, UUID), limit=limit + 1
        )
        return pages(found, limit, Viewer.REPORTER, views, language)


def pages(
    found: list[Report], limit: int, viewer: Viewer, views: Views, language: str
) -> ReportPage:
    """A page of summaries, ordered by id."""
    items, more = page_of(found, limit)
    page = [views.summary(report, viewer, language) for report in items]
    if not more:
        return ReportPage(items=page)
    return ReportPage(items=page, next_cursor=encode_cursor(items[-1].id))


async def shown(
    report: Report,
    viewer: Viewer,
    views: Views,
    language: str,
    reports: ReportService,
    actor: Actor,
    *,
    confirmations: int | None = None,
) -> Response[ReportView]:
    """One report, with an ETag of the version, which `If-Match` names, and of the content."""
    contact = await reports.contact(report, actor)
    names = await reports.names(report) if viewer in OFFICIALS else None
    view = views.full(report, viewer, language, contact, names)
    if confirmations is not None:
        view = replace(view, confirmations=confirmations)
    return versioned(view, report.version, language)


def said(secret: str | None, address: str, phone: str | None = None) -> Said | None:
    """What the caller says to prove that they are the reporter, or speak for them, if they do."""
    if secret is not None:
        return SaidSecret(secret, address)
    return SaidPhone(phone) if phone is not None else None
