"""Actions on many reports at once."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

import structlog
from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import BodyKwarg
from msgspec import UNSET, Meta, UnsetType

from smartcity.city.model import City
from smartcity.errors import FieldError, SmartCityError, Unavailable
from smartcity.identity.roles import Actor
from smartcity.reports.requests import Request, Steps
from smartcity.reports.service import ReportService
from smartcity.reports.shapes import View
from smartcity.storage.mongo import UNREACHABLE

log = structlog.get_logger(__name__)

AT_ONCE: Final = 10
"""So many of one request's reports are acted upon at the same time: enough for their writes to
share commands, and few enough to leave room for everybody else's.
"""

Key = Annotated[str, Meta(min_length=1, max_length=64)]


class BulkAction(Request, frozen=True, kw_only=True):
    """Steps on one report; `version` is the one that the handler saw."""

    report: UUID
    version: Annotated[int, Meta(ge=1)]
    steps: Steps
    key: Key | None = None


class Outcome(View, frozen=True, kw_only=True):
    """What became of one of them: the new version and status; or the refusal as a problem document
    would tell it, its `code` stable and its `message` in the caller's language.
    """

    report: UUID
    done: bool
    version: int | UnsetType = UNSET
    status: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    message: str | UnsetType = UNSET
    fields: list[FieldError] | UnsetType = UNSET
    details: dict[str, Any] | UnsetType = UNSET


class ActionController(Controller):
    path = "/v1/agency/actions"
    tags = ("Agency",)

    @post(operation_id="ActOnReports", status_code=200)
    async def act(
        self,
        data: Annotated[list[BulkAction], BodyKwarg(min_items=1, max_items=100)],
        actor: NamedDependency[Actor],
        city: NamedDependency[City],
        reports: NamedDependency[ReportService],
        language: NamedDependency[str],
    ) -> list[Outcome]:
        """Act on up to 100 reports, each on its own: one refusal does not stop the others.

        Outcomes stand in the order of the request. Several actions on one report are taken in that
        order too, each with the version that the one before it left.
        """
        return await Bulk(actor, reports, city, language).outcomes(data)


class Bulk:
    """The work of one request. Every outcome is told, whatever happens to the others."""

    def __init__(self, actor: Actor, reports: ReportService, city: City, language: str) -> None:
        self._actor = actor
        self._reports = reports
        self._city = city
        self._language = language
        self._room = asyncio.Semaphore(AT_ONCE)

    async def outcomes(self, data: Sequence[BulkAction]) -> list[Outcome]:
        found: dict[int, Outcome] = {}
        async with asyncio.TaskGroup() as group:
            for places in _by_report(data).values():
                group.create_task(self._in_order(data, places, found))
        return [found[place] for place in range(len(data))]

    async def _in_order(
        self, data: Sequence[BulkAction], places: Sequence[int], found: dict[int, Outcome]
    ) -> None:
        async with self._room:
            for place in places:
                found[place] = await self._one(data[place])

    async def _one(self, item: BulkAction) -> Outcome:
        steps = item.steps if isinstance(item.steps, list) else [item.steps]
        try:
            report, _ = await self._reports.act(
                item.report, steps, self._actor, version=item.version, key=item.key
            )
        except SmartCityError as refusal:
            return self._refused(item, refusal)
        except UNREACHABLE as error:
            log.warning("database unreachable", report=str(item.report), error=str(error)[:300])
            return self._refused(item, Unavailable())
        except Exception as error:
            log.error("action failed", report=str(item.report), exc_info=error)
            return self._refused(item, SmartCityError())
        return Outcome(report=item.report, done=True, version=report.version, status=report.status)

    def _refused(self, item: BulkAction, refusal: SmartCityError) -> Outcome:
        key = f"errors.{refusal.code}"
        return Outcome(
            report=item.report,
            done=False,
            code=refusal.code,
            message=self._city.messages.render(self._language, key, **refusal.details),
            fields=list(refusal.fields) or UNSET,
            details=refusal.details or UNSET,
        )


def _by_report(data: Sequence[BulkAction]) -> Mapping[UUID, Sequence[int]]:
    """The places of each report's actions, in their order."""
    places: dict[UUID, list[int]] = {}
    for place, item in enumerate(data):
        places.setdefault(item.report, []).append(place)
    return places
