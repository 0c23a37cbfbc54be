"""The way to receivers: one request a message, which is taken or not."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import aiohttp
from yarl import URL

from smartcity.text import unnumbered
from smartcity.waits import asked_s
from smartcity.webhooks.destinations import Destinations, Network
from smartcity.webhooks.model import MOST
from smartcity.webhooks.names import Names

TIMEOUT_S: Final = 15.0
CONNECTIONS: Final = MOST
"""One for each webhook. Two that lead to the same host are as far apart as any."""

ANSWER_BYTES: Final = 4096
"""More of an answer is not read."""

AGENT: Final = {"Content-Type": "application/json", "User-Agent": "SmartCity"}


class NotTaken(Exception):
    """The receiver did not take a message; the text says why. `wait_s` is what it asked for."""

    def __init__(self, reason: str, *, wait_s: float = 0.0, for_good: bool = False) -> None:
        super().__init__(reason)
        self.wait_s = wait_s
        self.for_good = for_good


class Door:
    """Connections that lead only where `destinations` says."""

    def __init__(self, session: aiohttp.ClientSession, destinations: Destinations) -> None:
        self._session = session
        self._destinations = destinations

    async def post(self, url: URL, body: bytes, headers: Mapping[str, str]) -> None:
        """Raises `NotTaken`. A redirection is not followed: it is no answer of the receiver's."""
        try:
            self._destinations.check(url)
            async with self._session.post(
                url, data=body, headers={**AGENT, **headers}, allow_redirects=False
            ) as answer:
                await answer.content.read(ANSWER_BYTES)
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            raise NotTaken(_said(error)) from error
        if not 200 <= answer.status < 300:
            raise NotTaken(
                f"HTTP {answer.status}",
                wait_s=asked_s(answer.headers.get("Retry-After")) or 0.0,
                for_good=answer.status == HTTPStatus.GONE,
            )


class Doors:
    """Encrypted into the world, and in the clear only into the city's own networks."""

    def __init__(self, world: Door, inside: Door) -> None:
        self._world = world
        self._inside = inside

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Raises `NotTaken`."""
        to = URL(url)
        door = self._world if to.scheme == "https" else self._inside
        await door.post(to, body, headers)


@asynccontextmanager
async def open_doors(networks: Sequence[Network]) -> AsyncGenerator[Doors]:
    """The doors of one process; `networks` are the city's own that webhooks may lead to."""
    async with _open(networks, world=True) as world, _open(networks, world=False) as inside:
        yield Doors(world, inside)


@asynccontextmanager
async def _open(networks: Sequence[Network], *, world: bool) -> AsyncGenerator[Door]:
    destinations = Destinations(Names(CONNECTIONS), networks, world=world)
    # Whoever may be spoken to is asked for anew with each connection: no look-up is kept.
    connector = aiohttp.TCPConnector(resolver=destinations, use_dns_cache=False, limit=CONNECTIONS)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    try:
        async with aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # a small answer could be a very large one
        ) as session:
            yield Door(session, destinations)
    finally:
        await destinations.close()


def _said(error: Exception) -> str:
    """What an administrator reads of a failure, and the log: its kind, and what it says itself,
    but for the address, in which a secret may stand.
    """
    said = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    kind = type(error).__name__
    return unnumbered(f"{kind}: {said}" if said else kind)[:300]
