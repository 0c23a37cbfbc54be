"""How a worker does one thing for ever: again and again, patient with a database that is away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog

log = structlog.get_logger(__name__)

LONGEST_PAUSE_S: Final = 10.0


def _nothing() -> None:
    return


async def _nothing_left() -> None:
    return


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """`run_once` does a batch and answers how much it was; nothing to do: `poll_s` until the next.

    A batch at least `full` large is followed by the next at once. When the process is to stop,
    `finish` makes a long batch come to its end, and `leave` lets go of what goes on behind it.
    """

    name: str
    run_once: Callable[[], Awaitable[int]]
    poll_s: float
    full: int = 1
    finish: Callable[[], None] = _nothing
    leave: Callable[[], Awaitable[None]] = _nothing_left


class Chore(msgspec.Struct, frozen=True):
    """What is done by the clock, every so many minutes."""

    minutes: int
    do: Callable[[], Awaitable[object]]


async def perform(duty: Duty, stop: asyncio.Event) -> None:
    """Perform a duty until told to stop. An error is logged and followed by a growing pause."""
    pause_s = duty.poll_s
    while not stop.is_set():
        try:
            done = await duty.run_once()
        except Exception as error:  # the duty must outlive any single failure
            pause_s = min(LONGEST_PAUSE_S, max(pause_s, 0.1) * 2)
            log.warning("duty failed", duty=duty.name, error=repr(error), again_in_s=pause_s)
        else:
            if done >= duty.full:
                continue
            pause_s = duty.poll_s
        await pause(stop, pause_s)


async def until_done(work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Do once what every duty needs, before any of them begins."""
    pause_s = 0.1
    while not stop.is_set():
        try:
            await work()
        except Exception as error:  # the database may be away for a while
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)
            log.warning("cannot begin", error=repr(error), again_in_s=pause_s)
        else:
            return
        await pause(stop, pause_s)


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Sleep, or wake up early to stop."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
