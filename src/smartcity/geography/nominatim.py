"""A geocoder that speaks Nominatim's protocol, over geopy: its one adapter.

The public server of OpenStreetMap allows one request a second and demands a user agent that names
who asks (its usage policy); a city with many reports runs its own.
"""

from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from geopy.adapters import AioHTTPAdapter
from geopy.exc import GeocoderServiceError
from geopy.geocoders import Nominatim

from smartcity.city.model import Bounds, City
from smartcity.errors import Unavailable
from smartcity.geography.geocoding import Address, Geocoder

FOUND: Final = 5
"""Answers to a search, at the most."""

RETRY_AFTER_S: Final = 60.0
"""When to ask again, if the service does not say."""

SERVICE: Final[Any] = Nominatim
"""geopy has no types, and those that its defaults suggest are wrong."""


@asynccontextmanager
async def open_geocoder(url: str, city: City) -> AsyncGenerator[Geocoder | None]:
    """The geocoder of the setting `geocoder_url`; none without one."""
    if not url:
        yield None
        return
    agent = f"smartcity-{city.code}"
    async with NominatimGeocoder(url, user_agent=agent, bounds=city.bounds) as geocoder:
        yield geocoder


class NominatimGeocoder:
    """Asks the server at `url`. An async context manager, which closes the connections."""

    def __init__(self, url: str, *, user_agent: str, bounds: Bounds, timeout_s: float = 5) -> None:
        address = urlsplit(url)
        self._service = SERVICE(
            scheme=address.scheme,
            domain=address.netloc + address.path,
            user_agent=user_agent,
            timeout=timeout_s,
            adapter_factory=AioHTTPAdapter,
        )
        self._viewbox = ((bounds.south, bounds.west), (bounds.north, bounds.east))

    async def __aenter__(self) -> Self:
        await self._service.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._service.__aexit__(kind, error, traceback)

    async def reverse(self, lon: float, lat: float, language: str) -> str | None:
        found = await _answer(
            self._service.reverse((lat, lon), language=language, addressdetails=False)
        )
        return None if found is None else str(found.address)

    async def search(self, text: str, language: str) -> list[Address]:
        found = await _answer(
            self._service.geocode(
                text,
                exactly_one=False,
                limit=FOUND,
                language=language,
                viewbox=self._viewbox,
                bounded=True,
            )
        )
        return [Address(str(f.address), float(f.longitude), float(f.latitude)) for f in found or ()]


async def _answer(question: Awaitable[Any]) -> Any:
    try:
        return await question
    except GeocoderServiceError as error:
        wait_s = getattr(error, "retry_after", None) or RETRY_AFTER_S
        raise Unavailable(retry_after_s=float(wait_s)) from error
