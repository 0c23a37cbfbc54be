"""The public keys of one issuer: fetched, remembered, and fetched anew when they are changed.

Whoever logs in with a key that is remembered waits for nobody. A key id that is not known makes us
ask the issuer, at most once in `again_s` whatever arrives, and all who wait share that one answer.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import aiohttp
import msgspec
import structlog
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from smartcity.errors import Unavailable
from smartcity.identity.oidc.issuers import Issuer, is_safe

log = structlog.get_logger(__name__)

FETCH_S: Final = 5.0
"""Discovery and keys together take no longer."""

AGAIN_S: Final = 10.0
"""How soon an issuer may be asked again, whether it answered or not."""

REFRESH_S: Final = 3_600.0
"""How often keys are fetched though nobody asked: one that the issuer withdrew opens no longer."""

LASTS_S: Final = 86_400.0
"""How long keys are good when the issuer cannot be reached."""

LARGEST: Final = 262_144
"""Bytes of an answer."""

MOST_KEYS: Final = 100

SIGNING: Final = frozenset({"RSA", "EC", "OKP"})
"""Kinds of public keys; an `oct` among them would be a shared secret that all the world reads."""


class IssuerError(Exception):
    """The issuer cannot be reached, or does not answer as OpenID Connect Discovery says."""


Answer = TypeVar("Answer")


class Discovered(msgspec.Struct, frozen=True):
    issuer: str
    jwks_uri: str


class KeySet(msgspec.Struct, frozen=True):
    keys: list[dict[str, Any]]


class IssuerKeys:
    def __init__(self, issuer: Issuer, *, again_s: float = AGAIN_S) -> None:
        self._issuer = issuer
        self._again_s = again_s
        self._keys: Mapping[str | None, PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._turn = asyncio.Lock()

    async def find(self, key_id: str | None) -> PyJWK | None:
        """The key of an id; without an id the only key. None if the issuer has no such key.

        Raises `Unavailable` when its keys are not known and it does not answer.
        """
        if (key := self._remembered(key_id)) is not None:
            return key
        async with self._turn:
            if (key := self._remembered(key_id)) is not None:
                return key
            await self._fetch_if_due()
        if not self._are_good():
            raise Unavailable(retry_after_s=self._again_s)
        return self._remembered(key_id)

    async def refresh(self) -> None:
        """Fetch the keys anew. What is remembered stays if the issuer does not answer."""
        async with self._turn:
            await self._fetch_if_due()

    async def _fetch_if_due(self) -> None:
        if time.monotonic() - self._tried_at < self._again_s:
            return
        self._tried_at = time.monotonic()
        try:
            self._keys = await fetch_keys(self._issuer)
        except IssuerError as error:
            log.warning("identity provider", issuer=self._issuer.name, error=str(error))
        else:
            self._fetched_at = time.monotonic()

    def _remembered(self, key_id: str | None) -> PyJWK | None:
        if not self._are_good():
            return None
        if key_id is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(key_id)

    def _are_good(self) -> bool:
        return time.monotonic() - self._fetched_at < LASTS_S


async def fetch_keys(issuer: Issuer) -> dict[str | None, PyJWK]:
    """What the issuer publishes now. Raises `IssuerError`."""
    try:
        async with asyncio.timeout(FETCH_S), aiohttp.ClientSession() as session:
            address = issuer.jwks_uri or await _discover(session, issuer)
            found = await _get(session, address, KeySet)
    except (TimeoutError, aiohttp.ClientError, OSError, msgspec.MsgspecError) as error:
        raise IssuerError(repr(error)) from error
    return dict(key for data in found.keys[:MOST_KEYS] if (key := _key(data)) is not None)


async def _discover(session: aiohttp.ClientSession, issuer: Issuer) -> str:
    where = issuer.url.rstrip("/") + "/.well-known/openid-configuration"
    found = await _get(session, where, Discovered)
    if found.issuer != issuer.url:
        raise IssuerError(f"{where} speaks for {found.issuer}")
    if not is_safe(found.jwks_uri):
        raise IssuerError(f"{where} names keys at {urlsplit(found.jwks_uri).scheme}://")
    return found.jwks_uri


async def _get(session: aiohttp.ClientSession, address: str, kind: type[Answer]) -> Answer:
    async with session.get(address, allow_redirects=False) as answer:
        if answer.status != 200:
            raise IssuerError(f"{address} answered {answer.status}")
        body = bytearray()
        async for chunk in answer.content.iter_chunked(65_536):
            body += chunk
            if len(body) > LARGEST:
                raise IssuerError(f"{address} answered with more than {LARGEST} bytes")
    return msgspec.json.decode(bytes(body), type=kind)


def _key(data: dict[str, Any]) -> tuple[str | None, PyJWK] | None:
    """A key for signatures under its id; none for any other key, and for one we cannot read."""
    if data.get("kty") not in SIGNING or data.get("use", "sig") != "sig":
        return None
    key_id = data.get("kid")
    try:
        return (key_id if isinstance(key_id, str) else None), PyJWK(data)
    except PyJWTError:
        return None
