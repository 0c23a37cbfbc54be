"""The words of notifications."""

import msgspec
import pytest

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.feed.event import Event, Internal, PublicState, Topic
from smartcity.identifiers import new_id
from smartcity.notifications.audience import AUDIENCE, Relation, Row
from smartcity.notifications.messages import shortened, words


def row(action: str, relation: Relation) -> Row:
    return next(r for r in AUDIENCE if (r.action, r.relation) == (action, relation))


def event_of(city: City, action: str) -> Event:
    """An event whose public part knows nothing but category, unit and status yet."""
    category = next(iter(city.categories))
    unit = next(iter(city.units), None)
    agency = next(iter(city.agencies))
    subject = new_id()
    return Event(
        id=new_id(),
        topic=Topic.REPORT,
        action=action,
        at=now(),
        subject=subject,
        public=PublicState(id=subject, version=1, status="submitted", category=category, unit=unit),
        internal=Internal(
            status="submitted", code="K7M2-9QXR-4TB", category=category, unit=unit, agency=agency
        ),
    )


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_reporter_reads_code_category_and_agency_in_their_language(
    hanoi: City, language: str
) -> None:
    event = event_of(hanoi, "receive")
    text = words(hanoi, language, event, row("receive", Relation.REPORTER))
    assert event.internal is not None
    assert event.internal.category is not None
    assert event.internal.agency is not None
    assert "K7M2-9QXR-4TB" in text.title
    assert hanoi.categories[event.internal.category].name[language] in text.body
    assert hanoi.agencies[event.internal.agency].name[language] in text.body


def test_a_follower_reads_neither_code_nor_agency_before_they_are_public(hanoi: City) -> None:
    event = event_of(hanoi, "transfer")
    text = words(hanoi, "en", event, row("transfer", Relation.FOLLOWER))
    assert event.internal is not None
    assert event.internal.agency is not None
    assert text.title == "Report transferred"
    assert hanoi.agencies[event.internal.agency].name["en"] not in text.body
    assert hanoi.name["en"] in text.body


def test_every_row_can_be_said_in_every_language_of_every_city(hanoi: City, boston: City) -> None:
    for city in (hanoi, boston):
        for language in city.languages:
            for one in AUDIENCE:
                event = msgspec.structs.replace(event_of(city, one.action), topic=one.topic)
                text = words(city, language, event, one)
                assert text.title
                assert text.body
                assert "{" not in text.title + text.body


def test_a_code_that_the_pack_has_given_up_is_shown_as_it_is(hanoi: City) -> None:
    event = event_of(hanoi, "close")
    assert event.internal is not None
    gone = msgspec.structs.replace(event.internal, category="old_category", agency="gone")
    event = msgspec.structs.replace(event, internal=gone)
    assert "old_category" in words(hanoi, "vi", event, row("close", Relation.REPORTER)).body


@pytest.mark.parametrize("size", [0, 3, 4, 5, 11, 40])
def test_a_text_is_shortened_between_letters(size: int) -> None:
    cut = shortened("Đường ngập nước rất sâu", size)
    assert len(cut.encode()) <= max(size, 3)
    if len(cut.encode()) < 29:
        assert cut.endswith("…")
        assert "Đường ngập nước rất sâu".startswith(cut[:-1])
