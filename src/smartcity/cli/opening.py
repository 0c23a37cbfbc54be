"""How a command comes to the database, whether `smartcity up` runs or not."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from smartcity.settings import Settings
from smartcity.storage.embedded import server_of
from smartcity.storage.mongo import Client, Database, connect


@asynccontextmanager
async def open_database(
    settings: Settings,
) -> AsyncGenerator[tuple[Client, Database]]:
    """The configured database; else that of the `smartcity up` which runs on the data folder; else
    one that is started for as long as this lasts.
    """
    if settings.mongo_uri:
        async with _connected(settings.mongo_uri, settings) as opened:
            yield opened
    else:
        async with (
            server_of(settings.data_path, cache_mb=settings.mongo_cache_mb) as uri,
            _connected(uri, settings) as opened,
        ):
            yield opened


@asynccontextmanager
async def _connected(uri: str, settings: Settings) -> AsyncGenerator[tuple[Client, Database]]:
    client, database = connect(
        uri, settings.mongo_database, timeout_s=settings.mongo_timeout_s, pool=settings.mongo_pool
    )
    async with client:
        yield client, database
