# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""OAuth tokens of a service account."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol

import google.auth.transport.requests
import msgspec
import structlog
from google.auth.exceptions import GoogleAuthError

from smartcity.clock import now

log = structlog.get_logger(__name__)

EARLY: Final = timedelta(minutes=10)
"""So long before its end a token is replaced, while it is still good."""

LATE: Final = timedelta(seconds=30)
"""So long before its end it is not relied on any more."""

PATIENCE_S: Final = 10
"""So long a refresh may take."""

AGAIN_AFTER_S: Final = 10.0
"""A refresh that failed is not tried again sooner."""


class NoToken(Exception):
    """There is no access token at the moment, and why."""


class Credential(Protocol):
    """What google.auth calls so; its `expiry` is UTC without saying so."""

    token: str | None
    expiry: datetime | None

    def refresh(self, request: Any, /) -> None: ...


class _Token(msgspec.Struct, frozen=True):
    text: str
    until: datetime


class AccessTokens:
    """The current token, fetched in a thread: never by two at once, and nobody waits for a new one
    while the old one is good.
    """

    def __init__(self, credential: Credential) -> None:
        self._credential = credential
        self._request = partial(google.auth.transport.requests.Request(), timeout=PATIENCE_S)
        self._token: _Token | None = None
        self._fetching: asyncio.Future[_Token] | None = None
        self._failed_at = -AGAIN_AFTER_S

    async def current(self) -> str:
        """A token that is good for a while. Raises `NoToken`."""
        token = self._token
        if token is None or now() > token.until - EARLY:
            fetching = self._fetch()
            if token is None or now() > token.until - LATE:
                return (await self._waited(fetching)).text
        return token.text

    def refuse(self, text: str) -> None:
        """FCM did not take a token, whatever its time: the next one is new."""
        if self._token is not None and self._token.text == text:
            self._token = None

    def _fetch(self) -> asyncio.Future[_Token] | None:
        """The refresh under way, or a new one; none so soon after one that failed."""
        loop = asyncio.get_running_loop()
        if self._fetching is None and loop.time() - self._failed_at >= AGAIN_AFTER_S:
            self._fetching = loop.run_in_executor(None, self._refresh)
            self._fetching.add_done_callback(self._fetched)
        return self._fetching

    async def _waited(self, fetching: asyncio.Future[_Token] | None) -> _Token:
        if fetching is None:
            raise NoToken("the last refresh has just failed")
        try:
            # The thread cannot be stopped: it goes on, and until it ends no other one begins.
            async with asyncio.timeout(PATIENCE_S):
                return await asyncio.shield(fetching)
        except (GoogleAuthError, TimeoutError) as error:
            raise NoToken(str(error)) from error

    def _refresh(self) -> _Token:
        """In a thread."""
        self._credential.refresh(self._request)
        token, expiry = self._credential.token, self._credential.expiry
        assert token is not None, "it was just refreshed"
        assert expiry is not None, "the same"
        return _Token(token, expiry.replace(tzinfo=UTC))

    def _fetched(self, fetching: asyncio.Future[_Token]) -> None:
        self._fetching = None
        if fetching.cancelled():
            return
        if error := fetching.exception():
            self._failed_at = asyncio.get_running_loop().time()
            log.warning("no access token for push", error=str(error))
        else:
            self._token = fetching.result()
