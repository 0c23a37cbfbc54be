"""How a command comes to the database, whether `smartcity up` runs or not."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from smartcity.city import City
from smartcity.reports.codes import refuse_lost_codes
from smartcity.reports.lists.store import ReportLists
from smartcity.settings import Settings, SettingsError
from smartcity.storage.embedded import server_of
from smartcity.storage.mongo import Client, Database, connect
from smartcity.storage.owner import claim

OF_ANOTHER = (
    "the data there is {owner}'s, not {city}'s: give each city a --data-dir, or a "
    "SMARTCITY_MONGO_DATABASE, of its own"
)


@asynccontextmanager
async def open_database(
    settings: Settings, city: City | None = None
) -> AsyncGenerator[tuple[Client, Database]]:
    """The configured database; else that of the `smartcity up` which runs on the data folder; else
    one that is started for as long as this lasts.

    With a `city`, the data is that city's from now on. Raises `SettingsError` if it is another's,
    and `PackError` if its pack has lost what reports name.
    """
    if settings.mongo_uri:
        async with _connected(settings.mongo_uri, settings) as opened:
            await _claim(opened[1], city, settings)
            yield opened
    else:
        async with (
            server_of(settings.data_path, cache_mb=settings.mongo_cache_mb) as uri,
            _connected(uri, settings) as opened,
        ):
            await _claim(opened[1], city, settings)
            yield opened


async def _claim(database: Database, city: City | None, settings: Settings) -> None:
    if city is None:
        return
    if (owner := await claim(database, city.code)) != city.code:
        raise SettingsError(OF_ANOTHER.format(owner=owner, city=city.code))
    await refuse_lost_codes(ReportLists(database), city, settings.city_dir)


@asynccontextmanager
async def _connected(uri: str, settings: Settings) -> AsyncGenerator[tuple[Client, Database]]:
    client, database = connect(
        uri, settings.mongo_database, timeout_s=settings.mongo_timeout_s, pool=settings.mongo_pool
    )
    async with client:
        yield client, database
