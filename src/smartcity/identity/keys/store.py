"""API keys in MongoDB."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from smartcity.identity.keys.model import Key
from smartcity.storage.mongo import Database, if_found, to_document

KEYS: Final = "keys"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    KEYS: [
        IndexModel([("token_hash", ASCENDING)], name="token", unique=True),
        IndexModel([("name", ASCENDING)], name="name", unique=True),
    ]
}


class KeyStore:
    def __init__(self, database: Database) -> None:
        self._keys = database[KEYS]

    async def add(self, key: Key) -> bool:
        """False if there is one of this name."""
        try:
            await self._keys.insert_one(to_document(key))
        except DuplicateKeyError:
            return False
        return True

    async def by_token(self, token_hash: bytes) -> Key | None:
        return if_found(await self._keys.find_one({"token_hash": token_hash}), Key)

    async def revoke(self, name: str, at: datetime) -> bool:
        """False if there is none of this name that still opens anything."""
        done = await self._keys.update_one(
            {"name": name, "revoked_at": None}, {"$set": {"revoked_at": at}}
        )
        return done.modified_count == 1
