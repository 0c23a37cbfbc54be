"""What many ask for at the same time, asked of the database once.

A command costs the driver some ten times what a document in it costs. So while commands are under
way, what comes is gathered, and the next one takes all of it; nobody waits for company, and what
comes alone goes alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

asked = TypeVar("asked")
answered = TypeVar("answered")

MOST: Final = 100
"""So many go together at the most."""

AT_ONCE: Final = 2
"""So many commands are under way together: while the database works on one, we work on another."""


class Gathering(Generic[asked, answered]):
    """Turns an operation on many into one on each.

    `together` answers for each that it is given, in order; an answer that is an exception is raised
    for that one, and what `together` itself raises, for all.
    """

    def __init__(
        self, together: Callable[[Sequence[asked]], Awaitable[Sequence[answered | Exception]]]
    ) -> None:
        self._together = together
        self._waiting: list[tuple[asked, asyncio.Future[answered]]] = []
        self._working: set[asyncio.Task[None]] = set()

    async def __call__(self, one: asked) -> answered:
        """The answer for this one."""
        answer: asyncio.Future[answered] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, answer))
        if len(self._working) < AT_ONCE:
            task = asyncio.create_task(self._work())
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        return await answer

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                answers = await self._together([one for one, _ in batch])
            except Exception as error:
                answers = [error] * len(batch)
            for (_, future), answer in zip(batch, answers, strict=True):
                if future.done():
                    continue  # whoever asked has gone
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)
