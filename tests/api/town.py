"""A whole API over an empty database, and people who use it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx
from litestar import Litestar
from msgspec.structs import replace

from api.app import create_app
from smartcity.city import City, load_city
from smartcity.identity.personal import PersonalData
from smartcity.identity.staff.passwords import Passwords
from smartcity.identity.staff.service import StaffService
from smartcity.identity.staff.store import SessionStore, StaffStore
from smartcity.settings import PROJECT, Settings, load_settings
from smartcity.storage.mongo import Database
from tests.databases import emptied

PASSWORD = "correct horse battery staple"

Answer = httpx.Response


class OneHash(Passwords):
    """Each password is hashed once, however many accounts are given it."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, str] = {}

    async def hash(self, password: str) -> str:
        if password not in self._known:
            self._known[password] = await super().hash(password)
        return self._known[password]


PASSWORDS = OneHash()


class Town:
    """One city's API, asked over HTTP. `database` is for what no request can see."""

    def __init__(
        self, app: Litestar, http: httpx.AsyncClient, settings: Settings, database: Database
    ) -> None:
        self.app = app
        self.http = http
        self.settings = settings
        self.city = city_of(settings.city_dir)
        self.database = database

    async def device(self, language: str | None = None) -> "Person":
        answer = await self.http.post(
            "/v1/devices",
            json={"platform": "android", "language": language or self.city.languages[0]},
        )
        assert answer.status_code == 201, answer.text
        return Person(self.http, answer.json()["token"])

    async def staff(self, *roles: str, agencies: list[str] | None = None) -> "Person":
        secret = self.settings.secret()
        service = StaffService(
            StaffStore(self.database),
            SessionStore(self.database),
            PASSWORDS,
            PersonalData(secret),
            self.city,
        )
        name = f"{roles[0]}-{uuid4().hex[:6]}"
        await service.add(name, PASSWORD, roles, agencies or [])
        answer = await self.http.post("/v1/sessions", json={"username": name, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        self.http.cookies.clear()
        return Person(self.http, answer.json()["token"])

    async def until_areas_are_exact(self) -> None:
        """Wait for imported boundaries to take effect, as they must within seconds."""
        lon, lat = self.city.centre
        async with asyncio.timeout(10):
            while (await self.http.get(f"/v1/units?lat={lat}&lon={lon}")).json()["approximate"]:
                await asyncio.sleep(0.2)

    def again(self, person: "Person") -> "Person":
        """Somebody whom another town over the same data let in."""
        return Person(self.http, person.token)

    def nobody(self) -> "Person":
        return Person(self.http, None)


def city_of(pack: Path) -> City:
    """Read once if it is one of the project's; a test may change its own."""
    return _kept(pack) if pack.is_relative_to(PROJECT) else load_city(pack)


_kept = cache(load_city)


class Person:
    """Somebody with a token, or without."""

    def __init__(self, http: httpx.AsyncClient, token: str | None) -> None:
        self._http = http
        self.token = token
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def ask(self, method: str, path: str, **given: Any) -> Answer:
        headers = self._headers | given.pop("headers", {})
        return await self._http.request(method, path, headers=headers, **given)

    async def get(self, path: str, **given: Any) -> Answer:
        return await self.ask("GET", path, **given)

    async def submit(self, report: dict[str, Any], key: str | None = None) -> Answer:
        headers = {"Idempotency-Key": key or uuid4().hex}
        return await self.ask("POST", "/v1/reports", json=report, headers=headers)

    async def act(
        self,
        report: str,
        *steps: dict[str, Any],
        version: int | None = None,
        key: str | None = None,
        secret: str | None = None,
    ) -> Answer:
        headers = {
            name: value
            for name, value in (
                ("If-Match", f'"{version}"' if version is not None else None),
                ("Idempotency-Key", key),
                ("Receipt-Secret", secret),
            )
            if value is not None
        }
        body = steps[0] if len(steps) == 1 else list(steps)
        return await self.ask("POST", f"/v1/reports/{report}/actions", json=body, headers=headers)


@asynccontextmanager
async def town(
    mongo_uri: str, folder: Path, city: str = "hanoi", **options: Any
) -> AsyncGenerator[Town]:
    """A city's API with an empty database."""
    settings = load_settings(
        {
            "mongo_uri": mongo_uri,
            "data_dir": str(folder),
            "city": str(PROJECT / "config" / city),
            "rate_limits": "off",
            **options,
        },
        environment={},
    )
    async with (
        emptied(mongo_uri, settings) as database,
        _begun(replace(settings, mongo_database=database.name), database) as begun,
    ):
        yield begun


@asynccontextmanager
async def with_pack(town: Town, pack: str) -> AsyncGenerator[Town]:
    """The same town over the same data, after somebody changed its pack."""
    async with _begun(replace(town.settings, city=pack), town.database) as begun:
        yield begun


@asynccontextmanager
async def _begun(settings: Settings, database: Database) -> AsyncGenerator[Town]:
    app = create_app(settings)
    async with app.lifespan(), connected(app) as http:
        await until_ready(http)
        yield Town(app, http, settings, database)


async def until_ready(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(20):
        while (await http.get("/health/ready")).status_code == 503:
            await asyncio.sleep(0.01)


def connected(app: Litestar) -> httpx.AsyncClient:
    asgi = cast("Any", app)  # httpx takes a looser idea of ASGI than Litestar's
    transport = httpx.ASGITransport(app=asgi, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://town", timeout=30)
