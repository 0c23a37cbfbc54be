from typing import Any

import pytest
from geopy.distance import geodesic
from hypothesis import given
from hypothesis import strategies as st

from smartcity.geography.distances import METRES_PER_DEGREE, distance_m

ELLIPSOID: Any = geodesic
POINTS = st.tuples(st.floats(-180, 180), st.floats(-85, 85))


@given(POINTS, POINTS)
def test_distances_are_those_of_the_ellipsoid_within_six_in_a_thousand(
    a: tuple[float, float], b: tuple[float, float]
) -> None:
    exact: float = ELLIPSOID((a[1], a[0]), (b[1], b[0])).meters
    assert distance_m(a, b) == pytest.approx(exact, rel=0.006, abs=0.01)
    assert distance_m(a, b) == pytest.approx(distance_m(b, a))


def test_a_degree_of_latitude_is_a_degree_long_and_one_of_longitude_shrinks() -> None:
    assert distance_m((105, 21), (105, 22)) == pytest.approx(METRES_PER_DEGREE)
    assert distance_m((105, 60), (106, 60)) == pytest.approx(METRES_PER_DEGREE / 2, rel=1e-3)
    assert distance_m((105, 21), (105, 21)) == 0
