"""Which agency a report belongs to: the pack's ordered rules, first match wins."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, Final

import msgspec

from smartcity.city.model import OWN, Category, City, Rule
from smartcity.reports.clockwork.ladder import rungs

OWN_UNIT: Final = "own-unit"
"""No rule matched, the unit is known: the agency that governs it."""

DISPATCH: Final = "dispatch"
"""No rule matched and no unit is known: the dispatchers decide."""

NOT_ITSELF: Final = "not-itself"
"""The rule named the office complained about, or one below it: the one above decides."""


BY_HAND: Final = "by-hand"
"""No rule: somebody transferred it."""


class Route(msgspec.Struct, frozen=True):
    """The agency, and the rule that named it, so that a handler can see why."""

    agency: str
    rule: str


def route(
    city: City,
    category: Category,
    at: datetime,
    *,
    unit: str | None = None,
    answers: Mapping[str, Any] | None = None,
    about: str | None = None,
) -> Route:
    """Find the agency of a report that arrives at `at`. `about` is the agency it complains of."""
    found = _first_match(city, category, city.local(at), unit, answers or {})
    if about is not None and found.agency in city.below(about):
        return Route(rungs(city, about, at)[1].agency, NOT_ITSELF)
    return found


def _first_match(
    city: City, category: Category, local: datetime, unit: str | None, answers: Mapping[str, Any]
) -> Route:
    own = city.own_agency(unit, local.date()) if unit is not None else None
    for rule in city.rules:
        if not _holds(rule, category, local.time(), unit, answers):
            continue
        agency = (own and own.code) if rule.agency == OWN else rule.agency
        if agency is not None and city.agency_valid(agency, local.date()):
            return Route(agency, rule.code)
    if own is not None:
        return Route(own.code, OWN_UNIT)
    return Route(city.dispatch, DISPATCH)


def _holds(
    rule: Rule, category: Category, now: time, unit: str | None, answers: Mapping[str, Any]
) -> bool:
    return (
        (not rule.categories or category.code in rule.categories)
        and (not rule.fields or category.field in rule.fields)
        and (not rule.units or unit in rule.units)
        and (rule.hours is None or _between(now, *rule.hours))
        and all(answers.get(question) == value for question, value in rule.answers.items())
    )


def _between(now: time, start: time, end: time) -> bool:
    """Whether a time of day lies in a span, over midnight when it ends before it starts."""
    return start <= now < end if start <= end else now >= start or now < end
