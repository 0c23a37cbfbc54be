"""Each figure by itself, over a table of a few reports."""

import statistics as by_hand
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartcity.map.model import Pin
from smartcity.map.pins import PinIndex
from smartcity.statistics.definitions import FIGURES
from smartcity.statistics.facts import FINISHED, OPEN, Facts, When
from smartcity.statistics.tally import Told, rows
from tests.unit.map_pins import Given, a_pin

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
WHEN = When(NOW, 30)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def counted(*pins: Pin, by: str | None = None) -> dict[str | None, dict[str, Told]]:
    """The figures of these reports, some of them sorted in and some not."""
    index = PinIndex(Given())
    index.put(pins)
    tables = index.rows()
    groups = (None,) if by is None else tables[0].words(by)
    return rows([Facts(table, by, WHEN) for table in tables], groups)


def value(code: str, *pins: Pin) -> float | None:
    return counted(*pins)[None][code].value


def finished(number: int = 1, *, status: str = "resolved", hours: float = 10, **others: Any) -> Pin:
    """A report that took so many hours and ended a day ago."""
    end = NOW - DAY
    begun = end - timedelta(hours=hours)
    dates = {"submitted_at": begun, "received_at": begun + HOUR, "finished_at": end}
    return a_pin(number, status=status, **{**dates, **others})


@pytest.mark.parametrize("status", sorted(OPEN))
def test_an_open_report_counts_as_open_and_in_its_status(status: str) -> None:
    figures = counted(a_pin(status=status))[None]
    assert figures["open"].value == figures[status].value == 1
    assert sum(figures[other].reports for other in OPEN) == 1


@pytest.mark.parametrize(
    ("due_at", "risk_at", "overdue", "at_risk"),
    [
        (NOW - HOUR, NOW - 9 * HOUR, 1, 0),
        (NOW, NOW - 9 * HOUR, 0, 1),
        (NOW + 50 * HOUR, NOW, 0, 1),
        (NOW + HOUR, NOW + HOUR / 2, 0, 0),
        (NOW + HOUR, None, 0, 0),  # older than what is known of risks
        (None, None, 0, 0),  # the clock stands still
    ],
)
def test_an_open_report_is_at_risk_from_a_moment_on_and_overdue_after_its_date(
    due_at: datetime | None, risk_at: datetime | None, overdue: int, at_risk: int
) -> None:
    figures = counted(a_pin(due_at=due_at, risk_at=risk_at))[None]
    assert (figures["overdue"].value, figures["at_risk"].value) == (overdue, at_risk)


def test_a_finished_report_is_never_overdue() -> None:
    assert value("overdue", finished(due_at=NOW - 10 * DAY)) == 0


@pytest.mark.parametrize("status", sorted(FINISHED))
def test_a_finished_report_counts_in_the_period_in_which_it_ended(status: str) -> None:
    assert value(status, finished(status=status)) == 1
    assert value(status, finished(status=status, finished_at=NOW - 31 * DAY)) == 0


def test_merged_and_withdrawn_reports_count_in_no_figure_but_those_of_their_arrival() -> None:
    for status in ("merged", "withdrawn"):
        told = counted(finished(status=status))[None]
        counting = {code for code, figure in told.items() if figure.reports}
        assert counting == {"arrived", "received_on_time"}


def test_the_share_on_time_counts_against_the_date_that_was_first_given() -> None:
    end = NOW - DAY
    extended = finished(1, first_resolve_by=end - HOUR)
    punctual = finished(2, first_resolve_by=end)
    assert value("finished_on_time", extended, punctual) == 0.5
    assert value("finished_on_time", a_pin()) is None


def test_the_share_received_on_time_counts_reports_received_in_the_period() -> None:
    late = finished(1, received_at=NOW - 2 * DAY, receive_by=NOW - 3 * DAY)
    punctual = [finished(n, received_at=NOW - 2 * DAY, receive_by=NOW - DAY) for n in (2, 3)]
    long_ago = finished(4, received_at=NOW - 40 * DAY, receive_by=NOW - 50 * DAY)
    assert value("received_on_time", late, *punctual, long_ago) == pytest.approx(0.667)


def test_the_hours_to_resolve_are_the_median_of_what_was_answered() -> None:
    assert value("hours_to_resolve", *[finished(n + 1, hours=n) for n in (1, 5, 90)]) == 5
    assert value("hours_to_resolve", *[finished(n + 1, hours=n) for n in (1, 5)]) == 3
    assert value("hours_to_resolve", finished(status="rejected")) is None


def test_reports_are_told_apart_by_agency_and_those_without_a_unit_are_not_lost() -> None:
    pins = [a_pin(1, agency="a"), a_pin(2, agency="b"), a_pin(3, agency="b", unit=None)]
    by_agency = counted(*pins, by="agency")
    assert {code: row["open"].value for code, row in by_agency.items()} == {"a": 1, "b": 2}
    by_unit = counted(*pins, by="unit")
    assert {code: row["open"].value for code, row in by_unit.items()} == {"00004": 2, None: 1}


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.sampled_from(sorted(OPEN | FINISHED)), st.integers(0, 99)
        ),
        min_size=1,
        max_size=40,
    )
)
def test_figures_are_what_counting_by_hand_gives(given_reports: list[tuple[str, str, int]]) -> None:
    pins = [
        finished(number + 1, agency=agency, status=status, hours=hours)
        for number, (agency, status, hours) in enumerate(given_reports)
    ]
    hours_of: defaultdict[str, list[int]] = defaultdict(list)
    open_in: defaultdict[str, int] = defaultdict(int)
    for agency, status, hours in given_reports:
        open_in[agency] += status in OPEN
        if status in {"resolved", "closed"}:
            hours_of[agency].append(hours)
    for agency, row in counted(*pins, by="agency").items():
        assert agency is not None
        assert row["open"].value == open_in[agency]
        if hours_of[agency]:
            assert row["hours_to_resolve"].value == by_hand.median(hours_of[agency])


def test_every_figure_has_a_code_of_its_own() -> None:
    assert len({figure.code for figure in FIGURES}) == len(FIGURES)
