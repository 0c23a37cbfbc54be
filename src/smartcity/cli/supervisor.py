"""Keeps the parts of one machine running: a part that dies starts again, later each time."""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from smartcity.storage.binary import EmbeddedServerError
from smartcity.storage.processes import ends_with_parent, stop

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
STEADY_S: Final = 60.0
"""A part that ran for so long begins with the first pause again."""


class Part(Protocol):
    """Something that runs. `start` comes back when it does, `wait` when it has ended."""

    name: str

    async def start(self) -> None: ...
    async def wait(self) -> int: ...
    async def stop(self) -> None: ...


class Child:
    """A part that is a process of its own. It ends with us, and what it prints goes to stderr."""

    def __init__(
        self,
        name: str,
        words: Sequence[str],
        environment: Mapping[str, str],
        patience_s: float = 15.0,
    ) -> None:
        self.name = name
        self._words = words
        self._environment = environment
        self._patience_s = patience_s
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self._words,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            preexec_fn=ends_with_parent(),
            start_new_session=True,  # a Ctrl-C at the terminal is for us, who stop all in order
        )

    async def wait(self) -> int:
        assert self._process
        return await self._process.wait()

    async def stop(self) -> None:
        if self._process:
            await stop(self._process, self._patience_s)


class Supervisor:
    """Runs parts, and stops them in the reverse order of their start."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._parts: list[Part] = []
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self, part: Part) -> None:
        """Start a part and keep it running. Raises what its start raises."""
        self._parts.append(part)
        await part.start()
        self._keepers.append(asyncio.create_task(self._keep(part)))

    async def stop(self) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for part in reversed(self._parts):
            await part.stop()

    async def _keep(self, part: Part) -> None:
        clock = asyncio.get_running_loop().time
        pause = FIRST_PAUSE_S
        while True:
            since = clock()
            how = await self._end_of(part)
            if clock() - since > STEADY_S:
                pause = FIRST_PAUSE_S
            self._say(f"{part.name} {how}; it starts again in {pause:g} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
            try:
                await part.start()
            except (EmbeddedServerError, OSError) as error:
                self._say(f"{part.name}: {error}")

    async def _end_of(self, part: Part) -> str:
        code = await part.wait()
        return f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
