"""Sends the letters of one channel, envelope by envelope, and writes down what became of each.

Killed anywhere, it repeats at most the envelope that was on its way, under the same id: what goes
in one is written down before it leaves, and what became of it before the next.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from smartcity.cancelling import end
from smartcity.clock import now
from smartcity.notifications.letters.model import Envelope, Letter
from smartcity.notifications.letters.post import Destination, Post
from smartcity.notifications.letters.rules import ENCLOSED, in_envelopes
from smartcity.notifications.letters.store import LetterStore
from smartcity.notifications.model import STALE_AFTER, Push, PushState, Urgency
from smartcity.notifications.pace import Pace
from smartcity.notifications.push import Limit, Outcome, PushResult
from smartcity.notifications.retries import after, out_of_time, settled
from smartcity.storage.leases import Lease

log = structlog.get_logger(__name__)

BATCH: Final = 50
"""So many envelopes are made ready at a time."""

POLL_S: Final = 0.5

LONGEST_PAUSE_S: Final = 2.0
"""For longer than this no batch waits for its pace: it is left, and begun anew."""

AWAY_S: Final = 30.0
"""For so long nothing is sent after the carrier could send nothing, if it names no time."""

NO_ADDRESS: Final = "no address"


class LetterSender:
    """Of several processes that run one for a channel, the lease holder sends."""

    def __init__(self, post: Post, store: LetterStore, lease: Lease) -> None:
        self._post = post
        self._carrier = post.carrier
        self._addresses = post.addresses
        self._store = store
        self._lease = lease
        self._pace = Pace(post.per_second)
        self._finishing = False

    async def run_once(self) -> int:
        """Send a batch of what is due, and answer how many envelopes that were; 0 without the
        lease, and while nothing may leave.
        """
        if await self._lease.hold() is None or self._paused_s() > LONGEST_PAUSE_S:
            return 0
        sent = 0
        try:
            for envelope in await self._ready(now()):
                if not await self._may_leave():
                    break
                await self._deliver(envelope)
                sent += 1
        finally:
            await self._carrier.rest()
        return sent

    def finish(self) -> None:
        """Begin no other: `run_once` comes back when what is on its way was answered."""
        self._finishing = True

    async def _ready(self, at: datetime) -> Sequence[Envelope]:
        """What is due, urgent things first, each with what goes in its envelope."""
        due: list[Letter] = []
        for urgency in (Urgency.HIGH, Urgency.NORMAL):
            due += await self._store.due(self._post.channel, urgency, at, BATCH - len(due))
        are_due = {letter.id for letter in due}
        letters = {letter.id: letter for letter in due}
        if self._post.together:
            beside = await self._store.beside(due, BATCH * ENCLOSED)
            letters |= {letter.id: letter for letter in beside}
        envelopes = [
            envelope
            for envelope in in_envelopes(letters.values(), together=self._post.together)
            if any(letter.id in are_due for letter in envelope.letters)
        ]
        await self._store.enclose(envelopes)
        return envelopes

    async def _may_leave(self) -> bool:
        """Wait for the pace, and whether the lease is still ours then."""
        while not self._finishing and (pause_s := self._paused_s()) <= LONGEST_PAUSE_S:
            if self._pace.take(_monotonic()):
                return await self._lease.hold() is not None
            await asyncio.sleep(max(pause_s, 0.001))
        return False

    def _paused_s(self) -> float:
        return self._pace.wait_s(_monotonic())

    async def _deliver(self, envelope: Envelope) -> None:
        """One attempt. Where they go is asked now: who took an address away gets nothing more."""
        at = now()
        destinations = await self._addresses.of(envelope.letters)
        left: list[Letter] = []
        standing: dict[UUID, Push] = {}
        for letter in envelope.letters:
            if letter.created_at < at - STALE_AFTER:
                reason = out_of_time(letter.sending.reason)
                standing[letter.id] = settled(letter.sending, PushState.FAILED, reason)
            elif letter.id not in destinations:
                standing[letter.id] = settled(letter.sending, PushState.NONE, NO_ADDRESS)
            else:
                left.append(letter)
        if left:
            leaving = Envelope(envelope.id, tuple(left))
            result = await self._carried(leaving, destinations[left[0].id])
            if result is None:
                return
            standing |= await self._after(leaving, destinations, result)
        await self._store.record(standing)

    async def _carried(self, envelope: Envelope, to: Destination) -> PushResult | None:
        """What the carrier says; none if the lease was lost meanwhile: somebody else sends it."""
        carrying = asyncio.create_task(self._carrier.send(envelope, to))
        try:
            while not carrying.done():
                await asyncio.wait({carrying}, timeout=POLL_S)
                if not carrying.done() and await self._lease.hold() is None:
                    return None
        finally:
            await end(carrying)
        if error := carrying.exception():  # one that breaks its carrier must not stop the others
            log.warning("letter not carried", envelope=str(envelope.id), error=type(error).__name__)
            return PushResult(Outcome.RETRY, type(error).__name__)
        return carrying.result()

    async def _after(
        self, envelope: Envelope, destinations: Mapping[UUID, Destination], result: PushResult
    ) -> dict[UUID, Push]:
        """Where each letter stands now."""
        at = now()
        if result.limit is Limit.PROJECT:
            self._pace.refuse(result.retry_after_s or AWAY_S, _monotonic())
        if result.outcome is Outcome.GONE:
            first = envelope.letters[0]
            await self._addresses.fail(first, destinations[first.id].address)
        return {
            one.id: after(one.sending, envelope.id, result, since=one.created_at, at=at)
            for one in envelope.letters
        }


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
