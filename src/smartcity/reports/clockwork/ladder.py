"""Whom a report that was not dealt with in time goes up to, one after the other."""

from collections.abc import Iterator
from datetime import datetime

from smartcity.city.model import City
from smartcity.reports.model import Report, Rung
from smartcity.reports.words import Party


def rungs(city: City, agency: str, at: datetime) -> tuple[Rung, ...]:
    """The supervisors of the agency, then those of each agency above it that there is by then, at
    last the city's dispatchers.
    """
    supervised = (Rung(role=Party.SUPERVISOR, agency=code) for code in _upward(city, agency, at))
    return (*supervised, Rung(role=Party.DISPATCHER, agency=city.dispatch))


def level_of(city: City, report: Report, at: datetime) -> int:
    """How high a report stands on the ladder as it is by then: an agency that ended since the
    report came to it is no rung any more, and who is above that is the next.
    """
    stands, steps = report.escalated_to, rungs(city, report.agency, at)
    if stands is None or stands in steps:
        return report.level if stands is None else steps.index(stands) + 1
    way = list(_ever_upward(city, report.agency))
    passed = way[: way.index(stands.agency)] if stands.agency in way else way
    return sum(rung.role is Party.SUPERVISOR and rung.agency in passed for rung in steps)


def standing(city: City, report: Report, at: datetime) -> int:
    """The level of those whom the report stands with by then: of who is above them, if they ended
    since it came to them.
    """
    stands, steps = report.escalated_to, rungs(city, report.agency, at)
    ended = stands is not None and stands not in steps
    return min(level_of(city, report, at) + ended, len(steps))


def _upward(city: City, agency: str, at: datetime) -> Iterator[str]:
    day = city.local(at).date()
    for code in _ever_upward(city, agency):
        if code == agency or city.agency_valid(code, day):
            yield code


def _ever_upward(city: City, agency: str) -> Iterator[str]:
    code: str | None = agency
    while code is not None:
        yield code
        code = city.agencies[code].parent
