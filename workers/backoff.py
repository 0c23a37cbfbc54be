"""How long a push waits that was not taken, before it is tried again."""

from typing import Final
from uuid import UUID

FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 600.0


def backoff_s(push: UUID, attempts: int, asked_s: float) -> float:
    """As long as the other side asked for, at least, and longer each time. It is spread by the id,
    which is a hash: those that failed together do not come back together.
    """
    spread = push.int % 1024 / 1024
    longest_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(attempts, 16))
    return max(asked_s * (1 + spread / 10), longest_s * (1 + spread) / 2)
