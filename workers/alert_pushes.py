"""The deliveries of alerts: the most urgent source of the pusher's."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from smartcity.alerts.deliveries.model import Delivery, DeliveryState
from smartcity.alerts.deliveries.planning import EXPIRED
from smartcity.alerts.deliveries.store import DeliveryStore, StragglerStore
from smartcity.alerts.lifecycle import DeliveryMode
from smartcity.clock import now
from smartcity.identity.devices.model import PushAddress
from smartcity.identity.devices.service import DeviceService
from smartcity.notifications.alerts import AlertNotice
from smartcity.notifications.push import (
    NOT_CONFIGURED,
    Outcome,
    PushMessage,
    PushResult,
)
from smartcity.notifications.retries import OUT_OF_TIME
from workers.addressees import Addressees
from workers.alert_walks import Walk
from workers.pusher import IN_HAND

MOST: Final = 500
"""So many deliveries are under way at once."""

Words = Callable[[str], AlertNotice]
"""What a message says, by language."""


class AlertPushes:
    """What presses goes before what goes by topic, and else in the order of publishing.

    A delivery that is stopped, by something newer or by the clock, is read no further. What was
    read of it already may still leave, which is never more than what is in hand.
    """

    def __init__(
        self,
        deliveries: DeliveryStore,
        stragglers: StragglerStore,
        devices: DeviceService,
        *,
        addressees: Callable[[Delivery], Addressees],
        words: Callable[[Delivery], Awaitable[Words]],
        configured: bool,
    ) -> None:
        self._deliveries = deliveries
        self._stragglers = stragglers
        self._devices = devices
        self._addressees = addressees
        self._words = words
        self._configured = configured
        self._walks: dict[UUID, Walk] = {}
        self._lost: set[UUID] = set()
        self._hand: dict[tuple[UUID, str], tuple[Walk, str]] = {}
        self._at_work = asyncio.Lock()
        """A walk is read on or written down, never both at once."""

    async def take(self, room: int) -> Sequence[PushMessage]:
        async with self._at_work:
            at = now()
            await self._look(at)
            messages: list[PushMessage] = []
            for walk in list(self._walks.values()):
                left = min(room - len(messages), IN_HAND - self._repeated_by_a_death())
                if left > 0:
                    for whom, message in await walk.take(left, at):
                        self._hand[_name(message)] = walk, whom
                        messages.append(message)
                if not walk.in_hand:
                    await self._write_down(walk, at)
            return messages

    async def settle(self, results: Sequence[tuple[PushMessage, PushResult]]) -> None:
        async with self._at_work:
            at = now()
            gone: list[PushAddress] = []
            told: defaultdict[Walk, list[tuple[str, PushResult]]] = defaultdict(list)
            for message, result in results:
                walk, whom = self._hand[_name(message)]
                told[walk].append((whom, result))
                if result.outcome is Outcome.GONE and isinstance(message.address, PushAddress):
                    gone.append(message.address)
            if gone:
                await self._devices.forget(gone)
            for walk, some in told.items():
                if self._walks.get(walk.delivery.id) is walk:
                    await walk.settle(some, at)
                    await self._write_down(walk, at)
            for message, _ in results:
                del self._hand[_name(message)]

    def give_back(self) -> None:
        self._walks.clear()
        self._lost.clear()
        self._hand.clear()

    async def _look(self, at: datetime) -> None:
        """What is under way now: whatever was stopped is not."""
        found = await self._deliveries.unfinished(MOST)
        walks: dict[UUID, Walk] = {}
        for delivery in sorted(found, key=lambda one: one.mode is not DeliveryMode.DIRECT):
            if delivery.id in self._lost:
                continue
            if reason := self._why_not(delivery, at):
                await self._stop(delivery.id, reason, at)
            else:
                walks[delivery.id] = self._walks.get(delivery.id) or await self._begin(delivery)
        for stopped in self._walks.keys() - walks.keys():
            await self._stragglers.give_up(stopped)
        self._walks = walks

    async def _begin(self, delivery: Delivery) -> Walk:
        walk = Walk(
            delivery,
            self._addressees(delivery),
            await self._words(delivery),
            self._deliveries,
            self._stragglers,
        )
        await walk.begin()
        return walk

    def _why_not(self, delivery: Delivery, at: datetime) -> str | None:
        """Why a delivery is to end before all were told, if it is."""
        if not self._configured:
            return NOT_CONFIGURED
        if at >= delivery.over_at:
            return EXPIRED if at >= delivery.until else OUT_OF_TIME
        return None

    async def _stop(self, delivery: UUID, reason: str, at: datetime) -> None:
        """Those who were still aside could not be told."""
        aside = await self._stragglers.count(delivery)
        await self._deliveries.end(delivery, DeliveryState.STOPPED, at, reason=reason, failed=aside)
        await self._stragglers.give_up(delivery)

    async def _write_down(self, walk: Walk, at: datetime) -> None:
        delivery = walk.delivery.id
        if not await walk.write_down(at):
            self._lost.add(delivery)
            del self._walks[delivery]
        elif walk.unsendable is not None:
            await self._stop(delivery, walk.unsendable, at)
            del self._walks[delivery]

    def _repeated_by_a_death(self) -> int:
        return sum(walk.in_hand for walk in self._walks.values())


def _name(message: PushMessage) -> tuple[UUID, str]:
    """By what a message in hand is known: those to topics have one id."""
    return message.id, message.address.value
