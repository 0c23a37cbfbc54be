"""Sends to the city's other systems what they have not heard, each by itself: one that is slow or
away holds up nobody else.
"""

import asyncio
from typing import Final
from uuid import UUID

import structlog

from smartcity.cancelling import end
from smartcity.clock import now
from smartcity.storage.leases import Lease
from smartcity.webhooks.courier import Courier
from smartcity.webhooks.model import Webhook
from smartcity.webhooks.service import Webhooks
from smartcity.webhooks.store import WebhookStore

log = structlog.get_logger(__name__)

POLL_S: Final = 0.5


class WebhookSender:
    """Of several processes that run one, the lease holder sends."""

    def __init__(
        self, webhooks: Webhooks, store: WebhookStore, courier: Courier, lease: Lease
    ) -> None:
        self._webhooks = webhooks
        self._store = store
        self._courier = courier
        self._lease = lease
        self._under_way: dict[UUID, asyncio.Task[None]] = {}

    async def run_once(self) -> int:
        """Begin with those that have something to hear, and answer how many they are."""
        if await self._lease.hold() is None:
            await self.stop()
            return 0
        end = await self._webhooks.end()
        due = await self._store.due(now(), end, self._under_way.keys())
        for webhook in due:
            self._under_way[webhook.id] = asyncio.create_task(self._deliver(webhook))
        return len(due)

    async def stop(self) -> None:
        """Leave what is under way to whoever has the lease next."""
        await end(*self._under_way.values())

    async def _deliver(self, webhook: Webhook) -> None:
        try:
            await self._courier.deliver(webhook)
        except Exception as error:  # the database may be away: the next round goes on
            log.warning("webhook not served", webhook=str(webhook.id), error=repr(error))
        finally:
            del self._under_way[webhook.id]
