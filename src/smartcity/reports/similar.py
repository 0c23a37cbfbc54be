"""Reports that may tell of the same problem: near, of one field, alike in words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from msgspec import UNSET, UnsetType
from rapidfuzz import fuzz

from smartcity.city.model import City, Publicity
from smartcity.errors import Forbidden
from smartcity.geography.distances import distance_m
from smartcity.identity.roles import Actor
from smartcity.reports.lists.store import ReportLists
from smartcity.reports.model import Report
from smartcity.reports.needs import GIVEN_UP
from smartcity.reports.parties import OF_THE_AGENCY, may_know_of, parties_of, viewer_of
from smartcity.reports.requests import ReportFilter
from smartcity.reports.shapes import Named, View
from smartcity.reports.viewers import Viewer
from smartcity.reports.views import Views
from smartcity.reports.words import OPEN, Status
from smartcity.text import fold

RADIUS_M: Final = 200.0
LOOKED_AT: Final = 200
SHOWN: Final = 5
CANDIDATES: Final = 20
ALIKE: Final = 0.5
"""From this likeness on a report is worth showing."""

MERGEABLE: Final = frozenset(Status) - GIVEN_UP


class SimilarReport(View, frozen=True, kw_only=True):
    """A report that may be the same; `likeness` from 0 to 1 weighs words twice, category
    and distance once.
    """

    id: UUID
    category: Named
    status: str
    distance_m: float | UnsetType = UNSET
    """Missing where one of the two has no point."""
    likeness: float
    submitted_at: datetime
    description: str | UnsetType = UNSET


class SimilarReports(View, frozen=True, kw_only=True):
    """The likeliest first."""

    items: list[SimilarReport]


class Candidate(SimilarReport, frozen=True, kw_only=True):
    """An earlier report that a report may be merged into. `age_h`: how much earlier, in hours."""

    code: str
    agency: Named
    age_h: float
    confirmations: int = 0


class Candidates(View, frozen=True, kw_only=True):
    """The likeliest first."""

    items: list[Candidate]


class _Told(NamedTuple):
    """What is compared: what it is about, where, and in which folded words."""

    category: str
    point: tuple[float, float] | None
    words: str


class _Match(NamedTuple):
    report: Report
    likeness: float
    distance_m: float | None


class Similarity:
    """Compares reports by what everybody may read of them: a hidden word makes nothing alike."""

    def __init__(self, city: City, lists: ReportLists, views: Views) -> None:
        self._city = city
        self._lists = lists
        self._views = views

    async def find(
        self, category: str, lon: float, lat: float, text: str, language: str
    ) -> SimilarReports:
        """What a citizen could follow instead of sending it again: open and public."""
        near = ReportFilter(
            near=(lon, lat),
            radius_m=RADIUS_M,
            status=frozenset[str](OPEN),
            field=self._field(category),
        )
        found = await self._lists.newest(near, before=None, limit=LOOKED_AT, public=True)
        matches = self._matches(_Told(category, (lon, lat), fold(text)), found)
        items = [self._shown(match, language) for match in matches[:SHOWN]]
        return SimilarReports(items=items)

    async def candidates(self, report: Report, actor: Actor) -> list["_Match"]:
        """What a handler could merge a report into: earlier ones, of other agencies too, but none
        that they may not know of. Raises `Forbidden` for whom the report does not concern.
        """
        if OF_THE_AGENCY.isdisjoint(parties_of(actor, report)):
            raise Forbidden
        found = await self._lists.newest(
            self._near(report), before=report.id, limit=LOOKED_AT, public=False
        )
        known = [
            other
            for other in found
            if may_know_of(other, actor, parties_of(actor, other))
            and (other.public is not Publicity.NEVER or report.public is Publicity.NEVER)
        ]
        return self._matches(self._told(report), known)[:CANDIDATES]

    def as_candidate(
        self, match: _Match, report: Report, actor: Actor, confirmations: int, language: str
    ) -> Candidate:
        """A candidate for merging `report` into, as the actor may see it."""
        other = match.report
        viewer = viewer_of(actor, parties_of(actor, other))
        summary = self._views.summary(other, viewer, language)
        return Candidate(
            id=other.id,
            code=other.code,
            category=summary.category,
            agency=self._views.agency(other.agency, language),
            status=other.status,
            distance_m=_rounded(match.distance_m),
            likeness=round(match.likeness, 3),
            submitted_at=other.submitted_at,
            age_h=round((report.submitted_at - other.submitted_at).total_seconds() / 3600, 1),
            description=summary.description,
            confirmations=confirmations,
        )

    def _near(self, report: Report) -> ReportFilter:
        """The same field and place; of a report without a point, the same unit."""
        status, field = frozenset[str](MERGEABLE), frozenset({report.field})
        point = _point(report)
        if point is not None:
            return ReportFilter(near=point, radius_m=RADIUS_M, status=status, field=field)
        unit = frozenset({report.place.unit}) if report.place.unit else frozenset[str]()
        return ReportFilter(unit=unit, status=status, category=frozenset({report.category}))

    def _field(self, category: str) -> frozenset[str]:
        known = self._city.categories.get(category)
        return frozenset({known.field}) if known else frozenset()

    def _told(self, report: Report) -> _Told:
        return _Told(report.category, _point(report), fold(self._views.excerpt(report)))

    def _matches(self, told: _Told, found: Sequence[Report]) -> list[_Match]:
        """Those that are alike, the likeliest first and of equals the oldest."""
        matches = [_match(told, self._told(report), report) for report in found]
        matches = [match for match in matches if match.likeness >= ALIKE]
        return sorted(matches, key=lambda match: (-match.likeness, match.report.id))

    def _shown(self, match: _Match, language: str) -> SimilarReport:
        summary = self._views.summary(match.report, Viewer.PUBLIC, language)
        return SimilarReport(
            id=match.report.id,
            category=summary.category,
            status=match.report.status,
            distance_m=_rounded(match.distance_m),
            likeness=round(match.likeness, 3),
            submitted_at=match.report.submitted_at,
            description=summary.description,
        )


def _match(told: _Told, other: _Told, report: Report) -> _Match:
    """Words say most: two problems of one kind often lie side by side."""
    parts = [1.0 if other.category == told.category else 0.5]
    distance = None
    if told.point and other.point:
        distance = distance_m(told.point, other.point)
        parts.append(max(0.0, 1.0 - distance / RADIUS_M))
    if told.words:
        parts += [fuzz.token_set_ratio(told.words, other.words) / 100] * 2
    return _Match(report, sum(parts) / len(parts), distance)


def _point(report: Report) -> tuple[float, float] | None:
    place = report.place
    return None if place.lon is None or place.lat is None else (place.lon, place.lat)


def _rounded(distance: float | None) -> float | UnsetType:
    return UNSET if distance is None else round(distance, 1)
