"""The real system on a folder of its own: the database, the API, the workers, and people."""

import asyncio
import random
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
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
from smartcity.identity.staff.passwords import Passwords
from smartcity.identity.staff.service import StaffService
from smartcity.identity.staff.store import SessionStore, StaffStore
from smartcity.settings import Settings, environment_of, load_settings
from smartcity.storage.embedded import EmbeddedMongo
from smartcity.storage.migrations import migrate
from smartcity.storage.mongo import Database, connect
from smartcity.storage.processes import free_port

HOST: Final = "127.0.0.1"
READY_S: Final = 60.0
PASSWORD: Final = "a password for one benchmark"

MORE_THAN_ANYBODY: Final = "100000000/minute"
LIMITS: Final = {
    f"limit_{what}": MORE_THAN_ANYBODY for what in ("devices", "reports", "actions", "reads")
}
"""The limits are on, so that counting costs what it costs; they are too wide to refuse anything."""


class System(msgspec.Struct, frozen=True):
    """What runs, and who may use it: the tokens of some devices, and one of a handler of all."""

    settings: Settings
    city: City
    database: Database
    devices: Sequence[str]
    handler: str


@asynccontextmanager
async def database(folder: Path, workers: int, pool: int) -> AsyncGenerator[tuple[Settings, Database]]:
    """A database with all indexes and nothing in it, and the settings of the whole system."""
    options = {"data_dir": str(folder), "host": HOST, "port": _port(), "workers": workers}
    settings = load_settings({**options, **LIMITS, "log_level": "warning"}, environment={})
    async with EmbeddedMongo(folder, cache_mb=settings.mongo_cache_mb) as mongo:
        settings = msgspec.structs.replace(settings, mongo_uri=mongo.uri)
        client, opened = connect(mongo.uri, settings.mongo_database, timeout_s=60, pool=pool)
        async with client:
            await migrate(opened, every_index(settings), MIGRATIONS, lambda _: None)
            yield settings, opened
