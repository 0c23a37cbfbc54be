import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from smartcity.geography.tiles import (
    EXTENT,
    MAX_LATITUDE,
    WORLD,
    Tile,
    deinterleave,
    interleave,
    tile_at,
    to_lon_lat,
    to_world,
)

WORLDS = st.integers(0, WORLD - 1)
LONGITUDES = st.floats(-180, 180)
LATITUDES = st.floats(-MAX_LATITUDE, MAX_LATITUDE)


@st.composite
def tiles(draw: st.DrawFn) -> Tile:
    z = draw(st.integers(0, 24))
    inside = st.integers(0, (1 << z) - 1)
    return Tile(z, draw(inside), draw(inside))


def column(*values: int) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return np.array(values, np.uint32)


@given(WORLDS, WORLDS)
def test_a_morton_code_has_the_bits_of_x_and_y_in_turn(x: int, y: int) -> None:
    expected = sum(((x >> n & 1) << (2 * n)) | ((y >> n & 1) << (2 * n + 1)) for n in range(32))
    code = interleave(column(x), column(y))
    assert code.dtype == np.uint64
    assert int(code[0]) == expected
    back_x, back_y = deinterleave(code)
    assert (int(back_x[0]), int(back_y[0])) == (x, y)


@given(LONGITUDES, LATITUDES)
def test_world_coordinates_follow_the_definition_of_web_mercator(lon: float, lat: float) -> None:
    x, y = to_world(lon, lat)
    phi = math.radians(lat)
    definition_x = (lon + 180) / 360 * WORLD
    definition_y = (1 - math.log(math.tan(phi) + 1 / math.cos(phi)) / math.pi) / 2 * WORLD
    assert abs(int(x) - min(definition_x, WORLD - 1)) <= 1.001
    assert abs(int(y) - min(max(definition_y, 0), WORLD - 1)) <= 1.001


@given(LONGITUDES, LATITUDES)
def test_degrees_survive_the_way_to_the_world_and_back(lon: float, lat: float) -> None:
    back_lon, back_lat = to_lon_lat(*to_world(lon, lat))
    assert abs(float(back_lon) - lon) < 1e-6
    assert abs(float(back_lat) - lat) < 1e-6


def test_what_lies_outside_the_projection_goes_to_its_edge() -> None:
    x, y = to_world([-200.0, 180.0, 0.0, 0.0], [0.0, 0.0, 90.0, -90.0])
    assert x.tolist() == [0, WORLD - 1, WORLD // 2, WORLD // 2]
    assert y.tolist() == [WORLD // 2, WORLD // 2, 0, WORLD - 1]


@given(tiles(), WORLDS, WORLDS)
def test_the_codes_in_a_tiles_range_are_those_of_its_points(tile: Tile, x: int, y: int) -> None:
    first, last = tile.morton_range()
    code = interleave(column(x), column(y))[0]
    inside = (x >> (32 - tile.z), y >> (32 - tile.z)) == (tile.x, tile.y)
    assert (first <= code <= last) == inside
    corner = interleave(column(tile.x * tile.side), column(tile.y * tile.side))[0]
    assert corner == first


@given(tiles(), st.lists(st.tuples(WORLDS, WORLDS), max_size=30))
def test_a_tiles_points_are_one_run_of_the_sorted_column(
    tile: Tile, points: list[tuple[int, int]]
) -> None:
    points.append((tile.x * tile.side, tile.y * tile.side))
    points.append(((tile.x + 1) * tile.side - 1, (tile.y + 1) * tile.side - 1))
    x, y = column(*(p[0] for p in points)), column(*(p[1] for p in points))
    codes = np.sort(interleave(x, y))
    run = codes[tile.run_in(codes)]
    shift = 32 - tile.z
    assert len(run) == sum((a >> shift, b >> shift) == (tile.x, tile.y) for a, b in points)


@given(tiles())
def test_a_tiles_bounds_meet_those_of_its_neighbours_and_hold_its_middle(tile: Tile) -> None:
    bounds = tile.bounds()
    east = Tile(tile.z, tile.x + 1, tile.y)
    south = Tile(tile.z, tile.x, tile.y + 1)
    if east.exists:
        assert east.bounds().west == bounds.east
    if south.exists:
        assert south.bounds().north == bounds.south
    half = tile.side // 2
    lon, lat = to_lon_lat(tile.x * tile.side + half, tile.y * tile.side + half)
    assert bounds.contains(float(lon), float(lat))
    assert tile_at(tile.z, float(lon), float(lat)) == tile


@given(tiles(), st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_pixels_are_shares_of_the_tile(tile: Tile, right: float, down: float) -> None:
    x = tile.x * tile.side + int(right * tile.side)
    y = tile.y * tile.side + int(down * tile.side)
    px, py = tile.pixels(column(x), column(y))
    assert 0 <= px[0] < EXTENT
    assert 0 <= py[0] < EXTENT
    assert px[0] == (x - tile.x * tile.side) * EXTENT // tile.side
    assert py[0] == (y - tile.y * tile.side) * EXTENT // tile.side


def test_a_point_beside_the_tile_has_pixels_beside_it() -> None:
    tile = Tile(10, 5, 5)
    px, py = tile.pixels(
        column(tile.x * tile.side - 1, (tile.x + 1) * tile.side),
        column(tile.y * tile.side - 1, (tile.y + 1) * tile.side),
    )
    assert px.tolist() == [-1, EXTENT]
    assert py.tolist() == [-1, EXTENT]


def test_a_tile_outside_its_zoom_does_not_exist() -> None:
    assert Tile(0, 0, 0).exists
    assert not Tile(0, 1, 0).exists
    assert not Tile(3, 0, -1).exists
    assert not Tile(-1, 0, 0).exists
    assert not Tile(32, 0, 0).exists


def test_hoan_kiem_lies_in_the_tile_that_other_maps_name() -> None:
    assert tile_at(15, 105.852, 21.029) == Tile(15, 26018, 14425)
