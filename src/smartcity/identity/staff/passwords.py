"""Password hashes, and the bound on how many are worked on at once."""

import asyncio
import secrets
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from smartcity.errors import Unavailable

AT_ONCE: Final = 2
"""Each takes a thread, 19 MiB and some 20 ms of a core."""

AT_THE_DOOR: Final = 50
"""Whoever comes when so many wait is asked to come back."""

answer_of = TypeVar("answer_of")


class Passwords:
    """Argon2id with the parameters of the OWASP Password Storage Cheat Sheet: 19 MiB, 2, 1.

    Both methods raise `Unavailable` when too many wait.
    """

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobodys = no_hash(self._hasher)

    async def hash(self, password: str) -> str:
        """What is kept of a password."""
        return await self._in_turn(self._hasher.hash, _typed(password))

    async def matches(self, password: str, kept: str | None) -> bool:
        """Whether the hash is the password's; as slow for an account that is not there (`None`)."""
        same = await self._in_turn(self._same, _typed(password), kept or self._nobodys)
        return same and kept is not None

    def _same(self, password: str, kept: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except VerifyMismatchError:
            return False

    async def _in_turn(self, work: Callable[..., answer_of], *given: str) -> answer_of:
        if self._waiting >= AT_THE_DOOR:
            raise Unavailable(retry_after_s=1)
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work, *given)
        finally:
            self._waiting -= 1


def no_hash(hasher: PasswordHasher) -> str:
    """Random bits in the form of a hash: as slow to compare as one, and no password's."""
    salt, bits = (
        b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (hasher.salt_len, hasher.hash_len)
    )
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${bits}"


def _typed(password: str) -> str:
    """Keyboards differ in how they compose letters with marks (NIST SP 800-63B-4: NFKC)."""
    return unicodedata.normalize("NFKC", password)
