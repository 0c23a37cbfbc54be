"""Load over HTTP/1.1 from one process, cheap enough to leave the machine to what is measured.

Requests are bytes that were made before; an answer is cut out of what comes back, and nothing more
is parsed.
"""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar, cast

import msgspec

from tests.benchmarks.cpu import used_s

worker = TypeVar("worker")

WARM_UP_S: Final = 0.5

_LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length: *(\d+)\r\n")


class Unexpected(Exception):
    """An answer that the load was not made for: figures would mean nothing."""


class Connection(asyncio.Protocol):
    """A connection that is kept alive, with one request under way at the most."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.WriteTransport | None = None
        self._answer: asyncio.Future[bytes] | None = None
        self._buffer = b""
        self._expected = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    async def ask(self, request: bytes, status: int = 200) -> bytes:
        """The body of the answer. Raises `Unexpected` for one of another status."""
        assert self._transport is not None, "it is connected"
        self._expected = b"HTTP/1.1 %d" % status
        self._answer = self._loop.create_future()
        self._transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or self._answer is None:
            return
        length = _LENGTH.search(self._buffer, 0, end + 2)
        body = self._buffer[end + 4 :]
        if length is not None and len(body) < int(length[1]):
            return
        told, self._buffer = self._buffer, b""
        if self._answer.done():
            return
        if told.startswith(self._expected):
            self._answer.set_result(body)
        else:
            self._answer.set_exception(Unexpected(told[:1000].decode(errors="replace")))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Unexpected(f"connection lost: {exc}"))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


One = Callable[[Connection], Awaitable[object]]
"""One unit of the load: a request, or several that follow from each other."""


def each(requests: Iterator[bytes], status: int = 200) -> One:
    """One of these requests after the other."""
    return lambda connection: connection.ask(next(requests), status)


class Measured(msgspec.Struct, frozen=True):
    """How many a second, how long each took (in order of length), and the CPU that one cost, in all
    processes together.
    """

    rate: float
    times: Sequence[float]
    cpu_s: float

    def percentile_ms(self, percent: float) -> float:
        return self.times[min(len(self.times) - 1, int(len(self.times) * percent / 100))] * 1000


@asynccontextmanager
async def connections(host: str, port: int, count: int) -> AsyncGenerator[list[Connection]]:
    loop = asyncio.get_running_loop()
    opened = [(await loop.create_connection(Connection, host, port))[1] for _ in range(count)]
    try:
        yield opened
    finally:
        for connection in opened:
            connection.close()


async def at_full(
    workers: Sequence[worker], one: Callable[[worker], Awaitable[object]], seconds: float
) -> Measured:
    """As much as the workers get done, each beginning the next when it has done one."""
    done: list[tuple[float, float]] = []
    used = used_s()
    begin = time.perf_counter() + WARM_UP_S
    end = begin + seconds

    async def work(mine: worker) -> None:
        while (started := time.perf_counter()) < end:
            await one(mine)
            done.append((ended := time.perf_counter(), ended - started))

    async with asyncio.TaskGroup() as group:
        for mine in workers:
            group.create_task(work(mine))
    times = sorted(took for ended, took in done if begin <= ended <= end)
    return Measured(len(times) / seconds, times, (used_s() - used) / len(done))


async def at_rate(opened: Sequence[Connection], one: One, rate: float, seconds: float) -> Measured:
    """So many a second, whatever becomes of them.

    Each is timed from the moment it was due, so that one that had to wait for a connection is not
    taken for a quick one (coordinated omission).
    """
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in opened:
        idle.put_nowait(connection)
    times: list[float] = []
    used = used_s()
    begin = time.perf_counter()

    async def do(due: float) -> None:
        connection = await idle.get()
        await one(connection)
        times.append(time.perf_counter() - due)
        idle.put_nowait(connection)

    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            due = begin + number / rate
            if (left := due - time.perf_counter()) > 0:
                await asyncio.sleep(left)
            group.create_task(do(due))
    return _measured(times, begin, used)


async def one_by_one(connection: Connection, requests: Sequence[bytes]) -> Measured:
    """How long each takes while nothing else is asked."""
    times: list[float] = []
    used = used_s()
    begin = time.perf_counter()
    for request in requests:
        started = time.perf_counter()
        await connection.ask(request)
        times.append(time.perf_counter() - started)
    return _measured(times, begin, used)


def _measured(times: Sequence[float], begin: float, used: float) -> Measured:
    passed_s = time.perf_counter() - begin
    return Measured(len(times) / passed_s, sorted(times), (used_s() - used) / len(times))
