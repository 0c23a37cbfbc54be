"""Goes the round of the day: page by page, resumable, and harmless when gone twice."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final, Protocol
from uuid import UUID

import msgspec

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.dossiers.collecting.model import Followed, Place, Round
from smartcity.dossiers.collecting.rules import (
    Slot,
    earliest,
    is_daytime,
    morning_of,
    slot_on,
    waits_since,
)
from smartcity.dossiers.collecting.store import RoundStore
from smartcity.dossiers.events import reminder
from smartcity.dossiers.model import Dossier
from smartcity.dossiers.store import DossierStore
from smartcity.feed.store import FeedStore

PAGE: Final = 500
"""So many follows are looked at between two writes of the place."""


class Due(msgspec.Struct, frozen=True):
    """A result waits, and a slot has come."""

    dossier: Dossier
    slot: Slot


class FollowedDossiers(Protocol):
    """Who follows which dossiers; kept by the notifications."""

    async def page(self, behind: Place | None, limit: int) -> Sequence[Followed]:
        """Up to `limit` follows behind a place."""
        ...


class Collecting:
    """Any number of these may run at once, and each may die on any line: a reminder's id follows
    from the dossier and the slot, so it is promised, published and told once.
    """

    def __init__(
        self,
        city: City,
        dossiers: DossierStore,
        followed: FollowedDossiers,
        rounds: RoundStore,
        feed: FeedStore,
    ) -> None:
        self._city = city
        self._days = city.dossiers.collect_days if city.dossiers else ()
        self._dossiers = dossiers
        self._followed = followed
        self._rounds = rounds
        self._feed = feed

    async def run_once(self) -> int:
        """Remind those of one page. Answers how many follows it had: 0 in the night, when the round
        of the day is done, and in a city that reminds nobody.
        """
        local = self._city.local(now())
        if not self._days or not is_daytime(local):
            return 0
        morning = morning_of(local.date(), self._city.zone)
        this = await self._rounds.last()
        if this is None or this.morning != morning:
            this = Round(morning=morning)
        if this.done:
            return 0
        page = await self._followed.page(this.behind, PAGE)
        await self._remind(page, local.date())
        full = len(page) == PAGE
        behind = page[-1].place if full else None
        await self._rounds.keep(Round(morning=morning, behind=behind, done=not full))
        return len(page)

    async def _remind(self, page: Sequence[Followed], day: date) -> None:
        """Whoever came to follow a dossier when the slot had come has just seen that it is done: if
        there is nobody else, nobody is told.
        """
        waiting = await self._waiting({one.place.dossier for one in page}, day)
        for one in page:
            due = waiting.get(one.place.dossier)
            if due is not None and one.since < morning_of(due.slot.day, self._city.zone):
                await self._feed.announce(
                    reminder(due.dossier, due.slot.reminder_id(due.dossier.id), now())
                )
                del waiting[due.dossier.id]

    async def _waiting(self, dossiers: Collection[UUID], day: date) -> dict[UUID, Due]:
        zone = self._city.zone
        finished = await self._dossiers.finished_among(dossiers, earliest(day, self._days, zone))
        found: dict[UUID, Due] = {}
        for dossier in finished:
            ready_at = waits_since(dossier.steps)
            slot = ready_at and slot_on(day, ready_at.astimezone(zone).date(), self._days)
            if slot is not None:
                found[dossier.id] = Due(dossier, slot)
        return found
