"""Sends messages to FCM: one request for each, over connections that are kept."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Final

from pyreqwest.client import Client
from pyreqwest.exceptions import PyreqwestError

from smartcity.notifications.fcm.answers import refusal
from smartcity.notifications.fcm.forms import TooLarge, encoded
from smartcity.notifications.fcm.tokens import AccessTokens, NoToken
from smartcity.notifications.push import Outcome, PushMessage, PushResult

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
