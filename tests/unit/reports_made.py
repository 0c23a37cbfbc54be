"""Reports for tests, made as the service makes them."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from smartcity.city.model import City, Place
from smartcity.geography.units import Areas
from smartcity.identifiers import new_id
from smartcity.reports import submission
from smartcity.reports.circumstances import Circumstances
from smartcity.reports.deadlines import Clocks
from smartcity.reports.model import Report, Reporter
from smartcity.reports.requests import Location, NewReport
from smartcity.reports.timeline import By
from smartcity.reports.words import Party

UNHURRIED = "illegal-parking"
"""A category of Hanoi with the usual limits: eight hours and forty; it asks and demands nothing."""

MONDAY = datetime(2026, 7, 13, 2, 0, tzinfo=UTC)  # nine in the morning in Hanoi


class PackPlaces:
    """The areas of a pack, without a database."""

    def __init__(self, city: City) -> None:
        self._areas = Areas.from_pack(city)

    def locate_or_refuse(self, lon: float, lat: float):
        located = self._areas.locate(lon, lat)
        assert located is not None
        return located


def category_of(city: City, *, proof: bool = False) -> str:
    """A category that needs a point, asks nothing, and demands proof or not."""
    return next(
        c.code
        for c in city.categories.values()
        if c.place is Place.REQUIRED and c.proof is proof and not c.questions
    )


def make_report(city: City, at: datetime = MONDAY, **given: Any) -> Report:
    lon, lat = city.centre
    data = NewReport(
        category=given.pop("category", category_of(city)),
        description=given.pop("description", "Ổ gà giữa đường"),
        location=Location(lat=lat, lon=lon),
    )
    category = submission.check(data, city)
    report = submission.new_report(
        data,
        category,
        submission.place(PackPlaces(city), data.location, None, None),
        city=city,
        clocks=Clocks(city),
        reporter=Reporter(id=new_id()),
        submission=(new_id().bytes, b""),
        at=at,
    )
    return msgspec.structs.replace(report, **given)


def among(city: City, clocks: Clocks, *parties: Party, at: datetime, **more: Any) -> Circumstances:
    by = By(party=parties[0], id=more.pop("actor", None) or new_id())
    return Circumstances(city=city, clocks=clocks, by=by, parties=parties, at=at, **more)
