"""How often a wrong secret may be tried, over all processes and restarts."""

from datetime import timedelta
from typing import Final

from limits import RateLimitItem, parse

from smartcity.clock import now
from smartcity.errors import TooManyRequests
from smartcity.identifiers import digest_of
from smartcity.identity.attempts.store import AttemptStore
from smartcity.settings import Settings
from smartcity.storage.mongo import Database

LOG_IN: Final = "log_in"
"""The kind whose failures `limit_logins` bounds; those of kinds without a name here,
`limit_secrets`.
"""

GUESSER: Final = "guesser"
"""One address that tries secrets, whatever the code. Its `limit_guesses` is wider than that of a
code: a phone network has thousands behind one address.
"""


class Attempts:
    """Ask `check` before a secret is compared, and tell `failed` when it was wrong.

    `kind` says what is tried to be opened, `key` which one: a report's code; for a log-in the
    account and the address together, so that nobody can lock another one's account. Attempts that
    are under way at the same moment are counted only when they have failed: a few more than the
    limit may pass, never more than the processes work on at once.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._store = AttemptStore(database)
        self._limits = {
            LOG_IN: parse(settings.limit_logins),
            GUESSER: parse(settings.limit_guesses),
        }
        self._secrets = parse(settings.limit_secrets)

    async def check(self, kind: str, key: str) -> None:
        """Raises `TooManyRequests` after too many failures, right or wrong as the next may be."""
        at = now()
        failures, until = await self._store.counted(_name(kind, key), at)
        if failures >= self._limit(kind).amount:
            raise TooManyRequests(retry_after_s=(until - at).total_seconds())

    async def failed(self, kind: str, key: str) -> None:
        """Count one failure; the window begins with the first."""
        window = timedelta(seconds=self._limit(kind).get_expiry())
        await self._store.count(_name(kind, key), now(), window)

    def _limit(self, kind: str) -> RateLimitItem:
        return self._limits.get(kind, self._secrets)


def _name(kind: str, key: str) -> bytes:
    """The key may be an address or a person's number, so only a digest is kept."""
    return digest_of(kind.encode(), key.encode())
