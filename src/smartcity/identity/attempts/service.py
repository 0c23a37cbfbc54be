"""How often a wrong secret may be tried, over all processes and restarts."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from limits import parse

from smartcity.clock import now
from smartcity.errors import TooManyRequests
from smartcity.identifiers import digest_of
from smartcity.identity.attempts.store import AttemptStore
from smartcity.settings import Settings
from smartcity.storage.mongo import Database


class Attempt(StrEnum):
    """What somebody tries to open, and what the failures are counted by."""

    LOG_IN = "log_in"  # one account from one address: nobody can lock another one's account
    RECEIPT = "receipt"  # one report's code
    DOSSIER = "dossier"  # one dossier's code


LIMIT_OF: Final = {
    Attempt.LOG_IN: "limit_logins",
    Attempt.RECEIPT: "limit_secrets",
    Attempt.DOSSIER: "limit_secrets",
}
"""The setting that says how many failures are borne."""


class Attempts:
    """Ask `check` before a secret is compared, and tell `failed` when it was wrong.

    Attempts that are under way at the same moment are counted only when they have failed, so a few
    more than the limit may pass, never more than the processes work on at once.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._store = AttemptStore(database)
        self._limits = {kind: parse(getattr(settings, name)) for kind, name in LIMIT_OF.items()}

    async def check(self, kind: Attempt, key: str) -> None:
        """Raises `TooManyRequests` after too many failures, right or wrong as the next may be."""
        at = now()
        failures, until = await self._store.counted(_name(kind, key), at)
        if failures >= self._limits[kind].amount:
            raise TooManyRequests(retry_after_s=(until - at).total_seconds())

    async def failed(self, kind: Attempt, key: str) -> None:
        """Count one failure; the window begins with the first."""
        window = timedelta(seconds=self._limits[kind].get_expiry())
        await self._store.count(_name(kind, key), now(), window)


def _name(kind: Attempt, key: str) -> bytes:
    """The key itself may be an address or a person's number, so only its digest is kept."""
    return digest_of(kind.encode(), key.encode())
