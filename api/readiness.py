"""Whether this process can do its work."""

from enum import StrEnum, auto

from smartcity.errors import Unavailable
from smartcity.storage.mongo import Database

RETRY_AFTER_S = 2.0


class Kept(StrEnum):
    """What a process keeps in memory."""

    AREAS = auto()
    ALERTS = auto()
    PINS = auto()


class Readiness:
    """Knows what is loaded, in the order in which it comes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._loaded: set[Kept] = set()

    def mark(self, kept: Kept) -> None:
        """It is loaded, for as long as the process lives."""
        self._loaded.add(kept)

    def require(self, kept: Kept) -> None:
        """Raise `Unavailable` until it is loaded: better no answer than half of the truth."""
        if kept not in self._loaded:
            raise Unavailable(retry_after_s=RETRY_AFTER_S)

    async def check(self) -> None:
        """Raise `Unavailable` until everything is loaded, and whenever the database is away."""
        for kept in Kept:
            self.require(kept)
        await self._database.command("ping")
