"""One city's processes on a folder of their own: each by itself, or under `smartcity up`.

Everything is the real thing but Firebase, for which the stand-in stands. A failing test shows the
ends of what the processes said (`conftest.py`).
"""

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from pathlib import Path
from shutil import rmtree
from typing import Any, Final

import httpx

from smartcity.settings import PREFIX
from smartcity.storage.embedded import running_server
from smartcity.storage.processes import command_line, free_port
from tests.faults.processes import DatabaseServer, OneServer, Process, children, kill, until

HOST: Final = "127.0.0.1"
LEASE_S: Final = 2
APART_S: Final = 3
"""How far apart pushes about one report are: nobody waits a minute for a test."""

LOG_END: Final = 4000


class Part(StrEnum):
    """What can be killed."""

    API = "api"  # Granian's parent; its worker process ends with it
    API_WORKER = "api worker"  # the parent starts another
    WORKER = "worker"
    DATABASE = "database"


DESCENT: Final = {
    Part.API: ("serve",),
    Part.API_WORKER: ("serve", "serve"),
    Part.WORKER: ("work",),
    Part.DATABASE: ("--dbpath",),
}
"""How a part descends from `smartcity up`: a word of each command line on the way."""


class Installation(ABC):
    """What tests do with either kind. `more` are settings."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.folder = folder
        self.port = free_port(HOST, 0)
        self.address = f"http://{HOST}:{self.port}"
        self._settings = {
            "data_dir": folder,
            "port": self.port,
            "lease_s": LEASE_S,
            "rate_limits": "off",
            "push_apart_s": APART_S,
            "mongo_cache_mb": 256,
            **more,
        }

    @property
    @abstractmethod
    def mongo_uri(self) -> str: ...

    @abstractmethod
    async def start(self) -> None:
        """Come back when requests are answered."""

    @abstractmethod
    async def stop(self) -> None: ...

    @abstractmethod
    async def kill(self, part: Part) -> None:
        """`kill -9` it, and come back when it was started again."""

    async def command(self, *words: str, **variables: str) -> None:
        """Run one of our commands beside the processes, to its end."""
        process = self._process(*words, log=words[0], **variables)
        await process.start()
        assert await process.wait() == 0, f"smartcity {' '.join(words)}"

    def said(self) -> dict[str, str]:
        """The end of what each process said, by its name."""
        logs = [*self.folder.glob("*.log"), *self.folder.glob("mongo*/log")]
        return {
            str(log.relative_to(self.folder)): log.read_text(errors="replace")[-LOG_END:]
            for log in logs
        }

    def left(self) -> list[str]:
        """What still runs on the folder, as command lines."""
        mine = f"{PREFIX}DATA_DIR={self.folder}\0".encode()
        found: list[str] = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it ended while we looked, or is not ours to look at
                if mine in (process / "environ").read_bytes():
                    found.append(" ".join(command_line(int(process.name))))
        return found

    def _process(self, *words: str, log: str, **variables: str) -> Process:
        return Process(
            [sys.executable, "-m", "smartcity.cli", *words],
            self._environment() | variables,
            self.folder / f"{log}.log",
        )

    def _environment(self) -> dict[str, str]:
        """The test's own settings, whatever those are that the test run was started with."""
        ours = {f"{PREFIX}{name.upper()}": str(value) for name, value in self._settings.items()}
        return {name: v for name, v in os.environ.items() if not name.startswith(PREFIX)} | ours

    async def until_ready(self) -> None:
        """Come back when requests are answered."""
        async with httpx.AsyncClient(base_url=self.address) as http:

            async def ready() -> bool:
                with suppress(httpx.TransportError):
                    return (await http.get("/health/ready")).status_code == 200
                return False

            await until(ready, "the API is ready")


@asynccontextmanager
async def running(installation: Installation) -> AsyncGenerator[Installation]:
    """It runs; afterwards nothing of it is left."""
    try:
        await installation.start()
        yield installation
    except AssertionError as failure:
        failure.add_note("\n".join(f"{n} said: {text}" for n, text in installation.said().items()))
        raise
    finally:
        await installation.stop()
        left = installation.left()
        rmtree(installation.folder)
    assert not left, f"these outlived it: {left}"


class Apart(Installation):
    """Each process by itself, as on machines of their own."""

    def __init__(
        self, folder: Path, *, database: DatabaseServer | None = None, workers: int = 1, **more: Any
    ) -> None:
        super().__init__(folder, **more)
        self._database = database or OneServer(folder)
        self._count = workers
        self.workers: list[Process] = []
        self._api: Process | None = None

    @property
    def mongo_uri(self) -> str:
        return self._database.uri

    async def start(self) -> None:
        await self._database.start()
        self._settings["mongo_uri"] = self.mongo_uri
        await self.command("migrate")
        self._api = self._process("serve", log="serve")
        self.workers = [self._process("work", log=f"work-{n}") for n in range(self._count)]
        for process in (self._api, *self.workers):
            await process.start()
        await self.until_ready()

    async def stop(self) -> None:
        for process in filter(None, (self._api, *self.workers)):
            await process.stop()
        await self._database.stop()

    async def kill(self, part: Part) -> None:
        assert self._api, "it was started"
        match part:
            case Part.API:
                await self._api.kill_and_start()
            case Part.API_WORKER:
                await _replaced(self._api_worker)
            case Part.WORKER:
                await self.workers[0].kill_and_start()
            case Part.DATABASE:
                await self._database.kill_and_start()

    async def _api_worker(self) -> int:
        """The API's worker process. Granian gives up when one dies twice within some seconds: then
        it is for whatever keeps our processes to start it again.
        """
        assert self._api, "it was started"
        if self._api.has_ended:
            await self._api.start()
        return _child(self._api.pid, "serve")


class Supervised(Installation):
    """Everything under `smartcity up`, which starts again what dies."""

    def __init__(self, folder: Path, **more: Any) -> None:
        super().__init__(folder, **more)
        self._up = self._process("up", log="up")

    @property
    def mongo_uri(self) -> str:
        uri = running_server(self.folder)
        assert uri, "`smartcity up` tells where its database is"
        return uri

    async def start(self) -> None:
        await self._up.start()
        await self.until_ready()

    async def stop(self) -> None:
        await self._up.stop()

    async def kill(self, part: Part) -> None:
        async def find() -> int:
            pid = self._up.pid
            for word in DESCENT[part]:
                pid = _child(pid, word)
            return pid

        await _replaced(find)


async def _replaced(find: Callable[[], Awaitable[int]]) -> None:
    """Kill a process; come back when there is another in its place."""
    before = 0

    async def another() -> bool:
        return await find() not in {0, before}

    await until(another, "it runs")
    before = await find()
    kill(before)
    await until(another, "it was started again")


def _child(parent: int, word: str) -> int:
    """The child of a process with this word in its command line; 0 for none."""
    return next((pid for pid in children(parent) if word in command_line(pid)), 0)
