"""E-mail addresses in MongoDB; one for a person."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel

from smartcity.identity.emails.model import EmailAddress
from smartcity.storage.mongo import Database, from_document, if_found, to_document

EMAILS: Final = "emails"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    EMAILS: [IndexModel([("expires_at", ASCENDING)], name="retention", expireAfterSeconds=0)]
}


class EmailStore:
    def __init__(self, database: Database) -> None:
        self._emails = database[EMAILS]

    async def get(self, person: UUID) -> EmailAddress | None:
        return if_found(await self._emails.find_one({"_id": person}), EmailAddress)

    async def several(self, persons: Collection[UUID]) -> list[EmailAddress]:
        found = self._emails.find({"_id": {"$in": list(persons)}})
        return [from_document(document, EmailAddress) async for document in found]

    async def put(self, email: EmailAddress) -> None:
        """In the place of any other that the person had."""
        await self._emails.replace_one({"_id": email.id}, to_document(email), upsert=True)

    async def change(self, email: EmailAddress, fields: Mapping[str, Any]) -> bool:
        """Change an address that is still the one that was given then."""
        done = await self._emails.update_one(
            {"_id": email.id, "asked": email.asked}, {"$set": dict(fields)}
        )
        return done.matched_count == 1

    async def remove(self, persons: Collection[UUID]) -> None:
        """Idempotent."""
        await self._emails.delete_many({"_id": {"$in": list(persons)}})
