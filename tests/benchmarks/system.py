"""The real system on a folder of its own: the database, the API, the workers, and people."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from smartcity.city import City, load_city
from smartcity.cli.schema import MIGRATIONS, every_index
from smartcity.cli.supervisor import Child
from smartcity.identity.devices.model import NewDevice, Platform
from smartcity.identity.devices.service import DeviceService
from smartcity.identity.devices.store import DeviceStore
from smartcity.identity.personal import PersonalData
from smartcity.identity.roles import Role
from smartcity.identity.staff.passwords import Passwords
from smartcity.identity.staff.service import StaffService
from smartcity.identity.staff.store import SessionStore, StaffStore
from smartcity.settings import Settings, environment_of, load_settings
from smartcity.storage.embedded import EmbeddedMongo
from smartcity.storage.migrations import migrate
from smartcity.storage.mongo import Database, connect
from smartcity.storage.processes import free_port

HOST: Final = "127.0.0.1"
READY_S: Final = 120.0
PASSWORD: Final = "correct horse battery staple"

WIDE: Final = "100000000/minute"
LIMITS: Final = {f"limit_{of}": WIDE for of in ("devices", "reports", "actions", "reads")}
"""The limits are on, so that counting costs what it costs, and too wide to refuse anything."""


class People(msgspec.Struct, frozen=True):
    """Who uses the system: the tokens of some devices, and of a handler of every agency."""

    devices: Sequence[str]
    handler: str


@asynccontextmanager
async def database(folder: Path, processes: int, pool: int) -> AsyncGenerator[tuple[Settings, Database]]:
    """A database with all indexes and nothing in it, and the settings of the whole system."""
    settings = load_settings(
        {
            "data_dir": str(folder),
            "host": HOST,
            "port": free_port(HOST, 0),
            "workers": processes,
            "log_level": "warning",
            **LIMITS,
        },
        environment={},
    )
    settings.secret()
    async with EmbeddedMongo(folder, cache_mb=settings.mongo_cache_mb) as mongo:
        settings = msgspec.structs.replace(settings, mongo_uri=mongo.uri)
        client, opened = connect(mongo.uri, settings.mongo_database, timeout_s=60, pool=pool)
        async with client:
            await migrate(opened, every_index(settings), MIGRATIONS, lambda _: None)
            yield settings, opened


@asynccontextmanager
async def running(settings: Settings) -> AsyncGenerator[None]:
    """The workers and the API, as `smartcity up` starts them, until the body is done."""
    async with (
        child(settings, "smartcity.cli", "work"),
        child(settings, "smartcity.cli", "serve"),
    ):
        await until_it_answers(settings, "/health/ready")
        yield


@asynccontextmanager
async def child(settings: Settings, module: str, *words: str) -> AsyncGenerator[None]:
    """A process with these settings, ended when the body is done."""
    started = Child(module, [sys.executable, "-m", module, *words], environment_of(settings))
    await started.start()
    try:
        yield
    finally:
        await started.stop()


async def until_it_answers(settings: Settings, path: str) -> None:
    async with asyncio.timeout(READY_S), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"http://{HOST}:{settings.port}{path}") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass  # it does not listen yet
            await asyncio.sleep(0.1)


async def settle(settings: Settings, database: Database, devices: int) -> People:
    """Let some people move in."""
    city = load_city(settings.city_dir)
    service = DeviceService(DeviceStore(database), city)
    new = NewDevice(platform=Platform.ANDROID, language=city.languages[0])
    tokens = [(await service.register(new))[1] for _ in range(devices)]
    return People(tokens, await _handler(settings, database, city))


async def _handler(settings: Settings, database: Database, city: City) -> str:
    staff = StaffService(
        StaffStore(database),
        SessionStore(database),
        Passwords(),
        PersonalData(settings.secret()),
        city,
    )
    await staff.add("handler", PASSWORD, [Role.HANDLER], list(city.agencies))
    credentials = {"username": "handler", "password": PASSWORD}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://{HOST}:{settings.port}/v1/sessions", json=credentials) as answer,
    ):
        return (await answer.json())["token"]
