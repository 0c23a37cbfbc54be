"""Choices in MongoDB; there is a document only for who chose something."""

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from smartcity.notifications.choices.model import Channels, Choices
from smartcity.notifications.model import Kind
from smartcity.storage.mongo import Database, from_document

CHOICES: Final = "choices"


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
        if channels:
            chosen = {f"channels.{kind}": through for kind, through in _kept(channels).items()}
            await self._choices.update_one({"_id": person}, {"$set": chosen}, upsert=True)

    async def begin(self, person: UUID, channels: Mapping[Kind, Channels]) -> None:
        """Choose for who chose nothing yet; what somebody chose stays."""
        chosen = {"channels": _kept(channels)}
        await self._choices.update_one({"_id": person}, {"$setOnInsert": chosen}, upsert=True)

    async def remove(self, persons: Collection[UUID]) -> None:
        """Idempotent."""
        await self._choices.delete_many({"_id": {"$in": list(persons)}})


def _kept(channels: Mapping[Kind, Channels]) -> dict[str, list[str]]:
    return {
        kind.value: sorted(channel.value for channel in through)
        for kind, through in channels.items()
    }
