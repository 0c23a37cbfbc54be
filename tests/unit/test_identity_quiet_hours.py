"""When quiet hours end, at the edges."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartcity.identity.devices.model import QuietHours
from smartcity.identity.devices.quiet_hours import quiet_until

HANOI, BOSTON = ZoneInfo("Asia/Ho_Chi_Minh"), ZoneInfo("America/New_York")
NIGHT = QuietHours.between(time(22), time(6))
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
NOON = QuietHours.between(time(12), time(13, 30))


def at(text: str, zone: ZoneInfo = HANOI, fold: int = 0) -> datetime:
    """A moment as the clock on the wall shows it."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "moment", "end"),
    [
        (NIGHT, "2026-03-02T21:59:59.999", None),
        (NIGHT, "2026-03-02T22:00", "2026-03-03T06:00"),
        (NIGHT, "2026-03-03T00:00", "2026-03-03T06:00"),
        (NIGHT, "2026-03-03T05:59:59.999", "2026-03-03T06:00"),
        (NIGHT, "2026-03-03T06:00", None),
        (NOON, "2026-03-03T11:59:59", None),
        (NOON, "2026-03-03T12:00", "2026-03-03T13:30"),
        (NOON, "2026-03-03T13:29:59", "2026-03-03T13:30"),
        (NOON, "2026-03-03T13:30", None),
        (NOON, "2026-03-03T23:00", None),
    ],
)
def test_quiet_hours_begin_with_their_first_moment_and_end_before_their_last(
    hours: QuietHours, moment: str, end: str | None
) -> None:
    assert quiet_until(hours, at(moment), HANOI) == (at(end) if end else None)


def test_from_and_to_alike_are_no_quiet_hours_at_all() -> None:
    never = QuietHours.between(time(8), time(8))
    assert quiet_until(never, at("2026-03-03T08:00"), HANOI) is None
    assert quiet_until(never, at("2026-03-03T20:00"), HANOI) is None


def test_the_night_in_which_summer_begins_is_an_hour_shorter() -> None:
    begin = at("2026-03-07T22:00", BOSTON)
    end = quiet_until(NIGHT, begin, BOSTON)
    assert end == at("2026-03-08T06:00", BOSTON)
    assert end is not None
    assert end - begin == timedelta(hours=7)


def test_the_night_in_which_summer_ends_is_an_hour_longer() -> None:
    begin = at("2026-10-31T22:00", BOSTON)
    end = quiet_until(NIGHT, begin, BOSTON)
    assert end == at("2026-11-01T06:00", BOSTON)
    assert end is not None
    assert end - begin == timedelta(hours=9)


def test_a_time_that_the_clock_leaps_over_is_the_one_it_would_have_been() -> None:
    hours = QuietHours.between(time(1), time(2, 30))
    assert quiet_until(hours, at("2026-03-08T01:59", BOSTON), BOSTON) == at(
        "2026-03-08T03:30", BOSTON
    )


def test_of_a_time_that_comes_twice_the_first_counts() -> None:
    hours = QuietHours.between(time(0, 30), time(1, 30))
    assert quiet_until(hours, at("2026-11-01T01:29", BOSTON), BOSTON) == at(
        "2026-11-01T01:30", BOSTON
    )
    assert quiet_until(hours, at("2026-11-01T01:00", BOSTON, fold=1), BOSTON) is None


@given(
    start=st.times(),
    end=st.times(),
    moment=st.floats(0, 366 * 86_400).map(lambda s: NEW_YEAR + timedelta(seconds=s)),
    zone=st.sampled_from([HANOI, BOSTON]),
)
def test_quiet_hours_end_within_a_day_and_are_over_when_they_end(
    start: time, end: time, moment: datetime, zone: ZoneInfo
) -> None:
    hours = QuietHours.between(start, end)
    until = quiet_until(hours, moment, zone)
    if until is not None:
        assert moment < until <= moment + timedelta(days=1, hours=1)
        assert quiet_until(hours, until, zone) is None
