"""Processes that a test starts, kills, pauses and ends, and how it waits for what they do.

What a process says goes into a file of its own. Whatever is started here ends with the test, and
with the test run even if that is killed.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from smartcity.storage.embedded import EmbeddedMongo
from smartcity.storage.processes import ends_with_parent, stop

PATIENCE_S: Final = 30.0
STOP_S: Final = 10.0


async def until(
    true: Callable[[], Awaitable[bool]], what: str, patience_s: float = PATIENCE_S
) -> None:
    """Wait for something that should become true soon; `what` is told if it does not."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + patience_s
    while not await true():
        assert clock() < deadline, f"not within {patience_s:g} s: {what}"
        await asyncio.sleep(0.05)


def children(pid: int) -> list[int]:
    """The processes that another one started."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


class Process:
    """One process, which may be killed and started again."""

    def __init__(
        self, words: Sequence[str | Path], environment: Mapping[str, str], log: Path
    ) -> None:
        self._words = words
        self._environment = environment
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process, "it was started"
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._process is None or self._process.returncode is not None

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._words,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=ends_with_parent(),
            )

    async def wait(self) -> int:
        assert self._process, "it was started"
        async with asyncio.timeout(PATIENCE_S):
            return await self._process.wait()

    async def stop(self) -> None:
        if self._process and not self.has_ended:
            self.wake()
            await stop(self._process, STOP_S)

    async def kill_and_start(self) -> None:
        kill(self.pid)
        await self.wait()
        await self.start()

    def pause(self) -> None:
        """It stands still, as a machine does that has no memory or no power left."""
        os.kill(self.pid, signal.SIGSTOP)

    def wake(self) -> None:
        os.kill(self.pid, signal.SIGCONT)


class DatabaseServer(Protocol):
    """A database whose server, or one of them, can be killed and started again."""

    @property
    def uri(self) -> str: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def kill_and_start(self) -> None: ...


class OneServer:
    """The embedded server, with the test for its owner."""

    def __init__(self, folder: Path) -> None:
        self._server = EmbeddedMongo(folder)

    @property
    def uri(self) -> str:
        return self._server.uri

    async def start(self) -> None:
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()

    async def kill_and_start(self) -> None:
        assert self._server.pid, "it was started"
        kill(self._server.pid)
        await self._server.wait()
        await self._server.start()
