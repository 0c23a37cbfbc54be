"""What officials choose from: agencies, colleagues, reasons and templates."""

from datetime import date
from typing import Annotated, Final
from uuid import UUID

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import UNSET, UnsetType

from api.agency.scope import within
from api.languages import said_in
from smartcity.city.model import Agency, City
from smartcity.clock import now
from smartcity.errors import FieldError, Forbidden, Invalid
from smartcity.identity.roles import Actor
from smartcity.identity.staff.colleagues import Colleague, Colleagues
from smartcity.reports.answers import AnswerList, Answers, ReasonList
from smartcity.reports.service import ReportService
from smartcity.reports.shapes import View
from smartcity.reports.viewers import Viewer

FOR_A_WHILE: Final = {"Cache-Control": "public, max-age=300"}

Code = Annotated[str | None, QueryParameter(max_length=64)]


class AgencyView(View, frozen=True, kw_only=True, omit_defaults=False):
    """An agency, where it stands in the tree, and the unit that it governs. To one that is not
    `valid` today nothing is transferred.
    """

    code: str
    name: str
    valid: bool
    parent: str | UnsetType = UNSET
    unit: str | UnsetType = UNSET


class AgencyList(View, frozen=True, kw_only=True):
    items: list[AgencyView]


class ColleagueList(View, frozen=True, kw_only=True):
    items: list[Colleague]


class MenuController(Controller):
    path = "/v1"

    @get("/agencies", operation_id="ListAgencies", tags=["City"])
    async def agencies(
        self, city: NamedDependency[City], language: NamedDependency[str]
    ) -> Response[AgencyList]:
        """List who handles reports, with those that are dissolved or not founded yet."""
        today = city.local(now()).date()
        items = [_agency(agency, city, today, language) for agency in city.agencies.values()]
        return Response(AgencyList(items=items), headers=said_in(language) | FOR_A_WHILE)

    @get("/reasons", operation_id="ListReasons", tags=["City"])
    async def reasons(
        self,
        city: NamedDependency[City],
        answers: NamedDependency[Answers],
        language: NamedDependency[str],
        category: Code = None,
    ) -> Response[ReasonList]:
        """List why a report, or one of a category, can be rejected, and where to turn instead."""
        if category is not None and category not in city.categories:
            raise Invalid(FieldError("category", "unknown"))
        found = answers.reasons(city.categories[category] if category else None, language)
        return Response(found, headers=said_in(language) | FOR_A_WHILE)

    @get("/agency/colleagues", operation_id="ListColleagues", tags=["Agency"])
    async def colleagues(
        self,
        actor: NamedDependency[Actor],
        city: NamedDependency[City],
        colleagues: NamedDependency[Colleagues],
        agency: Annotated[str, QueryParameter(max_length=64)],
    ) -> ColleagueList:
        """List those whom an agency's reports can be assigned to. A dispatcher may ask for any
        agency, others for those they act for.
        """
        (code,) = within([agency], actor, city)
        return ColleagueList(items=await colleagues.of(code))

    @get("/reports/{report_id:uuid}/templates", operation_id="ListTemplates", tags=["Agency"])
    async def templates(
        self,
        report_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reports: NamedDependency[ReportService],
        answers: NamedDependency[Answers],
        language: NamedDependency[str],
    ) -> Response[AnswerList]:
        """List what can be answered to a report as it is now: the templates that fit it, filled in,
        and the reasons that it can be rejected for. For those who handle it.
        """
        report, viewer = await reports.see(report_id, actor)
        if viewer is not Viewer.STAFF:
            raise Forbidden
        return Response(answers.for_report(report, language), headers=said_in(language))


def _agency(agency: Agency, city: City, today: date, language: str) -> AgencyView:
    return AgencyView(
        code=agency.code,
        name=agency.name[language],
        valid=city.agency_valid(agency.code, today),
        parent=agency.parent or UNSET,
        unit=agency.unit or UNSET,
    )
