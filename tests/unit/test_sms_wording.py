"""What text messages say, in every city and language, whatever long names come in."""

from itertools import product

import msgspec
import pytest

from smartcity.city.messages import SMS
from smartcity.city.model import City
from smartcity.notifications.audience import AUDIENCE, Relation, Row
from smartcity.notifications.choices.model import DEFAULTS
from smartcity.notifications.letters.sms.segments import parts
from smartcity.notifications.letters.sms.wording import filled, words
from smartcity.notifications.model import Channel, Kind, Urgency
from tests.unit.test_notifications_messages import event_of

CODE, SECRET = "K7M2-9QXR-4TB", "7FQ2XM"

TOLD = [row for row in AUDIENCE if row.relation is Relation.REPORTER and row.template in SMS]


def longest(names: dict[str, str]) -> str:
    return max(names, key=lambda code: len(names[code]))


def said(city: City, language: str, row: Row) -> str:
    """With the longest names of the city."""
    event = event_of(city, row.action)
    assert event.internal is not None
    internal = msgspec.structs.replace(
        event.internal,
        category=longest({c.code: c.name[language] for c in city.categories.values()}),
        agency=longest({a.code: a.name[language] for a in city.agencies.values()}),
    )
    found = words(city, language, msgspec.structs.replace(event, internal=internal), row)
    assert found is not None
    return filled(found.body, SECRET, city.sms.most_parts)


def test_what_callers_wait_for_is_told_by_text_message_and_nothing_else() -> None:
    waited = {
        row.template
        for row in AUDIENCE
        if row.relation is Relation.REPORTER
        and Channel.SMS in DEFAULTS[row.kind]
        and (row.urgency is Urgency.HIGH or row.kind in {Kind.RECEIPT, Kind.QUESTION})
    }
    assert waited == set(SMS)


@pytest.mark.parametrize("marks", [True, False])
@pytest.mark.parametrize("most", [1, 2, 3])
@pytest.mark.parametrize("name", ["hanoi", "boston"])
def test_whatever_long_names_come_in_code_and_hotline_are_read_and_no_more_is_paid(
    name: str, most: int, marks: bool, request: pytest.FixtureRequest
) -> None:
    city: City = request.getfixturevalue(name)
    policy = msgspec.structs.replace(city.sms, most_parts=most, marks=marks)
    city = msgspec.structs.replace(city, sms=policy)
    for language, row in product(city.languages, TOLD):
        text = said(city, language, row)
        assert parts(text) <= most
        assert CODE in text
        if most > 1 or not marks:
            assert city.sms.hotline in text, (row.template, text)


@pytest.mark.parametrize("name", ["hanoi", "boston"])
def test_a_receipt_never_loses_the_secret(name: str, request: pytest.FixtureRequest) -> None:
    city: City = request.getfixturevalue(name)
    row = next(row for row in TOLD if row.template == "submit")
    for language, marks in product(city.languages, (True, False)):
        policy = msgspec.structs.replace(city.sms, most_parts=1, marks=marks)
        text = said(msgspec.structs.replace(city, sms=policy), language, row)
        assert CODE in text
        assert SECRET in text


@pytest.mark.parametrize("name", ["hanoi", "boston"])
def test_as_the_packs_stand_nothing_is_cut(name: str, request: pytest.FixtureRequest) -> None:
    city: City = request.getfixturevalue(name)
    for language, row in product(city.languages, TOLD):
        assert not said(city, language, row).endswith("..."), row.template


def test_followers_and_staff_get_none(hanoi: City) -> None:
    for row in AUDIENCE:
        if row.relation is not Relation.REPORTER:
            assert words(hanoi, "vi", event_of(hanoi, "resolve"), row) is None
