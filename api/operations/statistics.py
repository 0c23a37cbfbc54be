"""Figures about how reports are handled, for everybody; staff see all of them."""

from typing import Annotated, Final

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from api.languages import said_in
from smartcity.identity.roles import Actor
from smartcity.statistics.model import By, Counts, DefinitionList, Overview
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

        The public's figures leave out categories that are never public, and what was refused as a
        matter of another law or moved out of such a category: where numbers are small, the absence
        of one report would tell of it.
        """
        found = await statistics.overview(by, days, language, whole=actor.is_staff)
        return Response(found, headers=said_in(language))

    @get("/counts", operation_id="GetCounts")
    async def counts(
        self,
        language: NamedDependency[str],
        statistics: NamedDependency[StatisticsService],
        month: Annotated[
            str | None,
            QueryParameter(
                pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$",
                description="A month that is over, as `2026-10`; by default the last one.",
            ),
        ] = None,
    ) -> Response[Counts]:
        """Count the reports of categories whose single reports are never public, such as health, by
        unit, in a whole month. What is fewer than five is left out, as if there were none.
        """
        found = await statistics.counts(month, language)
        return Response(found, headers=said_in(language))

    @get("/definitions", operation_id="ListFigures")
    async def definitions(
        self, language: NamedDependency[str], statistics: NamedDependency[StatisticsService]
    ) -> Response[DefinitionList]:
        """List the figures and what each means."""
        return Response(statistics.definitions(language), headers=said_in(language))
