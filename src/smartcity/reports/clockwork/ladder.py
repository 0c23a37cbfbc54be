"""Whom a report that was not dealt with in time goes up to, one after the other."""

from collections.abc import Iterator
from datetime import datetime

from smartcity.city.model import City
from smartcity.reports.model import Party, Rung


def rungs(city: City, agency: str, at: datetime) -> tuple[Rung, ...]:
    """The supervisors of the agency, then those of each agency above it that there is by then, at
    last the city's dispatchers.
    """
    supervised = (Rung(role=Party.SUPERVISOR, agency=code) for code in _upward(city, agency, at))
    return (*supervised, Rung(role=Party.DISPATCHER, agency=city.dispatch))


def _upward(city: City, agency: str, at: datetime) -> Iterator[str]:
    day = city.local(at).date()
    code: str | None = agency
    while code is not None:
        if code == agency or city.agency_valid(code, day):
            yield code
        code = city.agencies[code].parent
