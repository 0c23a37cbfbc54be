"""The one door for tokens of every kind: whose they are, and what their holder is to the city."""

import time
from typing import Final, Protocol

from smartcity.identifiers import token_hash
from smartcity.identity.devices.model import PREFIX as DEVICE
from smartcity.identity.keys.model import PREFIX as KEY
from smartcity.identity.roles import Actor
from smartcity.identity.staff.model import PREFIX as SESSION

REMEMBERED_S: Final = 5.0
"""How long a token that was taken back may still open something."""

REMEMBERED: Final = 20_000
"""Tokens that are remembered at the most, known and unknown together."""

LONGEST: Final = 64
"""Characters; ours have 45."""


class Door(Protocol):
    """Who knows one kind of token by its hash."""

    async def actor(self, hashed: bytes) -> Actor | None: ...


class Credentials:
    """Asks the database at most once in `remembered_s` for a token, known or not."""

    def __init__(
        self,
        devices: Door,
        sessions: Door,
        keys: Door,
        *,
        remembered_s: float = REMEMBERED_S,
    ) -> None:
        self._doors = {DEVICE: devices.actor, SESSION: sessions.actor, KEY: keys.actor}
        self._remembered_s = remembered_s
        self._actors: dict[str, tuple[float, Actor | None]] = {}
        """In the order of asking, which is that of expiry: all are remembered equally long."""

    async def actor(self, token: str) -> Actor | None:
        """Whose token this is; none for one that is unknown, expired or taken back."""
        remembered = self._actors.get(token)
        if remembered is not None and time.monotonic() < remembered[0]:
            return remembered[1]
        door = self._doors.get(token[:2])
        if door is None or len(token) > LONGEST:
            return None
        actor = await door(token_hash(token))
        self._remember(token, actor)
        return actor

    def forget(self, token: str) -> None:
        """Ask again: what the token stands for has just changed."""
        self._actors.pop(token, None)

    def _remember(self, token: str, actor: Actor | None) -> None:
        self._actors.pop(token, None)
        while len(self._actors) >= REMEMBERED:
            del self._actors[next(iter(self._actors))]
        self._actors[token] = (time.monotonic() + self._remembered_s, actor)
