"""Figures about how reports are handled, for everybody; staff see all of them."""

from typing import Annotated, Final

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from api.languages import said_in
from smartcity.identity.roles import Actor
from smartcity.statistics.model import By, DefinitionList, Overview
from smartcity.statistics.service import MAX_DAYS, StatisticsService

DAYS: Final = 30


class StatisticsController(Controller):
    path = "/v1/statistics"
    tags = ("Statistics",)

    @get("/overview", operation_id="GetOverview")
    async def overview(
        self,
        actor: NamedDependency[Actor],
        language: NamedDependency[str],
        statistics: NamedDependency[StatisticsService],
        by: Annotated[By, QueryParameter()] = By.AGENCY,
        days: Annotated[int, QueryParameter(ge=1, le=MAX_DAYS)] = DAYS,
    ) -> Response[Overview]:
        """Count reports by agency, unit, category or field: as they stand now, and what happened in
        the last `days`.

        The public's figures leave out categories that are never public; by category, what tells of
        few of their reports is `suppressed`.
        """
        found = await statistics.overview(by, days, language, whole=actor.is_staff)
        return Response(found, headers=said_in(language))

    @get("/definitions", operation_id="ListFigures")
    async def definitions(
        self, language: NamedDependency[str], statistics: NamedDependency[StatisticsService]
    ) -> Response[DefinitionList]:
        """List the figures and what each means."""
        return Response(statistics.definitions(language), headers=said_in(language))
