"""How what is sent begins, how it stands after an attempt, and when it is tried again."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from smartcity.notifications.model import STALE_AFTER, Push, PushState, Urgency
from smartcity.notifications.push import Outcome, PushResult

FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 600.0

TOO_OLD: Final = "older than a day"
OUT_OF_TIME: Final = "not delivered within a day"

SETTLED: Final = {
    Outcome.SENT: PushState.SENT,
    Outcome.NOT_SENT: PushState.NOT_SENT,
    Outcome.GONE: PushState.FAILED,
    Outcome.FAILED: PushState.FAILED,
}
"""What is not tried again."""


def begun(urgency: Urgency, happened: datetime, *, next_at: datetime, at: datetime) -> Push:
    """How a push or letter about what happened then stands when it is written at a moment, and is
    to leave at another.
    """
    if happened < at - STALE_AFTER:
        return Push(state=PushState.NONE, urgency=urgency, reason=TOO_OLD)
    return Push(state=PushState.PENDING, urgency=urgency, next_at=next_at)


def after(push: Push, one: UUID, result: PushResult, *, since: datetime, at: datetime) -> Push:
    """How it stands after an attempt at `one`. It is tried for a day `since` it could leave."""
    attempts = push.attempts + 1
    if result.outcome is not Outcome.RETRY:
        sent_at = at if result.outcome is Outcome.SENT else None
        tried = msgspec.structs.replace(push, attempts=attempts, sent_at=sent_at)
        return settled(tried, SETTLED[result.outcome], result.reason)
    next_at = at + timedelta(seconds=wait_s(one, push.attempts, result.retry_after_s or 0.0))
    if next_at > since + STALE_AFTER:
        return settled(push, PushState.FAILED, out_of_time(result.reason))
    return msgspec.structs.replace(push, reason=result.reason, attempts=attempts, next_at=next_at)


def settled(push: Push, state: PushState, reason: str | None) -> Push:
    """How it stands when it is not tried again."""
    return msgspec.structs.replace(push, state=state, reason=reason, next_at=None)


def wait_s(one: UUID, attempts: int, asked_s: float) -> float:
    """As long as the other side asked for, at least, and longer each time. It is spread by the id,
    which is a hash: those that failed together do not come back together.
    """
    spread = one.int % 1024 / 1024
    backoff_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(attempts, 16))
    return max(asked_s * (1 + spread / 10), backoff_s * (1 + spread) / 2)


def out_of_time(last: str | None) -> str:
    """The reason of what was tried for long enough; `last` is why it was not taken."""
    return f"{OUT_OF_TIME}: {last}" if last else OUT_OF_TIME
