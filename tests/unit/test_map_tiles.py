from typing import Any
from uuid import UUID

import pytest

from smartcity.city.model import Bounds
from smartcity.geography.tiles import EXTENT, Tile, tile_at
from smartcity.map.geojson import FEATURES, TILES, covering, feature_collection
from smartcity.map.model import Filters
from smartcity.map.pins import MARKS, PinIndex
from smartcity.map.tiles import FRESH_S, MapTiles
from tests.unit.decoded_tiles import layers
from tests.unit.map_pins import Given, a_pin

pytestmark = pytest.mark.anyio

ALL = Filters()
HERE = tile_at(14, 105.85, 21.03)


class Watch:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def index_of(count: int, spread: float = 0.0) -> PinIndex:
    index = PinIndex(
        Given([a_pin(n + 1, lon=105.85 + n * spread, lat=21.03 + n * spread) for n in range(count)])
    )
    await index.load()
    return index


def box(west: float, south: float, east: float, north: float) -> Bounds:
    return Bounds(west=west, south=south, east=east, north=north)


def features(body: bytes) -> list[dict[str, Any]]:
    found = layers(body)
    assert set(found) == {"reports"}
    assert found["reports"]["extent"] == EXTENT
    return found["reports"]["features"]


async def test_a_single_report_is_a_point_that_leads_to_it() -> None:
    (point,) = features(MapTiles(await index_of(1)).tile(HERE, ALL).body)
    assert point["properties"] == {
        "id": str(UUID(int=1)),
        "status": "received",
        "category": "potholes",
        "field": "traffic",
    }
    assert point["geometry"]["type"] == "Point"


async def test_a_point_lies_in_the_tile_where_it_lies_in_the_city() -> None:
    index = await index_of(1)
    (mark,) = index.marks(HERE, ALL)
    (point,) = features(MapTiles(index).tile(HERE, ALL).body)
    right, up = point["geometry"]["coordinates"]  # the decoder turns the y axis up
    assert right == (mark.x - HERE.x * HERE.side) * EXTENT // HERE.side
    assert EXTENT - up == (mark.y - HERE.y * HERE.side) * EXTENT // HERE.side


async def test_a_tile_counts_every_report_and_shows_no_more_than_its_marks() -> None:
    index = await index_of(1500, spread=0.00001)
    for zoom in range(21):
        tile = tile_at(zoom, 105.85, 21.03)
        body = MapTiles(index).tile(tile, ALL).body
        drawn = features(body)
        assert len(drawn) <= MARKS
        assert sum(f["properties"].get("count", 1) for f in drawn) == sum(
            mark.count for mark in index.marks(tile, ALL)
        )


async def test_a_tile_without_reports_is_empty() -> None:
    tile = MapTiles(await index_of(1)).tile(Tile(14, 0, 0), ALL)
    assert tile.body == b""
    assert tile.etag.startswith('"')


async def test_a_kept_tile_is_at_most_two_seconds_behind() -> None:
    index, watch = await index_of(1), Watch()
    tiles = MapTiles(index, monotonic=watch)
    before = tiles.tile(HERE, ALL)
    index.put([a_pin(1, version=3, status="closed")])
    assert tiles.tile(HERE, ALL) is before
    watch.now += FRESH_S
    after = tiles.tile(HERE, ALL)
    assert after.etag != before.etag
    assert features(after.body)[0]["properties"]["status"] == "closed"


async def test_a_tile_of_which_nothing_drawn_changed_keeps_its_etag() -> None:
    index, watch = await index_of(1), Watch()
    tiles = MapTiles(index, monotonic=watch)
    before = tiles.tile(HERE, ALL)
    index.put([a_pin(2, public=False)])
    watch.now += 100 * FRESH_S
    assert tiles.tile(HERE, ALL) is before
    index.put([a_pin(3, lon=2.35, lat=48.85)])
    assert tiles.tile(HERE, ALL).etag == before.etag


async def test_filters_have_tiles_of_their_own() -> None:
    tiles = MapTiles(await index_of(1))
    assert features(tiles.tile(HERE, ALL).body)
    for other in (
        Filters(statuses=frozenset({"closed"})),
        Filters(categories=frozenset({"waste"})),
        Filters(fields=frozenset({"environment"})),
    ):
        assert tiles.tile(HERE, other).body == b""


async def test_what_is_kept_is_bounded() -> None:
    tiles = MapTiles(await index_of(1), cache_bytes=5_000)
    first = tiles.tile(HERE, ALL)
    assert tiles.tile(HERE, ALL) is first
    for y in range(20):
        tiles.tile(Tile(14, 0, y), ALL)
    assert tiles.tile(HERE, ALL) is not first


async def test_geojson_holds_the_marks_in_the_box() -> None:
    index = await index_of(3, spread=0.01)
    whole = feature_collection(index, box(105.8, 21, 105.9, 21.1), 20, ALL)
    assert sum(f.properties.count or 1 for f in whole.features) == 3
    part = feature_collection(index, box(105.84, 21.02, 105.855, 21.035), 20, ALL)
    (only,) = part.features
    assert only.id == UUID(int=1)
    assert only.geometry.coordinates == pytest.approx((105.85, 21.03), abs=2e-6)


async def test_geojson_is_bounded_however_large_the_box_is() -> None:
    index = await index_of(3000, spread=0.0001)
    for area in (box(-180, -90, 180, 90), box(105, 20, 107, 22), box(105.85, 21.03, 106.2, 21.4)):
        found = feature_collection(index, area, 20, ALL)
        assert len(covering(area, 20)) <= TILES
        assert 0 < len(found.features) <= FEATURES
