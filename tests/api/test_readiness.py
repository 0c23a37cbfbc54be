"""A process that has not loaded what it answers from says so; it never shows an empty city."""

from collections.abc import AsyncIterator

import httpx
import pytest

from api.app import create_app
from smartcity.settings import PROJECT, load_settings
from tests.api.town import connected

pytestmark = pytest.mark.anyio

NOBODY_THERE = "mongodb://127.0.0.1:9/?replicaSet=rs0"


@pytest.fixture(scope="module")
async def without_database(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[httpx.AsyncClient]:
    settings = load_settings(
        {
            "mongo_uri": NOBODY_THERE,
            "mongo_timeout_s": 0.5,
            "data_dir": str(tmp_path_factory.mktemp("away")),
            "city": str(PROJECT / "config" / "hanoi"),
        },
        environment={},
    )
    app = create_app(settings)
    async with app.lifespan(), connected(app) as http:
        yield http


@pytest.mark.parametrize(
    "path",
    [
        "/health/ready",
        "/v1/live",
        "/v1/map/tiles/12/3253/1803.mvt",
        "/v1/map/reports.geojson?bbox=105,20,106,21",
        "/v1/statistics/overview",
        "/v1/units?lat=21.03&lon=105.85",
        "/v1/reports",
    ],
)
async def test_it_asks_to_come_back_until_it_has_loaded_what_it_answers_from(
    without_database: httpx.AsyncClient, path: str
) -> None:
    answer = await without_database.get(path)
    assert answer.status_code == 503
    assert answer.json()["code"] == "unavailable"
    assert int(answer.headers["Retry-After"]) >= 1


async def test_it_is_alive_meanwhile(without_database: httpx.AsyncClient) -> None:
    assert (await without_database.get("/health/live")).status_code == 200
