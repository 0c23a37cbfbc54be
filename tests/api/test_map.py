from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.di import Provide
from litestar.testing import AsyncTestClient

from api.conditional import ConditionalRequests
from api.errors import Problems
from api.operations.map import MapController
from api.operations.statistics import StatisticsController
from smartcity.city.model import City
from smartcity.geography.tiles import tile_at
from smartcity.identity.roles import ANYONE
from smartcity.map.pins import PinIndex
from smartcity.map.tiles import MapTiles
from smartcity.statistics.service import StatisticsService
from tests.unit.decoded_tiles import layers
from tests.unit.map_pins import Given, a_pin

pytestmark = pytest.mark.anyio

Client = AsyncTestClient[Litestar]

HERE = tile_at(14, 105.85, 21.03)
TILE = f"/v1/map/tiles/14/{HERE.x}/{HERE.y}.mvt"


def supplied(value: object) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)


@pytest.fixture
async def client(hanoi: City) -> AsyncIterator[Client]:
    pins = PinIndex(Given([a_pin(1, category=next(iter(hanoi.categories)))]))
    await pins.load()
    parts = {
        "pins": pins,
        "tiles": MapTiles(pins),
        "statistics": StatisticsService(hanoi, pins),
        "actor": ANYONE,
        "language": "en",
    }
    app = Litestar(
        [MapController, StatisticsController],
        dependencies={name: supplied(part) for name, part in parts.items()},
        exception_handlers=Problems(hanoi).handlers,
        middleware=[ConditionalRequests()],
    )
    async with AsyncTestClient(app) as made:
        yield made


async def test_a_tile_is_a_vector_tile_that_may_be_kept_for_a_moment(client: Client) -> None:
    answer = await client.get(TILE)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert answer.headers["cache-control"] == "public, max-age=5"
    assert len(layers(answer.content)["reports"]["features"]) == 1


async def test_a_tile_that_the_caller_has_is_not_sent_again(client: Client) -> None:
    etag = (await client.get(TILE)).headers["etag"]
    again = await client.get(TILE, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


async def test_filters_choose_what_a_tile_shows(client: Client) -> None:
    assert (await client.get(TILE, params={"status": ["closed", "received"]})).content
    for other in ({"status": "closed"}, {"category": "none"}, {"field": "environment"}):
        answer = await client.get(TILE, params=other)
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/map/tiles/0/0/0.mvt", 200),
        ("/v1/map/tiles/20/1048575/1048575.mvt", 200),
        ("/v1/map/tiles/21/0/0.mvt", 400),
        ("/v1/map/tiles/-1/0/0.mvt", 400),
        ("/v1/map/tiles/3/8/0.mvt", 400),
        ("/v1/map/tiles/3/0/8.mvt", 400),
        ("/v1/map/tiles/3/0/0", 400),
        ("/v1/map/tiles/3/0/-1.mvt", 400),
        ("/v1/map/tiles/3/0/0.png", 400),
        ("/v1/map/tiles/3/0/%D9%A3.mvt", 400),  # a digit, but not ours
        ("/v1/map/tiles/a/0/0.mvt", 404),
        ("/v1/map/tiles/3/" + "9" * 5000 + "/0.mvt", 404),
    ],
)
async def test_a_tile_that_does_not_exist_is_a_problem(
    client: Client, path: str, status: int
) -> None:
    answer = await client.get(path)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.headers["content-type"].startswith("application/problem+json")


async def test_the_odd_coordinate_is_named(client: Client) -> None:
    problem: dict[str, Any] = (await client.get("/v1/map/tiles/3/8/9.mvt")).json()
    assert [field["path"] for field in problem["fields"]] == ["x", "y"]


async def test_geojson_is_a_feature_collection_of_the_box(client: Client) -> None:
    answer = await client.get("/v1/map/reports.geojson", params={"bbox": "105.8,21,105.9,21.1"})
    assert answer.headers["content-type"].startswith("application/geo+json")
    found = answer.json()
    (feature,) = found["features"]
    assert (found["type"], feature["type"]) == ("FeatureCollection", "Feature")
    assert feature["geometry"]["type"] == "Point"
    assert feature["geometry"]["coordinates"] == pytest.approx([105.85, 21.03], abs=2e-6)
    assert feature["properties"]["status"] == "received"
    assert feature["id"]


@pytest.mark.parametrize(
    "bbox", ["", "1,2,3", "a,b,c,d", "3,2,1,4", "1,4,3,2", "nan,0,1,1", "-181,0,1,1", "0,0,1,inf"]
)
async def test_a_box_that_is_none_is_refused(client: Client, bbox: str) -> None:
    answer = await client.get("/v1/map/reports.geojson", params={"bbox": bbox})
    assert answer.status_code == 400
    assert answer.json()["fields"][0]["path"] == "bbox"


async def test_anybody_may_read_the_figures(client: Client) -> None:
    overview = (await client.get("/v1/statistics/overview", params={"by": "unit"})).json()
    assert overview["items"][0]["figures"]["open"] == {"value": 1}
    assert overview["total"]["figures"]["hours_to_resolve"] == {"value": None}
    definitions = (await client.get("/v1/statistics/definitions")).json()["items"]
    assert {figure["code"] for figure in definitions} == set(overview["total"]["figures"])


@pytest.mark.parametrize("query", [{"by": "colour"}, {"days": 0}, {"days": 367}, {"days": "x"}])
async def test_figures_that_nobody_keeps_are_refused(client: Client, query: Any) -> None:
    answer = await client.get("/v1/statistics/overview", params=query)
    assert answer.status_code == 400
