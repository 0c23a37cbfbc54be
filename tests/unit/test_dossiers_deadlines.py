"""The on-time rule of Decision 766, by worked examples. Times are days of June 2026."""

from datetime import UTC, datetime

import pytest

from smartcity.dossiers.deadlines import finished_at, on_time
from smartcity.dossiers.model import Step

DUE = 20
END = 30


def day(number: float) -> datetime:
    return datetime(2026, 6, int(number), int(number % 1 * 24), tzinfo=UTC)


def steps(*told: tuple[int, float]) -> list[Step]:
    return [Step(status, day(at)) for status, at in told]


@pytest.mark.parametrize(
    ("why", "told", "verdict"),
    [
        ("done before it was due", [(2, 1), (4, 2), (9, 19)], True),
        ("done at the last moment", [(2, 1), (4, 2), (9, 20)], True),
        ("done after", [(2, 1), (4, 2), (9, 21)], False),
        ("done in time, collected late", [(2, 1), (9, 19), (10, 28)], True),
        ("handed over without being told done", [(2, 1), (4, 2), (10, 19)], True),
        ("handed over late without being told done", [(2, 1), (4, 2), (10, 21)], False),
        ("stopped in time", [(2, 1), (8, 10)], True),
        ("stopped late", [(2, 1), (8, 21)], False),
        ("withdrawn in time", [(2, 1), (7, 10)], True),
        ("refused late, after it was accepted", [(2, 1), (4, 2), (3, 22)], False),
        ("refused by another word", [(2, 1), (4, 2), (11, 12)], True),
        ("open past its date", [(2, 1), (4, 2)], False),
        ("waits for a fee past its date", [(2, 1), (6, 15)], False),
        ("late by the days it waited for the applicant", [(2, 1), (5, 5), (4, 10), (9, 24)], True),
        ("later than that", [(2, 1), (5, 5), (4, 10), (9, 26)], False),
        ("done straight from waiting: asked in time", [(2, 1), (5, 19), (9, 29)], True),
        ("done straight from waiting: asked late", [(2, 1), (5, 21), (9, 29)], False),
        ("still waiting, asked in time", [(2, 1), (5, 19)], True),
        ("still waiting, asked late", [(2, 1), (5, 21)], False),
        ("asked twice", [(2, 1), (5, 3), (4, 4), (5, 5), (4, 6), (9, 7)], False),
        ("asked once, told twice", [(2, 1), (5, 3), (5, 4), (4, 6), (9, 7)], True),
        ("done, opened again, done in time", [(2, 1), (9, 5), (4, 6), (9, 19)], True),
        ("done, opened again, done late", [(2, 1), (9, 5), (4, 6), (9, 22)], False),
        ("an unknown status is no end", [(2, 1), (4, 2), (77, 3)], False),
        ("an unknown status ends no waiting", [(2, 1), (5, 3), (77, 4)], True),
        ("nothing told but that it is registered", [(1, 1)], None),
        ("never accepted", [(1, 1), (3, 25)], None),
        ("withdrawn before it was accepted", [(1, 1), (7, 2)], None),
        ("accepted after the period", [(1, 1), (2, 30.5)], None),
        ("done after the period", [(2, 1), (9, 30.5)], False),
        ("nothing told", [], None),
    ],
)
def test_on_time(why: str, told: list[tuple[int, float]], verdict: bool | None) -> None:
    assert on_time(steps(*told), None, day(DUE), day(END)) is verdict, why


def test_the_date_of_acceptance_tells_that_an_ending_came_after_it() -> None:
    withdrawn = steps((7, 25))
    assert on_time(withdrawn, day(1), day(DUE), day(END)) is False
    assert on_time(withdrawn, None, day(DUE), day(END)) is None


def test_one_still_in_work_is_on_time_until_it_is_due() -> None:
    in_work = steps((2, 1), (4, 2))
    assert on_time(in_work, None, day(DUE), day(DUE)) is True
    assert on_time(in_work, None, day(DUE), day(DUE + 0.5)) is False


def test_nothing_is_measured_without_a_due_date() -> None:
    assert on_time(steps((2, 1), (9, 2)), None, None, day(END)) is None


def test_one_that_was_opened_again_is_not_finished() -> None:
    assert finished_at(steps((2, 1), (9, 5), (4, 6))) is None
    assert finished_at(steps((2, 1), (9, 5), (10, 6), (9, 7))) == day(5)
    assert finished_at([]) is None
