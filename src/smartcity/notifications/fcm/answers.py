# pyright: reportMissingTypeStubs=false
"""What FCM's answers mean: one table from its codes to what becomes of the message.

https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

import msgspec
from firebase_admin import exceptions as firebase_errors

from smartcity.notifications.push import Limit, Outcome, PushResult
from smartcity.waits import asked_s

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

LEAST_WAIT_S: Final[Mapping[Limit, float]] = {
    Limit.PROJECT: 60.0,
    Limit.TOPIC: 60.0,
    Limit.DEVICE: 0.0,  # the backoff alone
}
"""What FCM asks to be waited for at least when a limit was met, whatever `Retry-After` says."""

FCM_ERROR: Final = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
QUOTA_FAILURE: Final = "type.googleapis.com/google.rpc.QuotaFailure"

Headers = Callable[[str], str | None]
"""A header's value by its name."""


def refusal(status: int, body: bytes, header: Headers) -> PushResult:
    """What an answer other than 200 means for its message."""
    error = _error(body)
    code = _code(error) or f"HTTP {status}"
    later = Outcome.RETRY if status >= 500 or status == 429 else Outcome.FAILED
    outcome = POLICY.get(code, later)
    if outcome is not Outcome.RETRY:
        return PushResult(outcome, code)
    asked = asked_s(header("Retry-After"))
    if status != 429:
        return PushResult(outcome, code, asked)
    limit = _limit(error)
    return PushResult(outcome, _named(code, limit), max(asked or 0.0, LEAST_WAIT_S[limit]), limit)


def _named(code: str, limit: Limit) -> str:
    return code if limit is Limit.PROJECT else f"{code} ({limit})"


def _error(body: bytes) -> Mapping[str, Any]:
    """The platform's error; empty if the body is none of theirs."""
    try:
        answer = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return _mapping(_mapping(answer).get("error"))


def _code(error: Mapping[str, Any]) -> str | None:
    """FCM's code from the details, else the platform's status."""
    codes = (detail.get("errorCode") for detail in _details(error, FCM_ERROR))
    code = next(codes, None) or error.get("status")
    return code if isinstance(code, str) else None


def _limit(error: Mapping[str, Any]) -> Limit:
    """Whose limit it was. FCM tells by a quota failure whose words are nowhere laid down, so that
    only what they speak of is looked for; an answer that speaks of neither means all of us.
    """
    told = [str(error.get("message", ""))]
    for failure in _details(error, QUOTA_FAILURE):
        told += [str(value) for one in _list(failure.get("violations")) for value in one.values()]
    words = " ".join(told).lower()
    return next((one for one in (Limit.DEVICE, Limit.TOPIC) if one.value in words), Limit.PROJECT)


def _details(error: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    return (one for one in _list(error.get("details")) if one.get("@type") == kind)


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [_mapping(one) for one in cast("list[Any]", value)] if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}
