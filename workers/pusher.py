"""Sends what waits to be pushed: a pipeline that reads, sends and writes down at the same time.

Killed anywhere, it repeats at most what was in hand and not written down, under the same ids, and
the phones replace what they show. No claim is written: the lease holder is the only one.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

from smartcity.notifications.pace import Pace
from smartcity.notifications.push import Limit, PushMessage, PushResult, PushSender
from smartcity.storage.leases import Lease

IN_HAND: Final = 3000
"""So many are in memory at the most: read and not sent yet, on their way, or not written down. Less
than half of it leaves the lanes without work while a group is read and another written.
"""

LANES: Final = 512
"""So many are on their way at once: at 50 ms for an answer, 10,000 a second."""

GROUP: Final = 500
"""So many answers are written down at once, and for less room nothing is read."""

POLL_S: Final = 0.05
"""How soon what is answered is written down, and what is new is read, when it is less."""


class Source(Protocol):
    """Messages that wait to be sent, and what becomes of them. Only what a source wrote down
    outlives the process. One task takes and another settles, at the same time.
    """

    async def take(self, room: int) -> Sequence[PushMessage]:
        """Up to `room` that are due, longest waiting first, and none that is in hand, or was when
        this began.
        """
        ...

    async def settle(self, results: Sequence[tuple[PushMessage, PushResult]]) -> None:
        """Write down what became of these. They are not in hand any more."""
        ...

    def give_back(self) -> None:
        """Nothing is in hand any more: what was, is taken again when it is due."""
        ...


class Pusher:
    """Of several processes that run one, the lease holder sends. `sources`: the most urgent first;
    while it has something, what follows waits.
    """

    def __init__(
        self, sources: Sequence[Source], sender: PushSender, lease: Lease, pace: Pace
    ) -> None:
        self._sources = sources
        self._sender = sender
        self._lease = lease
        self._pace = pace
        self._finishing = False

    async def run_once(self) -> int:
        """Send what is due, and what becomes due meanwhile, and answer how many were taken in hand;
        0 without the lease.
        """
        if await self._lease.hold() is None:
            return 0
        run = Run(self._sources, self._sender, self._pace)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(run.write_down())
                try:
                    await self._go_on(run, tasks)
                finally:
                    run.stop()
        finally:
            for source in self._sources:
                source.give_back()
        return run.taken

    async def _go_on(self, run: "Run", tasks: asyncio.TaskGroup) -> None:
        while await self._lease.hold() is not None:  # else somebody else sends these now
            if self._finishing:
                run.drop_waiting()
            done = self._finishing or await run.refill()
            run.launch(tasks)
            if done and not run.in_hand:
                break
            await run.wait_for_room()

    def finish(self) -> None:
        """Take no more in hand: `run_once` comes back when what is on its way was answered."""
        self._finishing = True


class Run:
    """What is in hand in one run, source by source: waiting, on its way, answered."""

    def __init__(self, sources: Sequence[Source], sender: PushSender, pace: Pace) -> None:
        self._sources = sources
        self._sender = sender
        self._pace = pace
        self._waiting: list[deque[PushMessage]] = [deque() for _ in sources]
        self._answered: list[list[tuple[PushMessage, PushResult]]] = [[] for _ in sources]
        self._lanes: set[asyncio.Task[None]] = set()
        self._clock = asyncio.get_running_loop().time
        self._to_write_down = asyncio.Event()
        self._room = asyncio.Event()
        self._over = False
        self.in_hand = 0
        self.taken = 0

    async def refill(self) -> bool:
        """Read as much as there is room for, urgent things first, and nothing while nothing leaves.
        True: there is nothing else to read.
        """
        if self._pace.wait_s(self._clock()) > POLL_S:
            return True
        before = self.taken
        for place, (source, waiting) in enumerate(zip(self._sources, self._waiting, strict=True)):
            room = IN_HAND - place * GROUP - self.in_hand  # some is kept for what is more urgent
            if room < GROUP:
                return False
            messages = await source.take(room)
            waiting.extend(messages)
            self.in_hand += len(messages)
            self.taken += len(messages)
        return self.taken == before

    def launch(self, tasks: asyncio.TaskGroup) -> None:
        """As many lanes as there is work for, if anything may leave."""
        if self._pace.wait_s(self._clock()) > 0:
            return
        waiting = sum(map(len, self._waiting))
        for _ in range(min(LANES - len(self._lanes), waiting)):
            lane = tasks.create_task(self._lane())
            self._lanes.add(lane)
            lane.add_done_callback(self._ended)

    async def write_down(self) -> None:
        """Write down what is answered, until the run is over and all of it was."""
        try:
            while not self._over or self._lanes or any(self._answered):
                await _soon(self._to_write_down)
                await self._settle()
        finally:
            self.drop_waiting()  # a lane may answer although it is cancelled: it finds nothing more

    async def wait_for_room(self) -> None:
        """For a moment at the most: something new may be due."""
        await _soon(self._room)

    def drop_waiting(self) -> None:
        """What was not sent yet is not in hand any more."""
        for waiting in self._waiting:
            self.in_hand -= len(waiting)
            waiting.clear()

    def stop(self) -> None:
        """Nothing leaves any more; what was answered is still written down."""
        self._over = True
        self.drop_waiting()
        for lane in self._lanes:
            lane.cancel()
        self._to_write_down.set()

    async def _settle(self) -> None:
        for place, source in enumerate(self._sources):
            answered, self._answered[place] = self._answered[place], []
            if answered:
                await source.settle(answered)
                self.in_hand -= len(answered)
                self._room.set()

    async def _lane(self) -> None:
        """One message after the other, the most urgent first, as fast as the pace allows."""
        while (place := self._first()) is not None:
            message = self._waiting[place].popleft()
            (result,) = await self._sender.send([message])
            if result.limit is Limit.PROJECT:
                self._pace.refuse(result.retry_after_s or 0.0, self._clock())
            answered = self._answered[place]
            answered.append((message, result))
            if len(answered) == GROUP:
                self._to_write_down.set()

    def _first(self) -> int | None:
        for place, waiting in enumerate(self._waiting):
            if waiting:
                return place if self._pace.take(self._clock()) else None
        return None

    def _ended(self, lane: asyncio.Task[None]) -> None:
        self._lanes.discard(lane)
        if not self._lanes:
            self._to_write_down.set()


async def _soon(event: asyncio.Event) -> None:
    """Wait for it, for a moment at the most, and forget it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(POLL_S):
            await event.wait()
    event.clear()
