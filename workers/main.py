"""Begins and ends one worker process: each performs every duty, and leases decide who works."""

import asyncio
import signal
from collections.abc import Callable

from smartcity.city import load_city
from smartcity.composition import Composition
from smartcity.heap import keep_for_good
from smartcity.reports.codes import refuse_lost_codes
from smartcity.settings import Settings
from smartcity.storage.mongo import connect
from workers.crew.crew import Crew
from workers.crew.doors import opened
from workers.duty import until_done


async def run(settings: Settings) -> None:
    """Work until told to stop by a signal."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await work(settings, stop, composed=keep_for_good)


async def work(
    settings: Settings, stop: asyncio.Event, composed: Callable[[], None] = lambda: None
) -> None:
    """Perform every duty until `stop` is set. `composed` is called when all are there to begin."""
    client, database = connect(
        settings.mongo_uri,
        settings.mongo_database,
        timeout_s=settings.mongo_timeout_s,
        pool=settings.mongo_pool,
    )
    city = load_city(settings.city_dir)
    async with client, opened(settings, city) as doors:
        shared = Composition(settings, city, database)
        lists = shared.report_lists
        await until_done(lambda: refuse_lost_codes(lists, city, settings.city_dir), stop)
        crew = Crew(shared, doors)
        composed()
        await crew.work(stop)
