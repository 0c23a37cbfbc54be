"""When the week's figures are due, and what is added up in them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartcity.notifications.digests.model import (
    WEEKDAYS,
    Happened,
    Hour,
    figures_of_units,
    latest_week,
)

HANOI, BOSTON = ZoneInfo("Asia/Ho_Chi_Minh"), ZoneInfo("America/New_York")
MONDAY = Hour.parse("mon 08:00")


@pytest.mark.parametrize(
    ("moment", "name"),
    [
        ("2026-03-02T07:59:59", "2026-02-23"),
        ("2026-03-02T08:00", "2026-03-02"),
        ("2026-03-08T23:59", "2026-03-02"),
        ("2026-03-09T07:59", "2026-03-02"),
        ("2026-03-09T08:00", "2026-03-09"),
    ],
)
def test_a_week_s_digests_are_due_on_monday_at_eight(moment: str, name: str) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=HANOI)
    week = latest_week(MONDAY, at, HANOI)
    assert week.name == name
    assert week.until - week.since == timedelta(days=7)


def test_the_week_in_which_summer_begins_is_an_hour_shorter() -> None:
    week = latest_week(MONDAY, datetime(2026, 3, 9, 20, tzinfo=BOSTON), BOSTON)
    assert week.until.astimezone(UTC) - week.since.astimezone(UTC) == timedelta(hours=167)


@given(
    day=st.sampled_from(WEEKDAYS),
    at=st.times().map(lambda at: at.strftime("%H:%M")),
    moment=st.floats(0, 366 * 86_400),
    zone=st.sampled_from([HANOI, BOSTON]),
)
def test_the_latest_week_is_over_and_not_for_a_week(
    day: str, at: str, moment: float, zone: ZoneInfo
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=moment)
    week = latest_week(Hour.parse(f"{day} {at}"), now, zone)
    assert week.until <= now
    assert now - week.until <= timedelta(days=7, hours=1)
    assert WEEKDAYS[week.until.weekday()] == day


def test_what_lies_in_two_units_that_are_followed_counts_once() -> None:
    happened = {"ward": Happened(3, 1), "city": Happened(2, 2), "elsewhere": Happened(9, 9)}
    around = {
        "ward": frozenset({"ward", "city"}),
        "city": frozenset({"city"}),
        "elsewhere": frozenset({"elsewhere"}),
    }
    both = figures_of_units(happened, frozenset({"ward", "city"}), around)
    assert both == figures_of_units(happened, frozenset({"city"}), around) == Happened(5, 3)
    assert figures_of_units(happened, frozenset({"ward"}), around) == Happened(3, 1)
    assert figures_of_units(happened, frozenset(), around) == Happened(0, 0)
