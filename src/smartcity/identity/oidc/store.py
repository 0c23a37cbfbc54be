"""Which tokens were used, in MongoDB."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from smartcity.storage.mongo import Database

USED: Final = "oidc_used"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    USED: [IndexModel([("until", ASCENDING)], name="retention", expireAfterSeconds=0)]
}


class UsedTokenStore:
    def __init__(self, database: Database) -> None:
        self._used = database[USED]

    async def use(self, token: bytes, by: bytes, until: datetime) -> bool:
        """Note that a token was used. False if somebody else used it before."""
        try:
            await self._used.insert_one({"_id": token, "by": by, "until": until})
        except DuplicateKeyError:
            return await self._used.find_one({"_id": token, "by": by}) is not None
        return True
