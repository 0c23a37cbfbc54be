"""What became of pushes, for those who run the system: states and reasons, and nothing that says
to whom, about what or in which words.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from smartcity.errors import NotFound
from smartcity.notifications.model import PushPlace, PushStanding, PushState
from smartcity.notifications.store import NotificationStore

AT_LEAST_S: Final = 10.0
SHARE: Final = 20
"""Counting takes no more of the database's time than one part in so many."""


def pause_s_after(counting_s: float) -> float:
    """How long to wait before the next counting."""
    return max(AT_LEAST_S, counting_s * SHARE)


class PushRecords:
    """The counts are kept, and counted anew behind the answers: it looks at a key of each push that
    was not sent, and without a configuration that is every one.
    """

    def __init__(self, store: NotificationStore) -> None:
        self._store = store
        self.counts: Mapping[PushState, Mapping[str, int]] = {}
        """By state and reason; an empty reason for none."""
        self.pause_s = AT_LEAST_S
        """How long to wait before the next `refresh`."""

    async def refresh(self) -> None:
        started = time.monotonic()
        self.counts = await self._store.push_counts()
        self.pause_s = pause_s_after(time.monotonic() - started)

    async def page(
        self, state: PushState, reason: str | None, behind: PushPlace | None, limit: int
    ) -> Sequence[PushStanding]:
        """Pushes in a state that have a reason, or this one: by reason, then newest first."""
        return await self._store.push_standings(state, reason, behind, limit)

    async def get(self, notification: UUID) -> PushStanding:
        """What became of any one push. Raises `NotFound`."""
        found = await self._store.push_standing(notification)
        if found is None:
            raise NotFound
        return found
