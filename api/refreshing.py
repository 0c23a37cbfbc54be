"""What goes on behind the API for as long as it runs, patient with a database that is away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import structlog

log = structlog.get_logger(__name__)

LONGEST_PAUSE_S: Final = 5.0

Work = Callable[[], Awaitable[object]]


class Refreshed(Protocol):
    """What is kept in memory and read anew."""

    async def refresh(self) -> object: ...


class Paced(Refreshed, Protocol):
    """The same, where only itself knows how long reading it anew takes the database."""

    @property
    def pause_s(self) -> float: ...


async def until_done(work: Work) -> None:
    pause_s = 0.1
    while True:
        try:
            await work()
        except Exception as error:  # the database may be away for a while
            log.warning("work behind the API failed", error=repr(error), again_in_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)
        else:
            return


async def again_and_again(work: Work) -> None:
    while True:
        await until_done(work)


async def kept_fresh(part: Refreshed, every_s: float) -> None:
    while True:
        await until_done(part.refresh)
        await asyncio.sleep(every_s)


async def kept_fresh_in_turn(part: Paced) -> None:
    while True:
        await until_done(part.refresh)
        await asyncio.sleep(part.pause_s)
