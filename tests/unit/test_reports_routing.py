"""Which agency a report belongs to."""

from datetime import UTC, datetime, time, timedelta

import msgspec
import pytest

from smartcity.city.model import City, Place, Rule
from smartcity.reports.routing import DISPATCH, NOT_ITSELF, OWN_UNIT, route

NOON = datetime(2026, 7, 15, 5, tzinfo=UTC)
UNIT = "00070"


@pytest.fixture
def plain(hanoi: City) -> City:
    """Hanoi without its own rules."""
    return msgspec.structs.replace(hanoi, rules=())


def with_rules(city: City, *rules: Rule) -> City:
    return msgspec.structs.replace(city, rules=rules)


def some_category(city: City):
    return next(c for c in city.categories.values() if c.place is Place.REQUIRED)


def test_without_a_rule_the_units_own_agency_is_responsible(plain: City) -> None:
    found = route(plain, some_category(plain), NOON, unit=UNIT)
    own = plain.own_agency(UNIT)
    assert own is not None
    assert (found.agency, found.rule) == (own.code, OWN_UNIT)


def test_without_a_rule_and_a_unit_the_dispatchers_decide(plain: City) -> None:
    found = route(plain, some_category(plain), NOON)
    assert (found.agency, found.rule) == (plain.dispatch, DISPATCH)


def test_the_first_rule_that_holds_names_the_agency_and_is_told(plain: City) -> None:
    category = some_category(plain)
    one, other = [a for a in plain.agencies.values() if a.unit is None][:2]
    city = with_rules(
        plain,
        Rule(code="elsewhere", agency=one.code, categories=frozenset({"no-such-category"})),
        Rule(code="here", agency=other.code, categories=frozenset({category.code})),
        Rule(code="later", agency=one.code),
    )
    found = route(city, category, NOON, unit=UNIT)
    assert (found.agency, found.rule) == (other.code, "here")


def test_a_rule_over_midnight_holds_at_night_only(plain: City) -> None:
    category = some_category(plain)
    duty = next(a for a in plain.agencies.values() if a.unit is None)
    night = (time(22), time(6))
    city = with_rules(plain, Rule(code="night", agency=duty.code, hours=night))
    at_23_in_hanoi = datetime(2026, 7, 15, 16, tzinfo=UTC)
    assert route(city, category, at_23_in_hanoi, unit=UNIT).rule == "night"
    assert route(city, category, NOON, unit=UNIT).rule == OWN_UNIT


def test_a_rule_may_ask_for_the_answer_to_a_question(plain: City) -> None:
    category = some_category(plain)
    agency = next(a for a in plain.agencies.values() if a.unit is None)
    city = with_rules(plain, Rule(code="deep", agency=agency.code, answers={"depth": 3}))
    assert route(city, category, NOON, unit=UNIT, answers={"depth": 3}).rule == "deep"
    assert route(city, category, NOON, unit=UNIT, answers={"depth": 1}).rule == OWN_UNIT


def test_a_complaint_about_an_office_never_reaches_it_or_one_below_it(plain: City) -> None:
    category = some_category(plain)
    own = plain.own_agency(UNIT)
    assert own is not None
    found = route(plain, category, NOON, unit=UNIT, about=own.code)
    assert found.rule == NOT_ITSELF
    assert found.agency not in plain.below(own.code)


def test_a_complaint_about_an_office_goes_past_those_above_it_that_are_no_more(
    plain: City,
) -> None:
    own = plain.own_agency(UNIT)
    assert own is not None
    assert own.parent is not None
    above = msgspec.structs.replace(
        plain.agencies[own.parent], valid_to=NOON.date() - timedelta(days=1)
    )
    city = msgspec.structs.replace(plain, agencies={**plain.agencies, above.code: above})
    found = route(city, some_category(city), NOON, unit=UNIT, about=own.code)
    assert (found.agency, found.rule) == (city.dispatch, NOT_ITSELF)


def test_every_category_of_every_city_finds_an_agency_that_is_there(
    hanoi: City, boston: City
) -> None:
    for city in (hanoi, boston):
        for category in city.categories.values():
            assert route(city, category, NOON).agency in city.agencies
