"""Ends what goes on in the background, however often that takes."""

import asyncio
from collections.abc import Collection
from typing import Any, Final

AGAIN_S: Final = 0.5


async def end(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel tasks and wait until they have ended, whatever they end with.

    Once is not enough: until Python 3.12, `asyncio.wait_for` loses a cancellation that comes at the
    moment when it is done, and PyMongo makes its connections with it.
    """
    left: Collection[asyncio.Task[Any]] = [task for task in tasks if not task.done()]
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_S)
