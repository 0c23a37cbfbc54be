"""A process that has not loaded what it answers from says so; it never shows an empty city."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pymongo.errors import InvalidOperation

from api.app import create_app
from api.parts import Parts
from smartcity.identifiers import new_id
from smartcity.settings import PROJECT, Settings, load_settings
from tests.api.town import connected

pytestmark = pytest.mark.anyio

NOBODY_THERE = "mongodb://127.0.0.1:9/?replicaSet=rs0"


def _alone(folder: Path) -> Settings:
    return load_settings(
        {
            "mongo_uri": NOBODY_THERE,
            "mongo_timeout_s": 0.5,
            "data_dir": str(folder),
            "city": str(PROJECT / "config" / "hanoi"),
        },
        environment={},
    )


@pytest.fixture(scope="module")
async def without_database(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(_alone(tmp_path_factory.mktemp("away")))
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


async def test_an_app_that_ends_by_a_failure_lets_go_of_the_database(tmp_path: Path) -> None:
    parts = Parts(_alone(tmp_path))
    with pytest.raises(ExceptionGroup):
        async with parts.running(None):
            raise RuntimeError
    with pytest.raises(InvalidOperation, match="after close"):
        await parts.report_store.find(new_id())
