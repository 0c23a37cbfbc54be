"""Everything that can be said no to, as one tree.

SmartCityError
├── Invalid                     400  the request is not of the operation's form
│   └── BadCursor               400
├── Unauthenticated             401  no credential, or one that is unknown or expired
│   └── WrongCredentials        401  a log-in failed; for what reason is not told
├── Forbidden                   403  a known caller, without the right
│   ├── AssuranceNeeded         403  the city must be surer of the sender; `needs` says how sure
│   └── SenderBanned            403  nothing is taken from this sender until `until`
├── NotFound                    404  nothing there that this caller may see
├── MethodNotAllowed            405
├── Conflict                    409  the subject's state does not allow it
│   ├── StaleVersion            409  somebody else changed it first
│   ├── IllegalTransition       409  the lifecycle table says no
│   ├── SecondPersonNeeded      409  somebody else must confirm an alert of this severity
│   ├── TimelineFull            409  the subject holds as much as it may of this
│   ├── TasksOpen               409  other agencies still have tasks in the report; `tasks` are they
│   └── WrongOffset             409  an upload goes on elsewhere; `offset` says where
├── TooLarge                    413
├── UnsupportedMedia            415
├── Refused                     422  well formed, and against a rule of the city
│   ├── OutsideCity             422
│   ├── IdempotencyKeyReused    422
│   ├── TokenRefused            422  what an identity provider is said to have signed
│   ├── ProofMissing            422
│   └── ConsentMissing          422  nobody agreed to what would be kept
├── PreconditionRequired        428  staff must send If-Match
├── TooManyRequests             429
│   └── SenderLimited           429  so many a day are taken from this sender
└── Unavailable                 503  a part that this operation needs is away

Each class has a stable `code` that clients may rely on. Its texts stand in
`config/messages.<language>.toml` under `[errors]`, with the details as placeholders; `pack check`
refuses a city in whose languages one is missing.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """One field that was not accepted: its JSON path (`location.lat`), and why, in a word. Where a
    value has not the right form, `text` says in the caller's language what it should be.
    """

    path: str
    reason: str
    text: str | msgspec.UnsetType = msgspec.UNSET


class SmartCityError(Exception):
    """The root: a refusal that a caller can understand.

    `details` fill the message's placeholders and become members of the problem document, so they
    hold nothing secret and nothing personal.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500

    def __init__(
        self, *fields: FieldError, retry_after_s: float | None = None, **details: Any
    ) -> None:
        super().__init__(self.code, fields, details)
        self.fields = fields
        self.retry_after_s = retry_after_s
        self.details = details


class Invalid(SmartCityError):
    code, status = "invalid", 400


class BadCursor(Invalid):
    code = "bad_cursor"


class Unauthenticated(SmartCityError):
    code, status = "unauthenticated", 401


class WrongCredentials(Unauthenticated):
    code = "wrong_credentials"


class Forbidden(SmartCityError):
    code, status = "forbidden", 403


class AssuranceNeeded(Forbidden):
    code = "assurance_needed"


class SenderBanned(Forbidden):
    code = "sender_banned"


class NotFound(SmartCityError):
    code, status = "not_found", 404


class MethodNotAllowed(SmartCityError):
    code, status = "method_not_allowed", 405


class Conflict(SmartCityError):
    code, status = "conflict", 409


class StaleVersion(Conflict):
    code = "stale_version"


class IllegalTransition(Conflict):
    code = "illegal_transition"


class SecondPersonNeeded(Conflict):
    code = "second_person_needed"


class TimelineFull(Conflict):
    code = "timeline_full"


class TasksOpen(Conflict):
    code = "tasks_open"


class WrongOffset(Conflict):
    code = "wrong_offset"


class TooLarge(SmartCityError):
    code, status = "too_large", 413


class UnsupportedMedia(SmartCityError):
    code, status = "unsupported_media", 415


class Refused(SmartCityError):
    code, status = "refused", 422


class OutsideCity(Refused):
    code = "outside_city"


class IdempotencyKeyReused(Refused):
    code = "idempotency_key_reused"


class TokenRefused(Refused):
    code = "token_refused"


class ProofMissing(Refused):
    code = "proof_missing"


class ConsentMissing(Refused):
    code = "consent_missing"


class PreconditionRequired(SmartCityError):
    code, status = "precondition_required", 428


class TooManyRequests(SmartCityError):
    code, status = "too_many_requests", 429


class SenderLimited(TooManyRequests):
    code = "sender_limited"


class Unavailable(SmartCityError):
    code, status = "unavailable", 503


def every_error(root: type[SmartCityError] = SmartCityError) -> Iterator[type[SmartCityError]]:
    """The tree, root first."""
    yield root
    for branch in root.__subclasses__():
        yield from every_error(branch)
