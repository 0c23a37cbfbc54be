"""How far the round of reminders has come, in MongoDB."""

from typing import Final

from smartcity.dossiers.collecting.model import Round
from smartcity.storage.mongo import Database, if_found, to_document

ROUNDS: Final = "rounds"
COLLECTING: Final = "collecting"
"""The document."""


class RoundStore:
    def __init__(self, database: Database) -> None:
        self._rounds = database[ROUNDS]

    async def last(self) -> Round | None:
        return if_found(await self._rounds.find_one({"_id": COLLECTING}), Round)

    async def keep(self, after: Round) -> None:
        """Remember a place. Of two that go the same round either may be the last to write: all
        before its place was told.
        """
        await self._rounds.replace_one({"_id": COLLECTING}, to_document(after), upsert=True)
