"""What many ask for at the same moment, asked of the database once.

A command costs the driver some ten times what each further document in it does. So what comes right
behind a command is gathered for a moment, and the next one takes all of it. What comes alone goes
alone, and at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Final, Generic, TypeVar

from smartcity.storage.mongo import DatabaseError

asked = TypeVar("asked")
answered = TypeVar("answered")

MOST: Final = 100
"""So many go together at the most."""

AT_ONCE: Final = 8
"""So many commands are under way, as the database waits for its disk for several of them at once:
with two, a quarter fewer reports were taken in, and each waited longer.
"""

APART_S: Final = 0.004
"""So long after a command the next begins at the earliest: at half of what one process takes in,
the slowest of a hundred reports waits half as long as without.
"""


class Gathering(Generic[asked, answered]):
    """Makes of an operation on many the same operation on one.

    `together` answers for each that it is given, in their order. An answer that is an exception is
    raised for that one alone; what the database raises, for all of them. What cannot even be sent
    is found by asking for each by itself.
    """

    def __init__(
        self, together: Callable[[Sequence[asked]], Awaitable[Sequence[answered | Exception]]]
    ) -> None:
        self._together = together
        self._waiting: list[tuple[asked, asyncio.Future[answered]]] = []
        self._working: set[asyncio.Task[None]] = set()
        self._next_at = 0.0
        self._turning = False

    async def __call__(self, one: asked) -> answered:
        answer: asyncio.Future[answered] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, answer))
        if not self._turning and len(self._working) < AT_ONCE:
            self._working.add(asyncio.create_task(self._work()))
        return await answer

    async def _work(self) -> None:
        try:
            await self._answer_all()
        finally:
            # In the same breath, and in no callback: whoever asks again as soon as they are
            # answered would come before it, take us for working still, and wait for ever.
            task = asyncio.current_task()
            assert task is not None, "it is we"
            self._working.discard(task)

    async def _answer_all(self) -> None:
        while self._waiting and not self._turning:
            await self._turn()
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            answers = await self._answers([one for one, _ in batch])
            for (_, future), answer in zip(batch, answers, strict=True):
                if future.done():
                    continue  # whoever asked is gone
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    async def _turn(self) -> None:
        """Wait, as the only one, until the next command may begin."""
        clock = asyncio.get_running_loop().time
        self._turning = True
        try:
            await asyncio.sleep(self._next_at - clock())
        finally:
            self._turning = False
        self._next_at = clock() + APART_S

    async def _answers(self, batch: Sequence[asked]) -> Sequence[answered | Exception]:
        try:
            return await self._together(batch)
        except DatabaseError as error:
            return [error] * len(batch)
        except Exception as error:  # one that cannot even be sent: the others shall not suffer
            if len(batch) == 1:
                return [error]
            return [answer for one in batch for answer in await self._answers([one])]


def look_up(
    many: Callable[[Collection[asked]], Awaitable[Mapping[asked, answered]]],
) -> Gathering[asked, answered | None]:
    """A look-up of several by their keys, as one of a single key; none for what is not found."""

    async def together(keys: Sequence[asked]) -> list[answered | None]:
        found = await many(set(keys))
        return [found.get(key) for key in keys]

    return Gathering(together)
