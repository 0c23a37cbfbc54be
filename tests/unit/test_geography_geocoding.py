from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from smartcity.city.model import Bounds
from smartcity.errors import Unavailable
from smartcity.geography.geocoding import Address, Geocoder
from smartcity.geography.nominatim import NominatimGeocoder

pytestmark = pytest.mark.anyio

BOUNDS = Bounds(west=105.2, south=20.5, east=106.1, north=21.4)
LAKE = {"display_name": "Hồ Hoàn Kiếm, Hà Nội", "lat": "21.0287", "lon": "105.8524"}


class Server:
    """A server that speaks Nominatim's protocol and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.answer: Any = LAKE
        self.status = 200
        self.headers: dict[str, str] = {}
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(
            {"path": request.path, "agent": request.headers["User-Agent"], **request.query}
        )
        return web.json_response(self.answer, status=self.status, headers=self.headers)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    standing_in = Server()
    app = web.Application()
    app.router.add_get("/{path:.*}", standing_in.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    standing_in.url = f"http://{host}:{port}/nominatim/"
    yield standing_in
    await runner.cleanup()


@pytest.fixture
async def geocoder(server: Server) -> AsyncIterator[Geocoder]:
    async with NominatimGeocoder(server.url, user_agent="SmartCity test", bounds=BOUNDS) as made:
        yield made


async def test_a_point_has_an_address_in_the_language_asked_for(
    server: Server, geocoder: Geocoder
) -> None:
    assert await geocoder.reverse(105.8524, 21.0287, "vi") == "Hồ Hoàn Kiếm, Hà Nội"
    (asked,) = server.asked
    assert asked["path"] == "/nominatim/reverse"
    assert asked["agent"] == "SmartCity test"
    assert asked["accept-language"] == "vi"
    assert (float(asked["lon"]), float(asked["lat"])) == (105.8524, 21.0287)


async def test_a_point_may_have_no_address(server: Server, geocoder: Geocoder) -> None:
    server.answer = {"error": "Unable to geocode"}
    assert await geocoder.reverse(105.8, 21.0, "vi") is None


async def test_an_address_is_searched_within_the_city(server: Server, geocoder: Geocoder) -> None:
    server.answer = [LAKE]
    assert await geocoder.search("Hồ Hoàn Kiếm", "vi") == [
        Address("Hồ Hoàn Kiếm, Hà Nội", 105.8524, 21.0287)
    ]
    (asked,) = server.asked
    assert asked["path"] == "/nominatim/search"
    assert asked["q"] == "Hồ Hoàn Kiếm"
    assert asked["bounded"] == "1"
    assert [float(n) for n in asked["viewbox"].split(",")] == [105.2, 20.5, 106.1, 21.4]


async def test_an_address_that_is_not_there_is_nowhere(server: Server, geocoder: Geocoder) -> None:
    server.answer = []
    assert await geocoder.search("Atlantis", "en") == []


async def test_a_service_that_asks_for_patience_says_how_long(
    server: Server, geocoder: Geocoder
) -> None:
    server.status, server.headers = 429, {"Retry-After": "7"}
    with pytest.raises(Unavailable) as caught:
        await geocoder.reverse(105.8, 21.0, "vi")
    assert caught.value.retry_after_s == 7


@pytest.mark.parametrize("status", [400, 403, 500, 503])
async def test_a_service_that_fails_is_unavailable(
    server: Server, geocoder: Geocoder, status: int
) -> None:
    server.status = status
    with pytest.raises(Unavailable) as caught:
        await geocoder.search("Hồ Hoàn Kiếm", "vi")
    assert caught.value.retry_after_s == 60


async def test_a_service_that_is_away_is_unavailable() -> None:
    async with NominatimGeocoder(
        "http://127.0.0.1:1", user_agent="SmartCity test", bounds=BOUNDS
    ) as geocoder:
        with pytest.raises(Unavailable):
            await geocoder.reverse(105.8, 21.0, "vi")
