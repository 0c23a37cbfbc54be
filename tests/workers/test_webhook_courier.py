"""A webhook on its way, while other things happen to it."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from smartcity.audit.records import AuditRecords
from smartcity.audit.store import AuditRecordStore
from smartcity.clock import now
from smartcity.feed.store import FeedStore
from smartcity.identifiers import new_id
from smartcity.storage.mongo import Database, to_document
from smartcity.webhooks import courier
from smartcity.webhooks.courier import Courier
from smartcity.webhooks.model import Place, Webhook
from smartcity.webhooks.posting import NotTaken
from smartcity.webhooks.store import WebhookStore
from tests.workers.notified import published

pytestmark = pytest.mark.anyio


class Taking:
    """A receiver that answers when it is let; then it takes a message, or does not."""

    def __init__(self, *, unwilling: bool = False) -> None:
        self.messages: list[dict[str, Any]] = []
        self.asked = asyncio.Event()
        self.let = asyncio.Event()
        self._unwilling = unwilling

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        self.messages.append(msgspec.json.decode(body))
        self.asked.set()
        await self.let.wait()
        if self._unwilling:
            raise NotTaken("HTTP 500")

    def cursors(self) -> list[int]:
        return [int(message["cursor"].rpartition("-")[2]) for message in self.messages]


@pytest.fixture
def store(database: Database) -> WebhookStore:
    return WebhookStore(database)


@pytest.fixture
async def webhook(database: Database, store: WebhookStore) -> Webhook:
    """One that has heard nothing yet of five events."""
    for seq in range(1, 6):
        event = to_document(published(seq).event)
        await database["feed"].insert_one({"_id": seq, "published_at": now(), "event": event})
    made = Webhook(
        id=new_id(),
        name="City operations",
        url="https://ops.example/",
        kinds=frozenset({"report.*"}),
        place=Place(await FeedStore(database).epoch(), 0),
        created_at=now(),
        next_at=now(),
    )
    await store.add(made)
    return made


def courier_of(database: Database, receiver: Taking) -> Courier:
    audit = AuditRecords(AuditRecordStore(database))
    return Courier(WebhookStore(database), FeedStore(database), receiver, audit, b"k" * 32)


@pytest.mark.parametrize("unwilling", [False, True])
async def test_a_worker_that_woke_up_too_late_takes_back_nothing_of_what_another_delivered(
    database: Database, store: WebhookStore, webhook: Webhook, unwilling: bool
) -> None:
    asleep, awake = Taking(unwilling=unwilling), Taking()
    awake.let.set()
    late = asyncio.create_task(courier_of(database, asleep).deliver(webhook))
    await asleep.asked.wait()
    await courier_of(database, awake).deliver(webhook)
    assert awake.cursors() == [1, 2, 3, 4, 5]
    delivered = await store.get(webhook.id)
    asleep.let.set()
    await late
    assert await store.get(webhook.id) == delivered


async def test_what_the_feed_drops_while_a_slow_system_is_told_is_said_to_be_missing(
    database: Database, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "BATCH", 1)
    slow = Taking()
    under_way = asyncio.create_task(courier_of(database, slow).deliver(webhook))
    await slow.asked.wait()
    await database["feed"].delete_many({"_id": {"$lte": 3}})
    slow.let.set()
    await under_way
    assert [message["type"] for message in slow.messages] == [
        "report.receive",
        "feed.reset",
        "report.receive",
        "report.receive",
    ]
    assert slow.cursors() == [1, 3, 4, 5]
