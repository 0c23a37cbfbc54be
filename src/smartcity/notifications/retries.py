"""When something that was not taken is tried again, and how it stands when it is not."""

from typing import Final
from uuid import UUID

from smartcity.notifications.model import PushState
from smartcity.notifications.push import Outcome

FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 600.0

OUT_OF_TIME: Final = "not delivered within a day"

SETTLED: Final = {
    Outcome.SENT: PushState.SENT,
    Outcome.NOT_SENT: PushState.NOT_SENT,
    Outcome.GONE: PushState.FAILED,
    Outcome.FAILED: PushState.FAILED,
}
"""What is not tried again."""


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
