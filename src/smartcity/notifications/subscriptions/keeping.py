"""Keeps FCM's topics in step: a bounded batch at a time, which may be cut off anywhere and is then
done again, harmlessly.

An address changes hands when an app is installed anew. So what a device had for an address that is
not its own any more is ended, but for what the device has that holds the address now.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec
import structlog

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.identity.devices.model import PushAddress
from smartcity.identity.devices.service import DeviceService
from smartcity.notifications.push import Outcome, PushResult
from smartcity.notifications.subscriptions.model import Left, OutOfStep, Subscribed
from smartcity.notifications.subscriptions.store import SubscriptionStore
from smartcity.notifications.topics import AT_ONCE, Subscriber, topics_of

log = structlog.get_logger(__name__)

BATCH: Final = 1000
"""So many devices are looked at together: one call subscribes so many to one topic."""

CALLS: Final = 16
"""So many topics are changed at once."""

AGAIN_S: Final = 60.0
"""After so long a device is looked at again that FCM could not do then."""

LONGEST_PAUSE_S: Final = 600.0


class Change(msgspec.Struct, frozen=True):
    """One address, one topic: to have it, or to have it no more."""

    topic: str
    subscribe: bool
    address: PushAddress


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said of one device, and what FCM has of it then."""

    changes: frozenset[Change]
    has: Subscribed | None


class SubscriptionKeeper:
    """`may_go_on` is asked before each round of calls: somebody else may have taken over."""

    def __init__(
        self,
        store: SubscriptionStore,
        devices: DeviceService,
        city: City,
        subscriber: Subscriber,
        may_go_on: Callable[[], Awaitable[bool]],
    ) -> None:
        self._store = store
        self._devices = devices
        self._city = city
        self._subscriber = subscriber
        self._may_go_on = may_go_on
        self._failures = 0
        self._closed_until = 0.0

    async def run_once(self) -> int:
        """One batch. Answers how many devices it was."""
        if time.monotonic() < self._closed_until:
            return 0
        at = now()
        devices = await self._store.out_of_step(at, BATCH)
        left = await self._store.left(at, BATCH)
        if not devices and not left:
            return 0
        held = await self._held([*devices, *left])
        plans = {one.id: self._plan(one, held) for one in devices}
        ends = {one.id: _ends(one.subscribed, held, None) for one in left}
        await self._store.ask({one.id: asked for one in devices if (asked := _asked(one, plans))})
        changes = {change for plan in plans.values() for change in plan.changes}
        changes |= {change for some in ends.values() for change in some}
        results = await self._say(changes)
        await self._forget(results, devices)
        settled = {change for change, one in results.items() if one.outcome is not Outcome.RETRY}
        refused = {change for change, one in results.items() if one.outcome is Outcome.FAILED}
        done = [one for one in devices if plans[one.id].changes <= settled]
        await self._store.write([(one, _has(plans[one.id], refused)) for one in done])
        await self._store.write_left([one for one, some in ends.items() if some <= settled])
        tried = results.keys() - settled
        late = {one for one, plan in plans.items() if not plan.changes.isdisjoint(tried)}
        late |= {one for one, some in ends.items() if not some.isdisjoint(tried)}
        await self._store.later(late, at + timedelta(seconds=AGAIN_S))
        return len(devices) + len(left)

    def _wanted(self, one: OutOfStep) -> frozenset[str]:
        if one.push is None:
            return frozenset()
        return topics_of(one.units, one.language, self._city)

    async def _held(
        self, those: Iterable[OutOfStep | Left]
    ) -> Mapping[PushAddress, frozenset[str]]:
        """What those are to have who hold the addresses that were others' before."""
        before = {one.subscribed.address for one in those if one.subscribed is not None}
        holders = await self._store.holders(before)
        held: defaultdict[PushAddress, frozenset[str]] = defaultdict(frozenset)
        for one in holders:
            if one.push is not None:
                held[one.push] |= self._wanted(one)
        return held

    def _plan(self, one: OutOfStep, held: Mapping[PushAddress, frozenset[str]]) -> Plan:
        """What it had elsewhere goes first, and what it is to have here comes the next time: so
        there is never more than one address to remember.
        """
        had = one.subscribed
        if had is not None and had.address != one.push:
            return Plan(changes=_ends(had, held, None), has=None)
        if one.push is None:
            return Plan(changes=frozenset(), has=None)
        wanted = self._wanted(one)
        has = had.topics if had else frozenset[str]()
        begins = {Change(topic, True, one.push) for topic in wanted - has}
        ends = _ends(had, {}, wanted) if had else frozenset[Change]()
        return Plan(changes=ends | begins, has=Subscribed(address=one.push, topics=wanted))

    async def _say(self, changes: Iterable[Change]) -> Mapping[Change, PushResult]:
        """What became of them; without those that were not tried, because FCM is away."""
        alike: defaultdict[tuple[str, bool], list[Change]] = defaultdict(list)
        for change in changes:
            alike[change.topic, change.subscribe].append(change)
        calls = [
            some[start : start + AT_ONCE]
            for _, some in sorted(alike.items(), key=lambda one: one[0])
            for start in range(0, len(some), AT_ONCE)
        ]
        results: dict[Change, PushResult] = {}
        for start in range(0, len(calls), CALLS):
            if not await self._may_go_on():
                break
            said = await asyncio.gather(*(self._call(one) for one in calls[start : start + CALLS]))
            for one in said:
                results |= one
            told = [result for one in said for result in one.values()]
            if _refused_all(told):  # one phone's own topic says nothing of the others
                self._pause(told)
                break
            self._failures = 0
        return results

    async def _call(self, changes: Sequence[Change]) -> dict[Change, PushResult]:
        first = changes[0]
        told = await self._subscriber.change(
            first.topic, [one.address for one in changes], subscribe=first.subscribe
        )
        return dict(zip(changes, told, strict=True))

    def _pause(self, results: Sequence[PushResult]) -> None:
        self._failures += 1
        asked_s = max(one.retry_after_s or 0.0 for one in results)
        pause_s = max(asked_s, min(LONGEST_PAUSE_S, 2.0 ** min(self._failures, 16)))
        self._closed_until = time.monotonic() + pause_s
        reasons = sorted({one.reason or "" for one in results if one.outcome is Outcome.RETRY})
        log.warning("topics cannot be changed now", reasons=reasons, again_in_s=pause_s)

    async def _forget(
        self, results: Mapping[Change, PushResult], devices: Sequence[OutOfStep]
    ) -> None:
        """Addresses that reach nobody."""
        gone = {change.address for change, one in results.items() if one.outcome is Outcome.GONE}
        theirs = {one.push for one in devices if one.push is not None}
        if found := gone & theirs:
            await self._devices.forget(found)


def _ends(
    had: Subscribed, held: Mapping[PushAddress, frozenset[str]], wanted: frozenset[str] | None
) -> frozenset[Change]:
    """What is to end of what an address has: all but what is wanted, or else what its holder is to
    have.
    """
    stays = held.get(had.address, frozenset()) if wanted is None else wanted
    return frozenset(
        Change(topic, False, had.address) for topic in (had.topics | had.asked) - stays
    )


def _asked(one: OutOfStep, plans: Mapping[UUID, Plan]) -> Subscribed | None:
    """What is to be remembered before FCM is asked."""
    begins = frozenset(change.topic for change in plans[one.id].changes if change.subscribe)
    if one.push is None or not begins:
        return None
    had = one.subscribed or Subscribed(address=one.push)
    return msgspec.structs.replace(had, asked=had.asked | begins)


def _has(plan: Plan, refused: set[Change]) -> Subscribed | None:
    """What FCM has now; of what it refused for good, nothing, until something else changes."""
    if plan.has is None:
        return None
    never = {change.topic for change in plan.changes & refused if change.subscribe}
    return msgspec.structs.replace(plan.has, topics=plan.has.topics - never)


def _refused_all(results: Iterable[PushResult]) -> bool:
    return all(one.outcome is Outcome.RETRY for one in results)
