"""How long another system asks to be left alone."""

from datetime import UTC, datetime

import pytest
import time_machine

from smartcity.waits import asked_s


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        ("Sun, 22 Nov 2026 10:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 10:00:30 -0000", 30.0),
        ("Sun, 22 Nov 2026 09:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("Sun, 22 Nov 99999999999 10:00:30 GMT", None),
    ],
)
def test_a_number_or_a_date_is_understood_and_nothing_else(
    header: str | None, seconds: float | None
) -> None:
    with time_machine.travel(datetime(2026, 11, 22, 10, tzinfo=UTC), tick=False):
        assert asked_s(header) == seconds
