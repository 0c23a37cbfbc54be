"""What became of letters, for those who run the system: channels, states and reasons, and nothing
that says to whom, about what or in which words.
"""

import time
from collections.abc import Mapping, Sequence
from uuid import UUID

from smartcity.errors import NotFound
from smartcity.notifications.letters.model import LetterPlace, LetterStanding
from smartcity.notifications.letters.store import LetterStore
from smartcity.notifications.model import Channel, PushState
from smartcity.notifications.push_records import AT_LEAST_S, pause_s_after


class LetterDesk:
    """The counts are kept, and counted anew behind the answers."""

    def __init__(self, store: LetterStore) -> None:
        self._store = store
        self.counts: Mapping[tuple[Channel, PushState, str], int] = {}
        """By channel, state and reason; an empty reason for none."""
        self.pause_s = AT_LEAST_S
        """How long to wait before the next `refresh`."""

    async def refresh(self) -> None:
        started = time.monotonic()
        self.counts = await self._store.counts()
        self.pause_s = pause_s_after(time.monotonic() - started)

    async def page(
        self,
        channel: Channel,
        state: PushState,
        reason: str | None,
        behind: LetterPlace | None,
        limit: int,
    ) -> Sequence[LetterStanding]:
        """A channel's letters in a state, or with this reason: by reason, then newest first."""
        return await self._store.standing(channel, state, reason, behind, limit)

    async def get(self, letter: UUID) -> LetterStanding:
        """What became of any one letter. Raises `NotFound`."""
        found = await self._store.standing_of(letter)
        if found is None:
            raise NotFound
        return found
