"""Whether this process can do its work."""

from smartcity.errors import Unavailable
from smartcity.storage.mongo import Database

RETRY_AFTER_S = 2.0


class Readiness:
    """Becomes true once the process has loaded what it keeps in memory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.loaded = False

    async def check(self) -> None:
        """Raise `Unavailable` until everything is loaded, and whenever the database is away."""
        if not self.loaded:
            raise Unavailable(retry_after_s=RETRY_AFTER_S)
        await self._database.command("ping")
