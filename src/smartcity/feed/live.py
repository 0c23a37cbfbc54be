"""The live stream: what the public may see of each event, to everybody who listens.

An event is encoded once, whoever listens. A listener is a place in the recent events and costs
nothing while nothing happens; one that fell behind what is kept in memory is served from the log.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from smartcity.city.model import Bounds
from smartcity.errors import Unavailable
from smartcity.feed.event import PublicState, Published
from smartcity.feed.store import FeedStore
from smartcity.feed.tail import FeedTail

RECENT: Final = 10_000
"""Events kept in memory."""

GATHER_S: Final = 0.25
"""What happens within this time is written at once."""

HEARTBEAT_S: Final = 15.0
"""A silent stream says where it stands, so that proxies keep it and a resume is short."""

LIFE_S: Final = 3600.0
"""A stream ends after an hour; the client comes back with its `Last-Event-ID`."""

RETRY_AFTER_S: Final = 5.0


class Interest(msgspec.Struct, frozen=True, kw_only=True):
    """What a listener wants to hear. Empty conditions hold always."""

    status: frozenset[str] = frozenset()
    category: frozenset[str] = frozenset()
    field: frozenset[str] = frozenset()
    unit: frozenset[str] = frozenset()
    agency: frozenset[str] = frozenset()
    bbox: Bounds | None = None
    """A state without a public point lies in none."""

    def holds(self, state: PublicState) -> bool:
        return (
            (not self.status or state.status in self.status)
            and (not self.category or state.category in self.category)
            and (not self.field or state.field in self.field)
            and (not self.unit or _concerns(state, self.unit))
            and (not self.agency or state.agency in self.agency)
            and (self.bbox is None or _inside(state, self.bbox))
        )


def _concerns(state: PublicState, units: frozenset[str]) -> bool:
    return state.everywhere or state.unit in units or not units.isdisjoint(state.units)


def _inside(state: PublicState, bbox: Bounds) -> bool:
    return state.lon is not None and state.lat is not None and bbox.contains(state.lon, state.lat)


class Frame(msgspec.Struct, frozen=True):
    """An event as it goes over the wire. Without a state it tells that something is gone, to
    everybody: nobody else knows who has it on a map.
    """

    seq: int
    state: PublicState | None
    text: bytes

    def concerns(self, interest: Interest) -> bool:
        return self.state is None or interest.holds(self.state)


class LiveStream:
    """The listeners of one process."""

    def __init__(self, feed: FeedStore, tail: FeedTail, limit: int) -> None:
        self._feed = feed
        self._tail = tail
        self._limit = limit
        self._recent: deque[Frame] = deque(maxlen=RECENT)
        self._from = 0
        self._news = asyncio.Event()
        self.listeners = 0

    def take(self, events: Sequence[Published]) -> None:
        """What the feed's tail brings."""
        for event in events:
            if frame := _frame(event):
                if len(self._recent) == RECENT:
                    self._from = self._recent[0].seq
                self._recent.append(frame)
        news, self._news = self._news, asyncio.Event()
        news.set()

    def start(self) -> None:
        """Stand where the tail stands: what is older is in the log."""
        self._from = self._tail.seq

    def admit(self) -> None:
        """Raise `Unavailable` when there are as many listeners as one process may have, and until
        it is known where the feed stands: whoever came before would be told to load all anew.
        """
        if self.listeners >= self._limit or not self._tail.epoch:
            raise Unavailable(retry_after_s=RETRY_AFTER_S)

    async def listen(self, interest: Interest, last_event_id: str | None) -> AsyncGenerator[bytes]:
        """Everything of interest behind `last_event_id`, or from now on, without a gap.

        A position of another epoch, or older than what is kept, is answered with `reset`: the
        client loads everything anew and goes on from here.
        """
        self.listeners += 1
        try:
            async for text in self._stream(interest, last_event_id):
                yield text
        finally:
            self.listeners -= 1

    async def _stream(self, interest: Interest, last_event_id: str | None) -> AsyncGenerator[bytes]:
        end = _time() + LIFE_S
        place = await self._place(last_event_id)
        if place is None:
            place = self._tail.seq
            yield self._mark("reset", place)
        # An id without data: whoever is cut off before the first event comes back to here.
        yield f"retry: 2000\nid: {self._tail.epoch}-{place}\n\n".encode()
        while _time() < end:
            news = self._news
            if place < self._from:
                frames, place = await self._from_log(place)
            else:
                frames, place = self._since(place), max(place, self._tail.seq)
            if wanted := [frame.text for frame in frames if frame.concerns(interest)]:
                yield b"".join(wanted)
            if place >= self._from:
                try:
                    await asyncio.wait_for(news.wait(), HEARTBEAT_S)
                    await asyncio.sleep(GATHER_S)
                except TimeoutError:
                    yield self._mark("heartbeat", place)

    def _since(self, place: int) -> list[Frame]:
        found: list[Frame] = []
        for frame in reversed(self._recent):
            if frame.seq <= place:
                break
            found.append(frame)
        found.reverse()
        return found

    async def _from_log(self, place: int) -> tuple[list[Frame], int]:
        events = await self._feed.after(place, 1000, self._tail.epoch)
        if not events:
            return [], self._from
        return [f for event in events if (f := _frame(event))], events[-1].seq

    async def _place(self, last_event_id: str | None) -> int | None:
        """The place to go on from; none if it is gone."""
        if last_event_id is None:
            return self._tail.seq
        epoch, _, digits = last_event_id.rpartition("-")
        if epoch != self._tail.epoch or not digits.isdecimal():
            return None
        seq = int(digits)
        if seq < self._from and seq + 1 < await self._feed.first_seq():
            return None
        # Another process may have told of events that our tail has not seen yet.
        if seq > self._tail.seq and seq > await self._feed.last_seq():
            return None
        return seq

    def _mark(self, name: str, seq: int) -> bytes:
        return f"id: {self._tail.epoch}-{seq}\nevent: {name}\ndata: {{}}\n\n".encode()


class _Message(msgspec.Struct, omit_defaults=True):
    topic: str
    action: str
    at: datetime
    state: PublicState


class _Gone(msgspec.Struct):
    topic: str
    id: UUID


def _frame(published: Published) -> Frame | None:
    """The event as the public may see it; none if it may not."""
    event = published.event
    if event.gone and event.subject is not None:
        data = msgspec.json.encode(_Gone(topic=event.topic, id=event.subject))
        head = f"id: {published.cursor}\nevent: gone\ndata: ".encode()
        return Frame(published.seq, None, head + data + b"\n\n")
    if event.public is None:
        return None
    data = msgspec.json.encode(
        _Message(topic=event.topic, action=event.action, at=event.at, state=event.public)
    )
    head = f"id: {published.cursor}\nevent: {event.topic}\ndata: ".encode()
    return Frame(published.seq, event.public, head + data + b"\n\n")


def _time() -> float:
    return asyncio.get_running_loop().time()
