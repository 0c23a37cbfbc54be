"""One city's processes on a folder of their own: each by itself, or under `smartcity up`.

Everything is the real thing but Firebase, for which the stand-in stands. A failing test shows the
ends of what the processes said (`conftest.py`).
"""

import os
import sys
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol

import httpx
import msgspec

from smartcity.settings import PREFIX
from smartcity.storage.processes import command_line, free_port
from tests.faults.processes import DatabaseServer, OneServer, Process, children, kill, until

HOST: Final = "127.0.0.1"
COMMAND: Final = (sys.executable, "-m", "smartcity.cli")
LEASE_S: Final = 2
LOG_END: Final = 4000

PASSWORD: Final = "correct horse battery staple"


class Part(StrEnum):
    """What can be killed."""

    API = "api"  # Granian's parent; its worker process ends with it
    API_WORKER = "api worker"  # the parent starts another
    WORKER = "worker"
    DATABASE = "database"


class Installation(Protocol):
    """What a test does with either kind."""

    folder: Path
    address: str

    @property
    def mongo_uri(self) -> str: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    async def kill(self, part: Part) -> None:
        """`kill -9` it, and come back when it has been started again."""
        ...


class Apart:
    """Each process by itself, as on machines of their own."""

    def __init__(
        self, folder: Path, *, database: DatabaseServer | None = None, workers: int = 1, **more: Any
    ) -> None:
        self.folder = folder
        self.database = database or OneServer(folder)
        self.workers: list[Process] = []
        self._api: Process | None = None
        self._count = workers
        self._port = free_port(HOST, 0)
        self._more = more
        self.address = f"http://{HOST}:{self._port}"

    @property
    def mongo_uri(self) -> str:
        return self.database.uri

    async def start(self) -> None:
        await self.database.start()
        await self.command("migrate")
        self.workers = [self._process("work", f"work{n}") for n in range(self._count)]
        self._api = self._process("serve", "serve")
        for process in (*self.workers, self._api):
            await process.start()
        await until_ready(self.address)

    async def stop(self) -> None:
        for process in filter(None, (self._api, *self.workers)):
            await process.stop()
        await self.database.stop()

    async def kill(self, part: Part) -> None:
        assert self._api, "it was started"
        match part:
            case Part.API:
                await self._api.kill_and_start()
            case Part.API_WORKER:
                await kill_child(self._api.pid)
            case Part.WORKER:
                await self.workers[0].kill_and_start()
            case Part.DATABASE:
                await self.database.kill_and_start()

    async def command(self, *words: str) -> None:
        ...

    def _process(self, *words: str, log: str) -> Process:
        ...
