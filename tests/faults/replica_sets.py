"""A database as production has it: three members, which choose a primary among themselves."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from smartcity.storage.binary import find_server
from smartcity.storage.processes import free_port
from smartcity.storage.replica_set import LOOPBACK, SET
from tests.faults.processes import Process, until

QUICK: Final = {"electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500}
"""A new primary stands within some three seconds; MongoDB's own default is ten and more."""


class ThreeServers:
    """Three servers on this machine, of which the primary may be killed again and again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = [_free_port() for _ in range(3)]
        self._members: dict[int, Process] = {}

    @property
    def uri(self) -> str:
        return f"mongodb://{','.join(map(_host, self._ports))}/?replicaSet={SET}"

    async def start(self) -> None:
        server = await find_server()
        for port in self._ports:
            data = self._folder / f"member-{port}"
            data.mkdir()
            words = {
                "--dbpath": data,
                "--port": port,
                "--bind_ip": LOOPBACK,
                "--replSet": SET,
                "--oplogSize": 64,
                "--wiredTigerCacheSizeGB": 0.25,
                "--setParameter": "shutdownTimeoutMillisForSignaledShutdown=0",
            }
            self._members[port] = Process(
                [server.path, *(str(word) for pair in words.items() for word in pair)],
                {},
                self._folder / f"mongod-{port}.log",
            )
            await self._members[port].start()
        members = [{"_id": n, "host": _host(port)} for n, port in enumerate(self._ports)]
        config = {"_id": SET, "members": members, "settings": QUICK}
        async with _direct(self._ports[0]) as client:
            await client.admin.command("replSetInitiate", config)
        await until(self._has_primary, "the members have chosen a primary")

    async def stop(self) -> None:
        await asyncio.gather(*(member.stop() for member in self._members.values()))

    async def kill_and_start(self) -> None:
        """Kill the primary. It comes back as a secondary of the one that the others choose."""
        await until(self._has_primary, "the members have chosen a primary")
        primary = await self._primary()
        assert primary, "it was just there"
        await self._members[primary].kill_and_start()

    async def _has_primary(self) -> bool:
        return await self._primary() is not None

    async def _primary(self) -> int | None:
        """The port of the member that takes writes."""
        for port in self._ports:
            with suppress(PyMongoError):
                async with _direct(port) as client:
                    if (await client.admin.command("hello"))["isWritablePrimary"]:
                        return port
        return None


def _direct(port: int) -> AsyncMongoClient[dict[str, Any]]:
    return AsyncMongoClient(LOOPBACK, port, directConnection=True, serverSelectionTimeoutMS=5000)


def _host(port: int) -> str:
    return f"{LOOPBACK}:{port}"


def _free_port() -> int:
    port = free_port(LOOPBACK, 0)
    assert port, "this machine has a port left"
    return port
