"""When a result waits, and on which days people are reminded of it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartcity.dossiers.collecting.rules import (
    LATE_AT_MOST,
    Slot,
    earliest,
    is_daytime,
    slot_on,
    waits_since,
)
from smartcity.dossiers.model import Step
from smartcity.identifiers import new_id
from tests.unit.dossiers_made import ZONE

READY = date(2026, 6, 5)
DAYS = (3, 10, 30)
DAY = timedelta(days=1)


def at(day: int) -> datetime:
    return datetime(2026, 6, day, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("why", "told", "since"),
    [
        ("in work", [(2, 1), (4, 2)], None),
        ("done", [(2, 1), (4, 2), (9, 5)], 5),
        ("done, and told so again", [(4, 2), (9, 5), (9, 8)], 5),
        ("handed over", [(4, 2), (9, 5), (10, 6)], None),
        ("handed over without being told done", [(4, 2), (10, 6)], None),
        ("a word that nobody knows came after", [(4, 2), (9, 5), (77, 6)], 5),
        ("refused", [(4, 2), (3, 5)], None),
        ("done, and then withdrawn", [(4, 2), (9, 5), (7, 6)], None),
        ("opened again for a supplement", [(9, 5), (5, 6)], None),
        ("done anew after a supplement", [(9, 5), (5, 6), (4, 7), (9, 8)], 8),
        ("done anew after it was handed over", [(9, 5), (10, 6), (4, 7), (9, 8)], 8),
        ("told done after it was told handed over", [(4, 2), (10, 5), (9, 6)], None),
    ],
)
def test_a_result_waits_from_the_moment_it_is_done_until_it_is_handed_over(
    why: str, told: Sequence[tuple[int, int]], since: int | None
) -> None:
    steps = [Step(status, at(day)) for status, day in told]
    assert waits_since(steps) == (since and at(since)), why


def told_on(*days: int) -> list[int]:
    """The slots told of when workers are there on these days after the result was ready only."""
    slots = [slot_on(READY + day * DAY, READY, DAYS) for day in days]
    return list(dict.fromkeys(slot.days for slot in slots if slot))


def test_each_slot_is_told_of_on_its_day() -> None:
    assert [told_on(day) for day in (0, 2, 3, 10, 30)] == [[], [], [3], [10], [30]]


def test_who_missed_several_slots_hears_of_the_last() -> None:
    assert told_on(2, 12) == [10]
    assert told_on(31) == [30]


def test_what_was_missed_for_long_is_not_made_up_for() -> None:
    assert told_on(30 + LATE_AT_MOST.days) == [30]
    assert told_on(30 + LATE_AT_MOST.days + 1) == []
    assert slot_on(READY - DAY, READY, DAYS) is None, "a source whose clock runs ahead"


AWAKE = st.sets(st.integers(0, 60), min_size=1)
SLOTS = st.sets(st.integers(1, 40), min_size=1, max_size=10).map(sorted)


@given(AWAKE, SLOTS)
def test_whenever_workers_were_away_nobody_hears_twice_of_a_slot_or_of_two_in_a_day(
    awake: set[int], days: list[int]
) -> None:
    dossier = new_id()
    told: dict[object, int] = {}
    for day in sorted(awake):
        slot = slot_on(READY + day * DAY, READY, days)
        if slot is not None:
            assert slot.days <= day <= slot.days + LATE_AT_MOST.days
            told.setdefault(slot.reminder_id(dossier), slot.days)
    assert list(told.values()) == sorted(set(told.values()))
    assert {day for day in days if day in awake} <= set(told.values())


@given(SLOTS, st.integers(0, 100))
def test_no_result_that_is_older_than_looked_for_has_a_slot(days: list[int], age: int) -> None:
    today = READY + age * DAY
    if datetime.combine(READY, datetime.max.time(), ZONE) < earliest(today, days, ZONE):
        assert slot_on(today, READY, days) is None


def test_a_corrected_hour_is_no_new_reminder_and_another_day_or_dossier_is() -> None:
    one, other = new_id(), new_id()
    ids = {
        Slot(READY, 3).reminder_id(one),
        Slot(READY, 10).reminder_id(one),
        Slot(READY + DAY, 3).reminder_id(one),
        Slot(READY, 3).reminder_id(other),
    }
    assert len(ids) == 4
    assert Slot(date(2026, 6, 5), 3).reminder_id(one) in ids


@pytest.mark.parametrize(("hour", "expected"), [(3, False), (8, False), (9, True), (17, True)])
def test_people_are_reminded_by_day(hour: int, expected: bool) -> None:
    assert is_daytime(datetime(2026, 6, 5, hour, 59, tzinfo=ZONE)) is expected
    assert not is_daytime(datetime(2026, 6, 5, 18, tzinfo=ZONE))
