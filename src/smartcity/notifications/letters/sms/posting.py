"""The way to the gateway: one request a message, and what its answer means."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final, cast

import aiohttp
import msgspec
from yarl import URL

from smartcity.identity.phones import national_digits
from smartcity.notifications.letters.sms.gateway import (
    Answer,
    Gateway,
    Meaning,
    Numbers,
    OpenGateway,
    load_gateway,
)
from smartcity.notifications.letters.sms.model import Attempt, Fate, TextMessage
from smartcity.waits import asked_s

CONNECT_S: Final = 5.0
ANSWER_BYTES: Final = 16_384
"""An answer that is longer says nothing."""

SETUP: Final = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.PAYMENT_REQUIRED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
    }
)
"""Nothing is wrong with the message, but with how the gateway is asked, or with the account."""

MEANINGS: Final[Mapping[Meaning, Fate]] = {
    Meaning.TAKEN: Fate.TAKEN,
    Meaning.NEVER: Fate.NEVER,
    Meaning.LATER: Fate.LATER,
}


class GatewayDoor:
    """Speaks to one gateway. What it answers never holds a number, a text or a secret."""

    def __init__(self, opened: OpenGateway, session: aiohttp.ClientSession) -> None:
        self.per_second = opened.gateway.per_second
        self.repeats_dropped = opened.gateway.repeats_dropped
        self._gateway = opened.gateway
        self._secrets = opened.secrets
        self._session = session

    async def post(self, message: TextMessage) -> Attempt:
        """Try once. A redirection is not followed: the number would go to somebody else."""
        gateway = self._gateway
        values = {
            **self._secrets,
            "to": _written(message.to, gateway.numbers),
            "text": message.text,
            "id": str(message.id),
            "sender": gateway.sender,
        }
        try:
            async with self._session.request(
                gateway.method,
                gateway.url,
                headers=_filled(gateway.headers, values),
                params=_filled(gateway.query, values) or None,
                json=None if gateway.json is None else _filled(gateway.json, values),
                data=None if gateway.form is None else _filled(gateway.form, values),
                allow_redirects=False,
            ) as answer:
                body = await _read(answer)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return Attempt(Fate.LATER, type(error).__name__, whole=True)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # Its words may hold the address, and that the number.
            return Attempt(Fate.UNCLEAR, type(error).__name__)
        wait_s = asked_s(answer.headers.get("Retry-After")) or 0.0
        return meaning(gateway.answer, answer.status, body, wait_s)


def meaning(rules: Sequence[Answer], status: int, body: bytes, wait_s: float) -> Attempt:
    """What an answer means: the first rule that it meets, or else what its status says."""
    said = _json(body)
    for rule in rules:
        if status in rule.statuses and (rule.field is None or _at(said, rule.field) in rule.values):
            if rule.means is Meaning.TAKEN:
                return Attempt(Fate.TAKEN)
            return Attempt(MEANINGS[rule.means], rule.reason or _reason(rule, status, said), wait_s)
    reason = f"HTTP {status}"
    if 200 <= status < 300:
        if any(rule.means is Meaning.TAKEN for rule in rules):
            return Attempt(Fate.UNCLEAR, f"{reason}, with an answer that no rule knows", wait_s)
        return Attempt(Fate.TAKEN)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status in SETUP or 300 <= status < 400:
        return Attempt(Fate.LATER, reason, wait_s, whole=True)
    if status == HTTPStatus.SERVICE_UNAVAILABLE and wait_s:
        return Attempt(Fate.LATER, reason, wait_s, whole=True)
    if status >= 500 or status == HTTPStatus.REQUEST_TIMEOUT:
        return Attempt(Fate.UNCLEAR, reason, wait_s)
    return Attempt(Fate.NEVER, reason)


@asynccontextmanager
async def open_gateway(file: str, secret: str) -> AsyncGenerator[GatewayDoor | None]:
    """The way to the gateway that the settings `sms_gateway` and `sms_secret` name, if they do.
    Raises `GatewayError`.
    """
    opened = load_gateway(file, secret)
    if opened is None:
        yield None
        return
    async with open_door(opened) as door:
        yield door


@asynccontextmanager
async def open_door(opened: OpenGateway) -> AsyncGenerator[GatewayDoor]:
    """A way to the gateway for as long as this lasts."""
    # A connection for each message: on one that was kept, the client would repeat a GET by itself.
    connector = aiohttp.TCPConnector(force_close=True, limit=opened.gateway.per_second)
    timeout = aiohttp.ClientTimeout(total=opened.gateway.timeout_s, sock_connect=CONNECT_S)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "SmartCity"},
    ) as session:
        yield GatewayDoor(opened, session)


async def try_gateway(gateway: Gateway) -> None:
    """Connect as for a message, and ask for nothing: any request would be one. Raises `OSError`."""
    to = URL(gateway.url)
    async with asyncio.timeout(CONNECT_S):
        _, writer = await asyncio.open_connection(
            to.host, to.port, ssl=to.scheme == "https" or None
        )
    writer.transport.abort()
    await asyncio.sleep(0)  # what was cut is let go of in the loop's next round


def _filled(template: Any, values: Mapping[str, str]) -> Any:
    """The structure with its texts filled; what is filled in stays one text, whatever it holds."""
    if isinstance(template, str):
        return template.format_map(values)
    if isinstance(template, Mapping):
        named = cast(Mapping[str, Any], template)
        return {name: _filled(inner, values) for name, inner in named.items()}
    if isinstance(template, list):
        return [_filled(inner, values) for inner in cast(list[Any], template)]
    return template


def _written(number: str, how: Numbers) -> str:
    match how:
        case Numbers.E164:
            return number
        case Numbers.DIGITS:
            return number.removeprefix("+")
        case Numbers.NATIONAL:
            return national_digits(number)


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(ANSWER_BYTES):
        body += chunk
        if len(body) > ANSWER_BYTES:
            return b""
    return bytes(body)


def _json(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None


def _at(said: object, field: str) -> str | None:
    """What stands there, as a text: `100` and `"100"` are one, and so are `true` and `"true"`."""
    for name in field.split("."):
        if not isinstance(said, dict):
            return None
        said = cast(dict[str, object], said).get(name)
    if isinstance(said, bool):
        return str(said).lower()
    return str(said) if isinstance(said, str | int | float) else None


def _reason(rule: Answer, status: int, said: object) -> str:
    """Only of what the file itself names: an answer may repeat the number."""
    if rule.field is None:
        return f"HTTP {status}"
    return f"{rule.field} is {_at(said, rule.field)}"
