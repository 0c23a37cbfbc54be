# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Sends messages to FCM: one request for each, over connections that are kept."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from firebase_admin import credentials as firebase_credentials
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from smartcity.notifications.fcm.answers import refusal
from smartcity.notifications.fcm.forms import TooLarge, encoded
from smartcity.notifications.fcm.tokens import AccessTokens, NoToken
from smartcity.notifications.push import (
    NotConfigured,
    Outcome,
    PushMessage,
    PushResult,
    PushSender,
)

FCM: Final = "https://fcm.googleapis.com"
TIMEOUT: Final = timedelta(seconds=10)

CLIENTS: Final = 8
"""Over HTTP/2 a client keeps one connection, and a server takes some 100 requests at once on one:
at 50 ms each that is 2,000 a second.
"""

SENT: Final = PushResult(Outcome.SENT)


class FcmSender:
    def __init__(self, clients: Sequence[Client], url: str, tokens: AccessTokens | None) -> None:
        self._clients = itertools.cycle(clients)
        self._url = url
        self._tokens = tokens

    async def send(self, batch: Sequence[PushMessage]) -> list[PushResult]:
        token = None
        if self._tokens is not None:
            try:
                token = await self._tokens.current()
            except NoToken:
                return [PushResult(Outcome.RETRY, "credentials") for _ in batch]
        if len(batch) == 1:
            return [await self._post(batch[0], token)]
        return await asyncio.gather(*(self._post(message, token) for message in batch))

    async def _post(self, message: PushMessage, token: str | None) -> PushResult:
        try:
            body = encoded(message)
        except TooLarge as error:
            return PushResult(Outcome.FAILED, str(error))
        request = next(self._clients).post(self._url).body_bytes(body)
        if token is not None:
            request = request.bearer_auth(token)
        try:
            answer = await request.build().send()
            if answer.status == 200:
                return SENT
            result = refusal(answer.status, bytes(await answer.bytes()), answer.get_header)
        except PyreqwestError as error:
            return PushResult(Outcome.RETRY, f"connection: {type(error).__name__}")
        if self._tokens is not None and token is not None and result.reason == "UNAUTHENTICATED":
            self._tokens.refuse(token)
        return result


@asynccontextmanager
async def push_sender(
    *, project: str, credentials: str, endpoint: str
) -> AsyncGenerator[PushSender]:
    """The sender that the settings ask for: `fcm_project`, `fcm_credentials`, `fcm_endpoint`.

    Credentials make it FCM; an endpoint alone is a stand-in, which needs none. With neither,
    nothing is sent and everything is recorded. Raises `OSError` or `ValueError` for a credentials
    file that cannot be used.
    """
    if not credentials and not endpoint:
        yield NotConfigured()
        return
    account = firebase_credentials.Certificate(Path(credentials)) if credentials else None
    project = project or (account.project_id if account else "") or "smartcity"
    url = f"{(endpoint or FCM).rstrip('/')}/v1/projects/{project}/messages:send"
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(_client()) for _ in range(CLIENTS)]
        yield FcmSender(clients, url, AccessTokens(account.get_credential()) if account else None)


def _client() -> Client:
    """HTTP/2 where the other side speaks it (ALPN), HTTP/1.1 where not."""
    return (
        ClientBuilder()
        .http2(enable=True)
        .follow_redirects(enable=False)
        .timeout(TIMEOUT)
        .default_headers({"Content-Type": "application/json"})
        .build()
    )
