"""Keys are given to other systems, and taken back."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from smartcity.clock import now
from smartcity.errors import Conflict, FieldError, Invalid, NotFound
from smartcity.identifiers import new_id, new_token, token_hash
from smartcity.identity.keys.model import PREFIX, VALID_DAYS, Key
from smartcity.identity.keys.store import KeyStore
from smartcity.identity.roles import Actor, Role, Scope

NAME_LENGTH: Final = 100

MACHINE: Final = frozenset({Role.MACHINE})


class KeyService:
    def __init__(self, store: KeyStore) -> None:
        self._store = store

    async def add(self, name: str, scopes: Iterable[str]) -> str:
        """A new key, which is told once. Raises `Invalid`, and `Conflict` if the name is taken."""
        given = frozenset(scopes)
        _check(name, given)
        token, at = new_token(PREFIX), now()
        key = Key(
            id=new_id(),
            name=name,
            token_hash=token_hash(token),
            scopes=frozenset(Scope(scope) for scope in given),
            created_at=at,
            expires_at=at + timedelta(days=VALID_DAYS),
        )
        if not await self._store.add(key):
            raise Conflict(name=name)
        return token

    async def revoke(self, name: str) -> None:
        """Take a key back. Raises `NotFound`."""
        if not await self._store.revoke(name, now()):
            raise NotFound(name=name)

    async def actor(self, hashed: bytes) -> Actor | None:
        """Whose key this is, for `Credentials`."""
        key = await self._store.by_token(hashed)
        if key is None or key.revoked_at is not None or key.expires_at <= now():
            return None
        return Actor(roles=MACHINE, id=key.id, scopes=key.scopes)


def _check(name: str, scopes: frozenset[str]) -> None:
    wrong: list[FieldError] = []
    if not 1 <= len(name) <= NAME_LENGTH:
        wrong.append(FieldError("name", "length"))
    if not scopes:
        wrong.append(FieldError("scopes", "required"))
    if not scopes <= set(Scope):
        wrong.append(FieldError("scopes", "unknown"))
    if wrong:
        raise Invalid(*wrong)
