"""Follows the log in a process that keeps its state in memory: map pins, figures, live streams."""

from collections.abc import Callable, Sequence
from typing import Final

from smartcity.feed.event import Published
from smartcity.feed.store import FeedStore

Listener = Callable[[Sequence[Published]], None]

BATCH: Final = 1000


class FeedTail:
    """Hands everything behind a place to its listeners, each event once and in order."""

    def __init__(self, feed: FeedStore) -> None:
        self._feed = feed
        self._listeners: list[Listener] = []
        self.epoch = ""
        self.seq = 0

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    async def start(self) -> None:
        """Stand at the end of the log. What listeners load after this misses nothing."""
        self.epoch = await self._feed.epoch()
        self.seq = await self._feed.last_seq()

    async def run_once(self) -> int:
        events = await self._feed.after(self.seq, BATCH, self.epoch)
        if events:
            for listener in self._listeners:
                listener(events)
            self.seq = events[-1].seq
        return len(events)
