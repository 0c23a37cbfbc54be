"""The real system on a folder of its own: the database, the API, the workers."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urljoin

import httpx
import msgspec

from smartcity.cli.schema import MIGRATIONS, every_index
from smartcity.cli.supervisor import Child
from smartcity.settings import Settings, environment_of, load_settings
from smartcity.storage.embedded import EmbeddedMongo
from smartcity.storage.migrations import migrate
from smartcity.storage.mongo import Database, connect
from smartcity.storage.processes import free_port

HOST: Final = "127.0.0.1"

WIDE: Final = "100000000/minute"
LIMITS: Final = {f"limit_{of}": WIDE for of in ("devices", "reports", "actions", "reads")}
"""The limits are on, so that counting costs what it costs, and too wide to refuse anything."""


@asynccontextmanager
async def empty_database(**options: Any) -> AsyncGenerator[tuple[Settings, Database]]:
    """A database with every index and nothing in it, and the settings of the system around it."""
    settings = load_settings({"host": HOST, "log_level": "warning", **LIMITS, **options}, {})
    async with EmbeddedMongo(settings.data_path, cache_mb=settings.mongo_cache_mb) as mongo:
        settings = msgspec.structs.replace(settings, mongo_uri=mongo.uri)
        client, database = connect(
            mongo.uri, settings.mongo_database, timeout_s=60, pool=settings.mongo_pool
        )
        async with client:
            await migrate(database, every_index(settings), MIGRATIONS, lambda _: None)
            yield settings, database


@asynccontextmanager
async def serving(
    settings: Settings, module: str, *words: str, ready: str = "", port: int | None = None
) -> AsyncGenerator[int]:
    """Run a module of ours in a process that ends with the body, and answer with its port.

    The body begins when `ready`, if there is one, answers 200: a path, or a whole address.
    """
    port = port or free_port(HOST, 0)
    assert port is not None, "the loopback has ports left"
    environment = environment_of(msgspec.structs.replace(settings, port=port))
    process = Child(module, [sys.executable, "-m", module, *words], environment)
    await process.start()
    ended = asyncio.ensure_future(process.wait())
    try:
        while ready and not await _answers(urljoin(f"http://{HOST}:{port}", ready)):
            assert not ended.done(), f"{module} ended; its reason stands above"
            await asyncio.sleep(0.1)
        yield port
    finally:
        ended.cancel()
        await process.stop()


async def _answers(address: str) -> bool:
    try:
        async with httpx.AsyncClient() as client:
            return (await client.get(address)).status_code == 200
    except httpx.TransportError:
        return False  # it does not listen yet
