"""Tells FCM who has which topic.

The older Instance ID service takes up to a thousand registration tokens in one call; an
installation's id only FCM itself knows, and takes them one by one.

https://firebase.google.com/docs/cloud-messaging/manage-topic-subscriptions
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Final
from urllib.parse import quote

import msgspec
from pyreqwest.client import Client
from pyreqwest.exceptions import PyreqwestError

from smartcity.identity.devices.model import PushAddress
from smartcity.notifications.fcm.answers import refusal
from smartcity.notifications.fcm.sender import SENT
from smartcity.notifications.fcm.tokens import AccessTokens, NoToken
from smartcity.notifications.push import Outcome, PushResult
from smartcity.notifications.topics import AT_ONCE

IID_HEADERS: Final = {"access_token_auth": "true"}
"""Without, the Instance ID service wants a key of times long past."""

TOGETHER: Final = 64
"""So many requests are under way at once."""

OUTCOMES: Final = {
    "NOT_FOUND": Outcome.GONE,
    "UNREGISTERED": Outcome.GONE,
    "INVALID_ARGUMENT": Outcome.FAILED,
}
"""What the Instance ID service says of one of many; whatever else it says, later it may go."""

FOR_GOOD: Final = frozenset({"INVALID_ARGUMENT", "NOT_FOUND"})
"""What FCM will never take. Whatever else it refuses is asked for again: no phone is to miss an
alert because our credentials were wrong for an hour.
"""


class _Result(msgspec.Struct):
    error: str | None = None


class _Results(msgspec.Struct):
    results: Annotated[list[_Result], msgspec.Meta(max_length=AT_ONCE)]


class FcmSubscriber:
    """`url` is the project's at FCM, `iid` where the older service is."""

    def __init__(self, client: Client, url: str, iid: str, tokens: AccessTokens | None) -> None:
        self._client = client
        self._url = url
        self._iid = iid
        self._tokens = tokens
        self._room = asyncio.Semaphore(TOGETHER)

    async def change(
        self, topic: str, addresses: Sequence[PushAddress], *, subscribe: bool
    ) -> list[PushResult]:
        token = None
        if self._tokens is not None:
            try:
                token = await self._tokens.current()
            except NoToken:
                return [PushResult(Outcome.RETRY, "credentials") for _ in addresses]
        older = [address.value for address in addresses if address.kind == "token"]
        newer = [address.value for address in addresses if address.kind == "fid"]
        several, singly = await asyncio.gather(
            self._several(topic, older, subscribe, token),
            asyncio.gather(*(self._one(topic, value, subscribe, token) for value in newer)),
        )
        of_older, of_newer = iter(several), iter(singly)
        return [next(of_older if one.kind == "token" else of_newer) for one in addresses]

    async def _several(
        self, topic: str, values: Sequence[str], subscribe: bool, token: str | None
    ) -> list[PushResult]:
        if not values:
            return []
        operation = "batchAdd" if subscribe else "batchRemove"
        body = {"to": f"/topics/{topic}", "registration_tokens": values}
        status, answer, result = await self._ask(
            "POST",
            f"{self._iid}/iid/v1:{operation}",
            token,
            msgspec.json.encode(body),
            IID_HEADERS,
        )
        if status == 200:
            try:
                told = msgspec.json.decode(answer, type=_Results).results
            except msgspec.DecodeError:
                told = []
            if len(told) == len(values):
                return [_of_one(one.error) for one in told]
        later = PushResult(Outcome.RETRY, result.reason, result.retry_after_s, result.limit)
        return [later for _ in values]

    async def _one(self, topic: str, value: str, subscribe: bool, token: str | None) -> PushResult:
        base = f"{self._url}/registrations/{quote(value, safe='')}/topicSubscriptions"
        name = quote(topic, safe="")
        asked: tuple[str, str, str | None, bytes, Mapping[str, str]]
        if subscribe:
            asked = ("POST", f"{base}?topic_name={name}", token, b"{}", {})
        else:
            asked = ("DELETE", f"{base}/{name}?allow_missing=true", token, b"", {})
        async with self._room:
            status, _, result = await self._ask(*asked)
        if status == 200 or (subscribe and status == 409):  # it has it already
            return SENT
        if result.outcome is Outcome.FAILED and result.reason not in FOR_GOOD:
            return PushResult(Outcome.RETRY, result.reason)
        return result

    async def _ask(
        self, method: str, url: str, token: str | None, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, bytes, PushResult]:
        """The status, what was answered, and what it means if it was no."""
        request = self._client.request(method, url).body_bytes(body).headers(headers)
        if token is not None:
            request = request.bearer_auth(token)
        try:
            answer = await request.build().send()
            text = bytes(await answer.bytes())
        except PyreqwestError as error:
            return 0, b"", PushResult(Outcome.RETRY, f"connection: {type(error).__name__}")
        result = refusal(answer.status, text, answer.get_header)
        if self._tokens is not None and token is not None and answer.status == 401:
            self._tokens.refuse(token)
        return answer.status, text, result


def _of_one(error: str | None) -> PushResult:
    if error is None:
        return SENT
    return PushResult(OUTCOMES.get(error, Outcome.RETRY), error)
