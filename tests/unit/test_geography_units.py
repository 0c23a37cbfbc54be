import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import get_coordinates

from smartcity.city.model import City, FormerUnit
from smartcity.geography.boundaries import Boundary, read_boundaries
from smartcity.geography.distances import EARTH_RADIUS_M, METRES_PER_DEGREE
from smartcity.geography.shapes import box_of, circle, covers_point, ring
from smartcity.geography.units import Areas, Located
from tests.unit.small_cities import boundary, polygon, rectangle, small_city, unit

SQUARES = [
    boundary("1", rectangle(0, 0, 0.5, 0.5)),
    boundary("2", rectangle(0.5, 0, 1, 0.5)),
    boundary("3", rectangle(0, 0.5, 0.5, 1)),
    boundary("4", rectangle(0.5, 0.5, 1, 1)),
]
EXACT = Areas.from_boundaries(list(reversed(SQUARES)), "v1")
INSIDE = st.floats(0, 1)
FOUR_POINTS = small_city(
    [unit("1", 0.25, 0.25), unit("2", 0.75, 0.25), unit("3", 0.25, 0.75), unit("4", 0.75, 0.75)]
)


def code_at(areas: Areas, lon: float, lat: float) -> str | None:
    located = areas.locate(lon, lat)
    return located and located.unit


@given(INSIDE, INSIDE)
def test_a_point_belongs_to_the_unit_that_covers_it(lon: float, lat: float) -> None:
    expected = ("1" if lon <= 0.5 else "2") if lat <= 0.5 else ("3" if lon <= 0.5 else "4")
    assert EXACT.locate(lon, lat) == Located(expected, approximate=False, near_edge=False)


def test_a_point_on_a_border_belongs_to_the_unit_with_the_smallest_code() -> None:
    assert code_at(EXACT, 0.5, 0.5) == "1"
    assert code_at(EXACT, 0.75, 0.5) == "2"
    assert code_at(EXACT, 0.5, 0.75) == "3"


@pytest.mark.parametrize(
    "point", [(-1e-6, 0.5), (1 + 1e-6, 0.5), (0.5, -1e-6), (0.5, 1 + 1e-6), (math.nan, 0.5)]
)
def test_a_point_outside_all_boundaries_is_outside_the_city(point: tuple[float, float]) -> None:
    assert EXACT.locate(*point) is None


def test_where_units_overlap_the_smallest_code_wins() -> None:
    areas = Areas.from_boundaries(
        [boundary("2", rectangle(0, 0, 0.6, 1)), boundary("1", rectangle(0.5, 0, 1, 1))], "v"
    )
    assert code_at(areas, 0.55, 0.3) == "1"
    assert code_at(areas, 0.45, 0.3) == "2"


def test_a_point_in_a_narrow_gap_belongs_to_the_nearest_unit_and_one_in_a_wide_gap_to_none() -> (
    None
):
    metre = 1 / METRES_PER_DEGREE
    ring = boundary(
        "1",
        {
            "type": "Polygon",
            "coordinates": [
                rectangle(0, 0, 1, 1)["coordinates"][0],
                rectangle(0.4, 0.4, 0.6, 0.6)["coordinates"][0],
            ],
        },
    )
    inner = boundary("2", rectangle(0.4 + 20 * metre, 0.4, 0.5, 0.6))
    areas = Areas.from_boundaries([ring, inner], "v")
    assert areas.locate(0.4 + 5 * metre, 0.5) == Located("1", approximate=False, near_edge=True)
    assert areas.locate(0.4 + 15 * metre, 0.5) == Located("2", approximate=False, near_edge=True)
    assert areas.locate(0.55, 0.5) is None


def test_a_point_just_outside_the_city_is_not_drawn_into_it() -> None:
    metre = 1 / METRES_PER_DEGREE
    bay = boundary("1", polygon((0, 0), (1, 0), (1, 1), (0.5, 0.5), (0, 1)))
    areas = Areas.from_boundaries([bay], "v")
    assert areas.locate(0.5, 0.5 + 10 * metre) is None


def test_without_boundaries_the_nearest_unit_point_decides_and_says_approximate() -> None:
    areas = Areas.from_pack(small_city([unit("1", 0.25, 0.5), unit("2", 0.75, 0.5)]))
    assert areas.approximate
    assert areas.locate(0.26, 0.4) == Located("1", approximate=True, near_edge=False)
    assert areas.locate(0.74, 0.4) == Located("2", approximate=True, near_edge=False)
    assert areas.locate(0.49, 0.5) == Located("1", approximate=True, near_edge=True)
    assert areas.locate(0.51, 0.5) == Located("2", approximate=True, near_edge=True)
    assert areas.locate(0.5, 0.5) == Located("1", approximate=True, near_edge=True)
    assert areas.locate(1.01, 0.5) is None


def test_a_former_units_point_stands_for_the_unit_that_took_most_of_it_over() -> None:
    former = FormerUnit(code="9", name="Old", area="", lon=0.9, lat=0.9, now=("1", "2"))
    areas = Areas.from_pack(small_city([unit("1", 0.1, 0.1), unit("2", 0.6, 0.6)], [former]))
    assert code_at(areas, 0.88, 0.88) == "1"
    assert code_at(areas, 0.62, 0.62) == "2"


def test_points_belong_to_the_smallest_units() -> None:
    county = unit("0", 0.3, 0.3)
    city = small_city([county, unit("1", 0.1, 0.1, parent="0"), unit("2", 0.9, 0.9, parent="0")])
    assert code_at(Areas.from_pack(city), 0.3, 0.3) == "1"


def test_a_city_without_units_has_an_inside_all_the_same() -> None:
    areas = Areas.from_pack(small_city())
    assert areas.locate(0.5, 0.5) == Located(None, approximate=False, near_edge=False)
    assert areas.locate(1.5, 0.5) is None


def test_a_city_of_one_unit_has_no_edge_to_be_near() -> None:
    areas = Areas.from_pack(small_city([unit("1", 0.5, 0.5)]))
    assert areas.locate(0.01, 0.99) == Located("1", approximate=True, near_edge=False)


def test_boundaries_of_nothing_contain_nothing() -> None:
    assert Areas.from_boundaries([], "v").locate(0.5, 0.5) is None


def every_owner(boundaries: Sequence[Boundary], lon: float, lat: float) -> str | None:
    return next((b.code for b in boundaries if covers_point(b.shape, lon, lat)), None)


def test_hanois_areas_agree_with_its_boundaries_exactly_and_with_its_points_mostly(
    hanoi: City, shared_data: Path
) -> None:
    survey = read_boundaries(shared_data / "hanoi_boundaries.geojson.gz", hanoi)
    exact = Areas.from_boundaries(survey.boundaries, "v")
    approximate = Areas.from_pack(hanoi)
    west, south, east, north = box_of([b.shape for b in survey.boundaries])
    side = 40
    agreed = inside = 0
    for step in range(side * side):
        lon = west + (east - west) * (step % side + 0.5) / side
        lat = south + (north - south) * (step // side + 0.5) / side
        owner = every_owner(survey.boundaries, lon, lat)
        assert code_at(exact, lon, lat) == owner
        if owner is not None:
            inside += 1
            agreed += code_at(approximate, lon, lat) == owner
    assert agreed / inside > 0.8
    for border in survey.boundaries:
        for lon, lat in get_coordinates(border.shape)[::200].tolist():
            assert code_at(exact, lon, lat) == every_owner(survey.boundaries, lon, lat)


# --- what a shape touches ------------------------------------------------------------------------


@given(INSIDE, INSIDE)
def test_a_shape_touches_the_unit_of_each_point_in_it(lon: float, lat: float) -> None:
    around = circle((lon, lat), 100)
    assert code_at(EXACT, lon, lat) in EXACT.touching(around)
    nearest = Areas.from_pack(FOUR_POINTS)
    assert code_at(nearest, lon, lat) in nearest.touching(around)


def test_a_shape_over_several_units_touches_all_of_them_and_no_other() -> None:
    strip = ring([(0.1, 0.1), (0.9, 0.1), (0.9, 0.2)])
    for areas in (EXACT, Areas.from_pack(FOUR_POINTS)):
        assert areas.touching(strip) == ["1", "2"]
    assert EXACT.touching(ring([(2, 2), (3, 2), (3, 3)])) == []


def test_units_with_several_points_are_touched_once() -> None:
    former = FormerUnit(code="x", name="X", area="", lon=0.3, lat=0.3, now=("1",))
    twice = FormerUnit(code="y", name="Y", area="", lon=0.3, lat=0.3, now=("2",))
    areas = Areas.from_pack(small_city(FOUR_POINTS.units.values(), [former, twice]))
    assert areas.touching(ring([(0.2, 0.2), (0.35, 0.2), (0.35, 0.35)])) == ["1"]


def test_a_city_without_units_has_none_to_touch() -> None:
    assert Areas.from_pack(small_city()).touching(circle((0.5, 0.5), 10_000)) == []
    alone = Areas.from_pack(small_city([unit("1", 0.5, 0.5)]))
    assert alone.touching(circle((0.1, 0.1), 10)) == ["1"]


@given(st.floats(-80, 80), st.floats(10, 100_000), st.floats(0, 360))
def test_a_circle_holds_everything_within_its_radius(
    lat: float, radius_m: float, bearing: float
) -> None:
    from_lat = math.radians(lat)
    angle, turn = radius_m / EARTH_RADIUS_M, math.radians(bearing)
    to_lat = math.asin(
        math.sin(from_lat) * math.cos(angle) + math.cos(from_lat) * math.sin(angle) * math.cos(turn)
    )
    to_lon = math.atan2(
        math.sin(turn) * math.sin(angle) * math.cos(from_lat),
        math.cos(angle) - math.sin(from_lat) * math.sin(to_lat),
    )
    shape = circle((0.0, lat), radius_m)
    inside = 0.999
    assert covers_point(
        shape, math.degrees(to_lon) * inside, lat + (math.degrees(to_lat) - lat) * inside
    )
