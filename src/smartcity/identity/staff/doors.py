"""From where somebody has logged in before: there, no stranger's guessing shuts the door on them.

A guesser with many addresses meets a count of the whole account's failures. It shuts the account
for addresses that never opened it; its holder's own desk goes on as if nothing had happened.
"""

import hmac
from datetime import timedelta
from typing import Final

from smartcity.clock import now
from smartcity.identity.attempts.service import ACCOUNT, LOG_IN
from smartcity.identity.staff.store import DoorStore

KNOWN_FOR: Final = timedelta(days=90)
"""How long an address is known after the last log-in from there."""


class Doors:
    """`key` is the installation's secret: addresses are kept as keyed digests only."""

    def __init__(self, store: DoorStore, key: bytes) -> None:
        self._store = store
        self._key = key

    async def tries(self, account: str, address: str) -> list[tuple[str, str]]:
        """What a failed log-in counts against. `account` is the folded user name."""
        own = (LOG_IN, f"{account} {address}")
        if await self._store.is_known(self._digest(account, address), now()):
            return [own]
        return [own, (ACCOUNT, account)]

    async def opened(self, account: str, address: str) -> None:
        """Somebody logged in from there."""
        await self._store.remember(self._digest(account, address), now() + KNOWN_FOR)

    def _digest(self, account: str, address: str) -> bytes:
        return hmac.digest(self._key, f"door {account} {address}".encode(), "sha256")
