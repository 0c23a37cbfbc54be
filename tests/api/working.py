"""The workers of a town, for what happens behind a request."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.api.town import Town
from workers.main import work


@asynccontextmanager
async def working(town: Town) -> AsyncGenerator[None]:
    """All duties of one worker, over the town's database."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(work(town.settings, stop))
        try:
            yield
        finally:
            stop.set()


async def until(true: Callable[[], Awaitable[bool]], patience_s: float = 30) -> None:
    """Wait for something to become true, as it must."""
    async with asyncio.timeout(patience_s):
        while not await true():
            await asyncio.sleep(0.05)
