"""Choices in MongoDB; there is a document only for who chose something."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel

from smartcity.notifications.choices.model import Channels, Choices
from smartcity.notifications.model import Kind
from smartcity.storage.mongo import Database, Document, from_document

CHOICES: Final = "choices"

DIGEST: Final = "digest"
"""A field that only those documents have that name a channel for digests."""

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    CHOICES: [
        IndexModel(
            [(DIGEST, ASCENDING), ("_id", ASCENDING)],
            name="digest",
            partialFilterExpression={DIGEST: {"$exists": True}},
        )
    ]
}


class ChoiceStore:
    def __init__(self, database: Database) -> None:
        self._choices = database[CHOICES]

    async def of(self, persons: Collection[UUID]) -> dict[UUID, Choices]:
        """What each of them chose; who chose nothing has the defaults."""
        found = self._choices.find({"_id": {"$in": list(persons)}})
        chosen = {d["_id"]: from_document(d, Choices) for d in await found.to_list()}
        return {person: chosen.get(person) or Choices(id=person) for person in persons}

    async def change(self, person: UUID, channels: Mapping[Kind, Channels]) -> None:
        """Choose for these kinds; what was chosen for others stays."""
        if not channels:
            return
        chosen: Document = {f"channels.{kind}": some for kind, some in _kept(channels).items()}
        change: Document = {"$set": chosen}
        if channels.get(Kind.DIGEST):
            chosen[DIGEST] = True
        elif Kind.DIGEST in channels:
            change["$unset"] = {DIGEST: True}
        await self._choices.update_one({"_id": person}, change, upsert=True)

    async def begin(self, person: UUID, channels: Mapping[Kind, Channels]) -> None:
        """Choose for who chose nothing yet; what somebody chose stays."""
        chosen: Document = {"channels": _kept(channels)}
        if channels.get(Kind.DIGEST):
            chosen[DIGEST] = True
        await self._choices.update_one({"_id": person}, {"$setOnInsert": chosen}, upsert=True)

    async def want_digest(self, after: UUID | None, limit: int) -> list[UUID]:
        """Some of those who chose a channel for digests, by their ids, behind one of them."""
        wanting: Document = {DIGEST: True}
        if after is not None:
            wanting["_id"] = {"$gt": after}
        found = self._choices.find(wanting, {"_id": 1}).sort("_id").hint("digest").limit(limit)
        return [document["_id"] for document in await found.to_list()]

    async def remove(self, persons: Collection[UUID]) -> None:
        """Idempotent."""
        await self._choices.delete_many({"_id": {"$in": list(persons)}})


def _kept(channels: Mapping[Kind, Channels]) -> dict[str, list[str]]:
    return {
        kind.value: sorted(channel.value for channel in through)
        for kind, through in channels.items()
    }
