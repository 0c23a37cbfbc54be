"""What figures are measured with."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

import msgspec

from smartcity.storage.mongo import Database
from tests.benchmarks.load import Connection, Measured, One, at_full, at_rate
from tests.benchmarks.population import Population
from tests.benchmarks.table import Row

Rows = AsyncGenerator[Row]


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """Connections to the system and to the floor's app, and who uses them."""

    system: Sequence[Connection]
    bare: Sequence[Connection]
    fcm: str
    """Where the stand-in for Firebase is."""
    database: Database
    people: Population
    seconds: float
    phones: int
    """So many are told of an alert."""
    kill_and_start_worker: Callable[[], Awaitable[None]]

    async def full(self, one: One) -> Measured:
        """As much of it as the system gets done."""
        return await at_full(self.system, one, self.seconds)

    async def half(self, one: One, full: Measured) -> Measured:
        """How long each takes at half of what the system gets done."""
        return await at_rate(self.system, one, full.rate / 2, self.seconds)

    async def floor_half(self, one: One, full: Measured) -> Measured:
        """How long each takes in the floor's app at that same rate."""
        return await at_rate(self.bare, one, full.rate / 2, self.seconds / 2)

    async def floor(self, one: One) -> Measured:
        """As much as the floor's app gets done."""
        return await at_full(self.bare, one, self.seconds / 2)

    async def driver(self, one: Callable[[], Awaitable[Any]]) -> Measured:
        """As much as the driver gets done here, with as many at once."""
        return await at_full(self.bare, lambda _: one(), self.seconds / 2)
