"""How fast pushes may leave."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from smartcity.notifications.pace import FLOOR, Pace

QUOTA = 100.0


def leaving(pace: Pace, begin: float, seconds: float, wanted: float = 10_000) -> list[float]:
    """When messages leave if so many are wanted each second."""
    left: list[float] = []
    for step in range(int(seconds * 100)):
        at = begin + step / 100
        due = int((step + 1) * wanted / 100) - int(step * wanted / 100)
        left += [at for _ in range(due) if pace.take(at)]
    return left


def each_second(left: list[float], begin: float, seconds: int) -> Iterator[int]:
    for second in range(seconds):
        yield sum(begin + second <= at < begin + second + 1 for at in left)


def test_after_silence_it_grows_over_a_minute_to_the_quota() -> None:
    a_second = list(each_second(leaving(Pace(QUOTA), 1000, 80), 1000, 80))
    assert a_second[1] <= QUOTA * FLOOR + 3
    assert QUOTA / 2 - 6 <= a_second[30] <= QUOTA / 2 + 6
    assert all(QUOTA * 0.95 <= count <= QUOTA for count in a_second[62:])


def test_everyday_traffic_is_not_slowed_down() -> None:
    assert len(leaving(Pace(QUOTA), 1000, 120, wanted=QUOTA * FLOOR * 0.9)) == 1080


def test_a_trickle_does_not_open_it_for_a_flood() -> None:
    pace = Pace(QUOTA)
    leaving(pace, 0, 300, wanted=5)
    assert len(leaving(pace, 300, 1)) <= 2 * QUOTA * FLOOR + 3


def test_a_minute_of_silence_brings_it_back_to_the_floor() -> None:
    pace = Pace(QUOTA)
    leaving(pace, 0, 70)
    assert pace.rate > QUOTA * 0.95
    assert len(leaving(pace, 135, 1)) <= 2 * QUOTA * FLOOR + 3


@given(
    st.lists(st.tuples(st.floats(0, 90), st.floats(0.1, 20), st.floats(1, 400)), max_size=5),
    st.lists(st.floats(60, 200), max_size=2),
)
def test_no_minute_ever_holds_more_than_the_quota(
    stretches: list[tuple[float, float, float]], refusals: list[float]
) -> None:
    pace, at, left = Pace(QUOTA), 0.0, list[float]()
    for silence, seconds, wanted in [*stretches, (0.0, 130.0, 400.0)]:
        at += silence
        left += leaving(pace, at, seconds, wanted)
        at += seconds
        if refusals:
            pace.refuse(refusals.pop(), at)
    ahead = 0
    for behind, moment in enumerate(left):
        while ahead < len(left) and left[ahead] < moment + 60:
            ahead += 1
        assert ahead - behind <= QUOTA * 60


def test_a_refusal_for_the_project_stops_everything_and_then_begins_anew() -> None:
    pace = Pace(QUOTA)
    leaving(pace, 0, 70)
    pace.refuse(60, 70)
    assert not pace.take(129.9)
    assert pace.wait_s(100) >= 30
    a_second = list(each_second(leaving(pace, 70, 80), 70, 80))
    assert sum(a_second[:60]) == 0
    assert a_second[61] <= QUOTA * FLOOR + 3
