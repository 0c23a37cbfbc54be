"""FCM's errors, as it says them, and how a stand-in comes to answer with one.

https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tests.standins.fcm_exchange import Answer, in_json
from tests.standins.fcm_messages import Violation

FCM_ERROR: Final = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"
QUOTA_FAILURE: Final = "type.googleapis.com/google.rpc.QuotaFailure"
BROKEN: Final = "BROKEN"


@dataclass(frozen=True)
class Refusal:
    """One of FCM's errors. `says`: its own code, where that is not the error's name; `quota`: what
    a quota failure among the details tells.
    """

    code: int
    status: str
    message: str
    says: str | None = None
    quota: Mapping[str, str] | None = None


def _quota(message: str, subject: str) -> Refusal:
    told = {"subject": subject, "description": message}
    return Refusal(429, "RESOURCE_EXHAUSTED", message, says="QUOTA_EXCEEDED", quota=told)


REFUSALS: Final = {
    "UNREGISTERED": Refusal(404, "NOT_FOUND", "Requested entity was not found."),
    "SENDER_ID_MISMATCH": Refusal(403, "PERMISSION_DENIED", "SenderId mismatch"),
    "INVALID_ARGUMENT": Refusal(
        400, "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token"
    ),
    "THIRD_PARTY_AUTH_ERROR": Refusal(
        401, "UNAUTHENTICATED", "Auth error from APNS or Web Push Service"
    ),
    "QUOTA_EXCEEDED": Refusal(
        429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Sending requests'."
    ),
    "PROJECT_QUOTA": _quota("Message rate exceeded.", "project:standin"),
    "DEVICE_QUOTA": _quota("Device message rate exceeded.", "device"),
    "TOPIC_QUOTA": _quota("Topic quota exceeded.", "topic"),
    "UNAVAILABLE": Refusal(503, "UNAVAILABLE", "The service is currently unavailable."),
    "INTERNAL": Refusal(500, "INTERNAL", "Internal error encountered."),
}

PREFIXES: Final = {
    "unregistered-": "UNREGISTERED",
    "mismatch-": "SENDER_ID_MISMATCH",
    "invalid-": "INVALID_ARGUMENT",
    "thirdparty-": "THIRD_PARTY_AUTH_ERROR",
    "quota-": "QUOTA_EXCEEDED",
    "unavailable-": "UNAVAILABLE",
    "internal-": "INTERNAL",
    "broken-": BROKEN,
}


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the next messages meet."""

    error: str | None = None
    times: int = 1
    target: str | None = None
    retry_after: str | int | None = None
    delay_s: float = 0.0


def refused(name: str, retry_after: str | int | None) -> Answer:
    """An error that a message met, or was told to meet."""
    refusal = REFUSALS[name]
    details: list[dict[str, Any]] = [{"@type": FCM_ERROR, "errorCode": refusal.says or name}]
    if refusal.quota:
        details.append({"@type": QUOTA_FAILURE, "violations": [refusal.quota]})
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return in_json(_error(refusal, details), refusal.code, **headers)


def refused_message(wrong: Sequence[Violation]) -> Answer:
    fields = [{"field": one.field, "description": one.description} for one in wrong]
    details: list[dict[str, Any]] = [{"@type": BAD_REQUEST, "fieldViolations": fields}]
    if wrong[0].by_fcm:
        details.insert(0, {"@type": FCM_ERROR, "errorCode": "INVALID_ARGUMENT"})
    refusal = Refusal(400, "INVALID_ARGUMENT", wrong[0].description)
    return in_json(_error(refusal, details), 400)


def refused_caller() -> Answer:
    refusal = Refusal(
        401,
        "UNAUTHENTICATED",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, "
        "login cookie or other valid authentication credential.",
    )
    return in_json(_error(refusal, []), 401)


def _error(refusal: Refusal, details: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    error: dict[str, Any] = {
        "code": refusal.code,
        "message": refusal.message,
        "status": refusal.status,
    }
    return {"error": error | ({"details": details} if details else {})}
