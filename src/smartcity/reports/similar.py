"""Reports that may tell of the same problem: near, of one field, still open, alike in words."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import UNSET, UnsetType
from rapidfuzz import fuzz

from smartcity.city.model import City
from smartcity.geography.distances import distance_m
from smartcity.reports.lists.store import ReportLists
from smartcity.reports.model import OPEN, Report
from smartcity.reports.requests import ReportFilter
from smartcity.reports.shapes import Named, View
from smartcity.reports.views import Viewer, Views
from smartcity.text import fold

RADIUS_M: Final = 200.0
CANDIDATES: Final = 200
SHOWN: Final = 5
ALIKE: Final = 0.5
"""From this likeness on a report is worth showing."""


class SimilarReport(View, frozen=True, kw_only=True):
    """A candidate; `likeness` from 0 to 1 weighs category, distance and words alike."""

    id: UUID
    category: Named
    status: str
    distance_m: float
    likeness: float
    submitted_at: datetime
    description: str | UnsetType = UNSET


class Similarity:
    """Finds what a citizen could follow instead of sending it again."""

    def __init__(self, city: City, lists: ReportLists, views: Views) -> None:
        self._city = city
        self._lists = lists
        self._views = views

    async def find(
        self, category: str, lon: float, lat: float, text: str, language: str
    ) -> list[SimilarReport]:
        """The likeliest few, best first."""
        near = ReportFilter(
            near=(lon, lat),
            radius_m=RADIUS_M,
            status=frozenset[str](OPEN),
            field=self._field(category),
        )
        found = await self._lists.newest(near, before=None, limit=CANDIDATES, public=True)
        words = fold(text)
        scored = [(self._likeness(report, category, lon, lat, words), report) for report in found]
        scored = [pair for pair in scored if pair[0] >= ALIKE]
        scored.sort(key=lambda pair: -pair[0])
        return [self._shown(score, r, lon, lat, language) for score, r in scored[:SHOWN]]

    def _field(self, category: str) -> frozenset[str]:
        known = self._city.categories.get(category)
        return frozenset({known.field}) if known else frozenset()

    def _likeness(self, report: Report, category: str, lon: float, lat: float, words: str) -> float:
        parts = [
            1.0 if report.category == category else 0.5,
            1.0 - _distance(report, lon, lat) / RADIUS_M,
        ]
        if words:
            parts.append(fuzz.token_set_ratio(words, fold(self._views.excerpt(report))) / 100)
        return sum(parts) / len(parts)

    def _shown(
        self, likeness: float, report: Report, lon: float, lat: float, language: str
    ) -> SimilarReport:
        summary = self._views.summary(report, Viewer.PUBLIC, language)
        return SimilarReport(
            id=report.id,
            category=summary.category,
            status=report.status,
            distance_m=round(_distance(report, lon, lat), 1),
            likeness=round(likeness, 3),
            submitted_at=report.submitted_at,
            description=summary.description,
        )


def _distance(report: Report, lon: float, lat: float) -> float:
    place = report.place
    if place.lon is None or place.lat is None:
        return RADIUS_M
    return min(RADIUS_M, distance_m((lon, lat), (place.lon, place.lat)))
