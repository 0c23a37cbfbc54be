"""Who of several processes does a piece of work now.

A lease is one document: its holder, until when, and a fence that grows with every new holding.
Only the server's clock counts, so that processes whose clocks differ agree. Whoever works under a
lease puts its fence into the condition of what it writes: a process that slept for longer than its
lease and wakes up then writes nothing.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from smartcity.storage.mongo import Database, Document
from smartcity.storage.transactions import despite_abandoned

COLLECTION: Final = "leases"

SHORTEST_WAIT_S: Final = 1.0
"""A server that is busy may take as long for a write."""

written = TypeVar("written")


class Lease:
    """One holder's grip on the lease `name`. `holder` is unique to the process.

    Other fields of the document are left as they are: it may carry a counter of its own.
    """

    def __init__(self, database: Database, name: str, holder: str, lease_s: float) -> None:
        self.name = name
        self.holder = holder
        self.fence: int | None = None
        self._leases = database[COLLECTION]
        self._lease_s = lease_s
        self._held_since = 0.0

    async def acquire(self) -> int | None:
        """Take the lease if it is free or expired. Its fence; none while somebody else holds it."""
        asked = _monotonic()
        try:
            document = await self._write(self._take)
        except DuplicateKeyError:  # two made the document at once: now it is there
            document = await self._write(self._take)
        self.fence = document["fence"] if document["holder"] == self.holder else None
        self._held_since = asked
        return self.fence

    async def renew(self) -> bool:
        """Hold on for another `lease_s` seconds. False: it is lost, and what it stood for too."""
        asked = _monotonic()
        if not await self._write(self._prolong):
            self.fence = None
        self._held_since = asked
        return self.fence is not None

    async def hold(self) -> int | None:
        """The fence, if the lease is ours or can be: made to be asked often, it asks the server
        only when a third of the lease has passed, or somebody else has it.
        """
        if self.fence is not None and _monotonic() - self._held_since < self._lease_s / 3:
            return self.fence
        if self.fence is not None and await self.renew():
            return self.fence
        return await self.acquire()

    async def release(self) -> None:
        """Let go, so that the next need not wait until it expires."""
        if self.fence is None:
            return
        await self._leases.update_one(self._mine(), [{"$set": {"until": "$$NOW"}}])
        self.fence = None

    async def _write(self, write: Callable[[], Awaitable[written]]) -> written:
        """Do it, even if a process died in a transaction that wrote the document: it holds the
        publisher's counter.
        """
        patience_s = max(self._lease_s, SHORTEST_WAIT_S)
        return await despite_abandoned(self._leases.database, write, patience_s)

    async def _prolong(self) -> bool:
        renewed = await self._leases.update_one(
            {**self._mine(), "$expr": {"$gt": ["$until", "$$NOW"]}},
            [{"$set": {"until": self._later()}}],
        )
        return bool(renewed.matched_count)

    async def _take(self) -> Document:
        mine = {"$eq": ["$holder", {"$literal": self.holder}]}
        expired = {"$lte": [{"$ifNull": ["$until", "$$NOW"]}, "$$NOW"]}
        taken = await self._leases.find_one_and_update(
            {"_id": self.name},
            [
                {"$set": {"free": expired}},
                {
                    "$set": {
                        "holder": {"$cond": ["$free", {"$literal": self.holder}, "$holder"]},
                        "fence": {
                            "$cond": ["$free", {"$add": [{"$ifNull": ["$fence", 0]}, 1]}, "$fence"]
                        },
                    }
                },
                {"$set": {"until": {"$cond": [mine, self._later(), "$until"]}}},
                {"$unset": "free"},
            ],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        assert taken is not None, "an upsert leaves a document"
        return taken

    def _mine(self) -> Document:
        return {"_id": self.name, "holder": self.holder, "fence": self.fence}

    def _later(self) -> Document:
        return {
            "$dateAdd": {
                "startDate": "$$NOW",
                "unit": "millisecond",
                "amount": int(self._lease_s * 1000),
            }
        }


@asynccontextmanager
async def held(lease: Lease, patience_s: float) -> AsyncGenerator[int]:
    """Wait for a lease, keep it while the body runs, let it go.

    The body is cancelled when the lease is lost. Raises `TimeoutError` after `patience_s` seconds
    of waiting, and when the lease was lost.
    """
    async with asyncio.timeout(patience_s):
        while True:
            fence = await lease.acquire()
            if fence is not None:
                break
            await asyncio.sleep(0.2)
    try:
        async with asyncio.timeout(None) as body:
            keeping = asyncio.create_task(_keep(lease, fence))

            def lost(task: asyncio.Task[None]) -> None:
                if not task.cancelled():
                    task.exception()
                    body.reschedule(_monotonic())

            keeping.add_done_callback(lost)
            try:
                yield fence
            finally:
                keeping.cancel()
    finally:
        await lease.release()


async def _keep(lease: Lease, fence: int) -> None:
    while True:
        if await lease.hold() != fence:
            return
        await asyncio.sleep(0.1)


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
