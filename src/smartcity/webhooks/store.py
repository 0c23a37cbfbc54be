"""Webhooks in MongoDB."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo import ReturnDocument

from smartcity.errors import NotFound
from smartcity.storage.mongo import Database, Document, from_document, if_found, to_document
from smartcity.webhooks.model import Place, State, Webhook

WEBHOOKS: Final = "webhooks"

PROGRESS: Final = ("place", "delivered_at", "failure", "next_at", "state", "paused")
"""What the sending changes of one."""


class WebhookStore:
    def __init__(self, database: Database) -> None:
        self._webhooks = database[WEBHOOKS]

    async def add(self, webhook: Webhook) -> None:
        await self._webhooks.insert_one(to_document(webhook))

    async def get(self, webhook: UUID) -> Webhook | None:
        return if_found(await self._webhooks.find_one({"_id": webhook}), Webhook)

    async def all(self) -> list[Webhook]:
        """In the order in which they were made."""
        return [from_document(d, Webhook) async for d in self._webhooks.find().sort("_id")]

    async def count(self) -> int:
        return await self._webhooks.count_documents({})

    async def change(self, webhook: UUID, fields: Document, *, secret: bool = False) -> Webhook:
        """Set what an administrator decided, or let it have another secret, whatever is being sent.
        Raises `NotFound`.
        """
        counts = {"revision": 1, "generation": 1} if secret else {"revision": 1}
        update: Document = {"$inc": counts} | ({"$set": fields} if fields else {})
        found = await self._webhooks.find_one_and_update(
            {"_id": webhook}, update, return_document=ReturnDocument.AFTER
        )
        if found is None:
            raise NotFound
        return from_document(found, Webhook)

    async def remove(self, webhook: UUID) -> bool:
        """False if it is not there."""
        return (await self._webhooks.delete_one({"_id": webhook})).deleted_count == 1

    # --- sending ---------------------------------------------------------------------------------

    async def due(self, at: datetime, last: Place, but: Collection[UUID]) -> list[Webhook]:
        """Those that something may be sent to now: active, not waiting after a failure, and not at
        the end of the feed.
        """
        found = self._webhooks.find(
            {
                "_id": {"$nin": list(but)},
                "state": State.ACTIVE.value,
                "next_at": {"$lte": at},
                "$or": [{"place.seq": {"$lt": last.seq}}, {"place.epoch": {"$ne": last.epoch}}],
            }
        )
        return [from_document(document, Webhook) async for document in found]

    async def save(self, webhook: Webhook, before: Place) -> bool:
        """How far it has heard since `before`, and how it fares. False if an administrator changed
        it meanwhile, whose decision then stands, or another process took it further.
        """
        told = to_document(webhook)
        done = await self._webhooks.update_one(
            {
                "_id": webhook.id,
                "revision": webhook.revision,
                "place.epoch": before.epoch,
                "place.seq": before.seq,
            },
            {"$set": {name: told[name] for name in PROGRESS}},
        )
        return done.matched_count == 1
