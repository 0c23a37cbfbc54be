"""How often a wrong secret may be tried, over all processes and restarts."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final
from weakref import WeakValueDictionary

from limits import RateLimitItem, parse

from smartcity.clock import now
from smartcity.errors import NotFound, TooManyRequests, Unauthenticated
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


CALLER_SEARCH: Final = "caller_search"
"""Phone numbers that one operator looks up, found or not; `limit_searches` bounds them."""

EMAIL_ASKED: Final = "email_asked"
"""Mails with a code, by who asked and by the address, which may be somebody else's; `limit_emails`
bounds them.
"""

ACCOUNT: Final = "account"
"""One account, wherever the guesses come from. Its `limit_account_logins` never binds addresses
from which the account was opened before (`staff.doors`), so it is no means to lock somebody out.
"""


class Attempts:
    """Compare a secret `in_turn`.

    `kind` says what is tried to be opened, `key` which one: a dossier's code; for a log-in the
    account and the address together, so that nobody can lock another one's account, and so for a
    receipt. More than the limit may fail only where several processes try at the same moment: by
    one each.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._store = AttemptStore(database)
        self._limits = {
            LOG_IN: parse(settings.limit_logins),
            GUESSER: parse(settings.limit_guesses),
            CALLER_SEARCH: parse(settings.limit_searches),
            EMAIL_ASKED: parse(settings.limit_emails),
            ACCOUNT: parse(settings.limit_account_logins),
        }
        self._secrets = parse(settings.limit_secrets)
        self._turns: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def in_turn(self, *tries: tuple[str, str]) -> AsyncGenerator[None]:
        """Compare a secret within, and raise `NotFound` or `Unauthenticated` if it is wrong: that
        counts as a failure of each kind and key.

        Who tries the same first one waits: a thousand at once would all pass before the first of
        them has failed. Raises `TooManyRequests` as `check` does.
        """
        async with self._turns.setdefault(_name(*tries[0]), asyncio.Lock()):
            await self.check_all(*tries)
            try:
                yield
            except (NotFound, Unauthenticated):
                for kind, key in tries:
                    await self.failed(kind, key)
                raise

    async def check(self, kind: str, key: str) -> None:
        """Raises `TooManyRequests` after too many failures, right or wrong as the next may be."""
        await self.check_all((kind, key))

    async def check_all(self, *tries: tuple[str, str]) -> None:
        """The same of several kinds and keys, in one question to the database."""
        at = now()
        known = await asyncio.gather(*(self._store.counted(_name(*one)) for one in tries))
        for (kind, _), counted in zip(tries, known, strict=True):
            if counted and counted.until > at and counted.failures >= self._limit(kind).amount:
                raise TooManyRequests(retry_after_s=(counted.until - at).total_seconds())

    async def failed(self, kind: str, key: str) -> None:
        """Count one failure; the window begins with the first."""
        window = timedelta(seconds=self._limit(kind).get_expiry())
        await self._store.count(_name(kind, key), now(), window)

    def _limit(self, kind: str) -> RateLimitItem:
        return self._limits.get(kind, self._secrets)


def _name(kind: str, key: str) -> bytes:
    """The key may be an address or a person's number, so only a digest is kept."""
    return digest_of(kind.encode(), key.encode())
