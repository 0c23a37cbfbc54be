"""Somebody who listens to the live stream, as a browser's EventSource does."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final, Self

import httpx
import msgspec

from tests.faults.processes import until

PAUSE_S: Final = 0.2


class Heard(msgspec.Struct, frozen=True):
    """One event of the stream. `seq` is its place in the feed."""

    id: str
    name: str
    data: dict[str, Any]

    @property
    def seq(self) -> int:
        return int(self.id.rpartition("-")[2])


class Listener:
    """Listens while it is entered. Cut off, it comes back with the last id that it has seen.

    What came before the end of an event did not come (WHATWG HTML, section 9.2.6).
    """

    def __init__(self, address: str) -> None:
        self.heard: list[Heard] = []
        self.last_id: str | None = None
        self.connections = 0
        self._address = address
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        before = self.connections
        self._task = asyncio.create_task(self._listen())

        async def connected() -> bool:
            return self.connections > before

        await until(connected, "the stream is open")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task, "it was entered"
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def until_heard_of(self, report: str, action: str) -> None:
        async def heard() -> bool:
            return any(
                (one.data["state"]["id"], one.data["action"]) == (report, action)
                for one in self.heard
            )

        await until(heard, f"{action} is heard")

    async def _listen(self) -> None:
        timeout = httpx.Timeout(5, read=30)
        async with httpx.AsyncClient(base_url=self._address, timeout=timeout) as http:
            while True:
                with suppress(httpx.TransportError):  # cut off
                    await self._read(http)
                await asyncio.sleep(PAUSE_S)

    async def _read(self, http: httpx.AsyncClient) -> None:
        headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
        async with http.stream("GET", "/v1/live", headers=headers) as answer:
            if answer.status_code == 503:
                return
            assert answer.status_code == 200
            async for block in _blocks(answer):
                self._take(block)

    def _take(self, block: dict[str, str]) -> None:
        self.last_id = block.get("id", self.last_id)
        if "retry" in block:
            self.connections += 1
        if "data" in block and block["event"] != "heartbeat":
            assert self.last_id, "every event has an id"
            self.heard.append(Heard(self.last_id, block["event"], json.loads(block["data"])))


async def _blocks(answer: httpx.Response) -> AsyncIterator[dict[str, str]]:
    """The fields between two empty lines."""
    block: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            block[name] = value
        else:
            yield block
            block = {}
