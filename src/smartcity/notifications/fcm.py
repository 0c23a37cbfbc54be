# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Firebase Cloud Messaging, HTTP v1: the one file that knows firebase_admin.

The library gives credentials, the message model and the names of errors. Its own sender is not
used: it costs 1.7 ms of CPU a message, refreshes its token inside the event loop, and retries
neither 429 nor a broken connection. The transport is aiohttp.

https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
import google.auth.transport.requests
import structlog
from firebase_admin import credentials as firebase_credentials
from firebase_admin import exceptions as firebase_errors
from firebase_admin import messaging
from google.auth.exceptions import GoogleAuthError

from smartcity.clock import now
from smartcity.notifications.messages import shortened
from smartcity.notifications.model import STALE_AFTER, Urgency
from smartcity.notifications.push import (
    NotConfigured,
    Outcome,
    PushMessage,
    PushResult,
    PushSender,
)

log = structlog.get_logger(__name__)

FCM: Final = "https://fcm.googleapis.com"
PAYLOAD_BYTES: Final = 4096
"""FCM takes no more to one device (2,048 to a topic)."""

CONNECTIONS: Final = 128
TIMEOUT_S: Final = 10.0
QUOTA_WAIT_S: Final = 60.0
"""What FCM asks for where its 429 names no time."""

POLICY: Final[Mapping[str, Outcome]] = {
    # FCM's own codes, from the error's details
    "UNREGISTERED": Outcome.GONE,
    "SENDER_ID_MISMATCH": Outcome.GONE,
    "INVALID_ARGUMENT": Outcome.FAILED,
    "THIRD_PARTY_AUTH_ERROR": Outcome.FAILED,  # the APNs or web key in Firebase is wrong
    "QUOTA_EXCEEDED": Outcome.RETRY,
    # the platform's, where there are no details
    firebase_errors.RESOURCE_EXHAUSTED: Outcome.RETRY,
    firebase_errors.INTERNAL: Outcome.RETRY,
    firebase_errors.UNAVAILABLE: Outcome.RETRY,
    firebase_errors.DEADLINE_EXCEEDED: Outcome.RETRY,
    # our credentials: an official mends them, and what waited until then is sent
    firebase_errors.UNAUTHENTICATED: Outcome.RETRY,
    firebase_errors.PERMISSION_DENIED: Outcome.RETRY,
    firebase_errors.NOT_FOUND: Outcome.FAILED,  # no such project
}
"""What an error means for its message; a code that is not here: later, if the server is at fault
(5xx), else never.
"""

FCM_ERROR: Final = "type.googleapis.com/google.firebase.fcm.v1.FcmError"


class AccessTokens:
    """OAuth tokens of a service account, fetched in a thread and kept until they expire."""

    def __init__(self, account: firebase_credentials.Certificate) -> None:
        self._credential = account.get_credential()
        self._request = google.auth.transport.requests.Request()
        self._refreshing = asyncio.Lock()

    async def current(self) -> str:
        """A token that is still good. Raises `GoogleAuthError`."""
        async with self._refreshing:
            if not self._credential.valid:
                await asyncio.to_thread(self._credential.refresh, self._request)
            return str(self._credential.token)


class FcmSender:
    """Posts one request per message, `CONNECTIONS` at once."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, tokens: AccessTokens | None
    ) -> None:
        self._session = session
        self._url = url
        self._tokens = tokens
        self._places = asyncio.Semaphore(CONNECTIONS)

    async def send(self, batch: Sequence[PushMessage]) -> list[PushResult]:
        headers = {"Content-Type": "application/json"}
        if self._tokens is not None:
            try:
                headers["Authorization"] = f"Bearer {await self._tokens.current()}"
            except GoogleAuthError as error:
                log.warning("no access token for push", error=str(error))
                return [PushResult(Outcome.RETRY, "credentials") for _ in batch]
        return await asyncio.gather(*(self._post(message, headers) for message in batch))

    async def _post(self, message: PushMessage, headers: Mapping[str, str]) -> PushResult:
        try:
            body = encoded(message)
        except ValueError as error:
            return PushResult(Outcome.FAILED, str(error))
        async with self._places:
            try:
                async with self._session.post(self._url, data=body, headers=headers) as answer:
                    if answer.status == 200:
                        await answer.read()  # the connection is free again only then
                        return PushResult(Outcome.SENT)
                    return refusal(answer.status, await answer.text(), answer.headers)
            except (aiohttp.ClientError, TimeoutError) as error:
                return PushResult(Outcome.RETRY, f"connection: {type(error).__name__}")


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
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
    ) as session:
        yield FcmSender(session, url, AccessTokens(account) if account else None)


def encoded(message: PushMessage) -> bytes:
    """The request's body. A message over FCM's limit loses the end of its text, never its way."""
    text = _json(message, message.title, message.body)
    if len(text) > PAYLOAD_BYTES:  # it is ASCII: as UTF-8 it may still fit
        text = _fitted(message)
    return f'{{"message": {text}}}'.encode()


def _fitted(message: PushMessage) -> str:
    """The message with the longer of its two texts cut until it fits.

    By half of what is too much at a time: a letter may take more room in JSON than by itself.
    """
    title, body = message.title, message.body
    text = _json(message, title, body)
    while (excess := _payload_bytes(text) - PAYLOAD_BYTES) > 0:
        longer = max(title, body, key=lambda words: len(words.encode()))
        size = len(longer.encode())
        cut = shortened(longer, max(0, size - max(1, excess // 2)))
        if len(cut.encode()) >= size:
            raise ValueError("the message is too large without its text")
        title, body = (cut, body) if longer is title else (title, cut)
        text = _json(message, title, body)
    return text


def _payload_bytes(text: str) -> int:
    """The size that FCM counts, on the safe side: all of it, as UTF-8."""
    return len(json.dumps(json.loads(text), ensure_ascii=False).encode())


def _json(message: PushMessage, title: str, body: str) -> str:
    """The message in FCM's form, as ASCII.

    The notification's id is also the Android and web tag and the collapse id on Apple's side: a
    push that is repeated replaces the one that is shown.
    """
    tag = str(message.id)
    high = message.urgency is Urgency.HIGH
    lifetime_s = int(STALE_AFTER.total_seconds())
    expires = int((now() + STALE_AFTER).timestamp())
    form = messaging.Message(
        notification=messaging.Notification(title=title, body=body),
        data=dict(message.data),
        android=messaging.AndroidConfig(
            priority="high" if high else "normal",
            ttl=lifetime_s,
            notification=messaging.AndroidNotification(tag=tag),
        ),
        apns=messaging.APNSConfig(
            headers={
                "apns-collapse-id": tag,
                "apns-priority": "10" if high else "5",
                "apns-expiration": str(expires),
            }
        ),
        webpush=messaging.WebpushConfig(
            headers={"TTL": str(lifetime_s), "Urgency": message.urgency.value},
            notification=messaging.WebpushNotification(tag=tag),
        ),
    )
    # As an attribute: as an argument, `token` is deprecated, but older apps have nothing else.
    setattr(form, message.address.kind, message.address.value)
    return str(form)


def refusal(status: int, body: str, headers: Mapping[str, str]) -> PushResult:
    """What an answer other than 200 means for its message."""
    code = _error_code(body) or f"HTTP {status}"
    later = Outcome.RETRY if status >= 500 or status == 429 else Outcome.FAILED
    outcome = POLICY.get(code, later)
    if outcome is not Outcome.RETRY:
        return PushResult(outcome, code)
    asked = _seconds(headers.get("Retry-After"))
    return PushResult(outcome, code, QUOTA_WAIT_S if asked is None and status == 429 else asked)


def _error_code(body: str) -> str | None:
    """FCM's code from the details, else the platform's status; none if the body is not theirs."""
    try:
        error: dict[str, Any] = json.loads(body)["error"]
        for detail in error.get("details", ()):
            if detail.get("@type") == FCM_ERROR:
                return detail.get("errorCode")
        return error.get("status")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _seconds(retry_after: str | None) -> float | None:
    """RFC 9110: a number of seconds, or a date."""
    if retry_after is None:
        return None
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
