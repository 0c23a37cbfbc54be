"""Works out who hears of events: walks the table of `notifications.audience`, and asks other rooms
who is what to a subject. Each is asked once for a whole batch, and only of what the table tells
somebody. In the order of `Relation`, for each event: who is several is told as the first.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from smartcity.city.model import City
from smartcity.feed.event import Published, RaisedTo, Topic
from smartcity.identity.devices.service import DeviceService
from smartcity.notifications.audience import (
    Hearer,
    Relation,
    is_told_outside,
    offices,
    outside,
    parties,
    staff,
)
from smartcity.notifications.following.service import Follows

Told = AsyncIterator[tuple[UUID, Sequence[UUID]]]
"""A subject and some of the people that are something to it."""


class Offices(Protocol):
    """Who holds an office; the staff accounts answer."""

    async def holders(self, role: str, agency: str, /) -> Sequence[UUID]:
        """The staff of a role in an agency; those of a role for the whole city. Bounded."""
        ...


class Confirmations(Protocol):
    """Who saw too what others reported; the reports answer."""

    async def counts(self, reports: Collection[UUID], /) -> Mapping[UUID, int]:
        """How many confirmed each of these reports; those that nobody did are missing."""
        ...

    def confirmers(self, reports: Collection[UUID], /) -> Told:
        """The accounts and devices that confirmed each report, in chunks of bounded size."""
        ...


class Hearing(msgspec.Struct, frozen=True):
    """One event for one recipient."""

    published: Published
    hearer: Hearer


class Audiences:
    def __init__(
        self,
        city: City,
        follows: Follows,
        devices: DeviceService,
        *,
        confirmations: Confirmations,
        offices: Offices,
    ) -> None:
        self._city = city
        self._follows = follows
        self._devices = devices
        self._confirmations = confirmations
        self._offices = offices

    async def concerns(self, subjects: Collection[UUID], topic: Topic) -> set[UUID]:
        """Which of these, of an import of perhaps a million, mean anything to anybody."""
        followed = await self._follows.followed_among(subjects)
        if topic is Topic.REPORT:
            followed |= set(await self._confirmations.counts(subjects))
        return followed

    async def of(self, told: Sequence[Published]) -> AsyncIterator[Hearing]:
        """Everybody who hears of these events, as they are found."""
        async for hearing in self.of_imported(told):
            yield hearing
        async for hearing in self._subscribers(told):
            yield hearing

    async def of_imported(self, told: Sequence[Published]) -> AsyncIterator[Hearing]:
        """The same of what was brought in from another system: that is no news of an area."""
        async for hearing in self._parties(told):
            yield hearing
        for relation, ask in (
            (Relation.FOLLOWER, self._follows.followers),
            (Relation.CONFIRMER, self._confirmations.confirmers),
        ):
            if heard := _outside(told, relation):
                async for subject, persons in ask(heard.keys()):
                    for published in heard[subject]:
                        for hearer in outside(published.event, relation, persons):
                            yield Hearing(published, hearer)

    async def _parties(self, told: Sequence[Published]) -> AsyncIterator[Hearing]:
        """Who is named in the event, and whose office it is to hear of it."""
        holders: dict[RaisedTo, Sequence[UUID]] = {}
        for published in told:
            event = published.event
            for hearer in parties(event):
                yield Hearing(published, hearer)
            for relation, office in offices(event, self._city).items():
                if office not in holders:
                    holders[office] = await self._offices.holders(office.role, office.agency)
                for hearer in staff(event, relation, holders[office]):
                    yield Hearing(published, hearer)

    async def _subscribers(self, told: Sequence[Published]) -> AsyncIterator[Hearing]:
        """One question for all events; what it finds are those who hear of one, or nearly."""
        near: defaultdict[str, list[tuple[Published, frozenset[str]]]] = defaultdict(list)
        for published in told:
            state = published.event.public
            if state is not None and is_told_outside(published.event, Relation.SUBSCRIBER):
                about = frozenset(code for code in (state.category, state.field) if code)
                for unit in self._city.around(state.unit or ""):
                    near[unit].append((published, about))
        if not near:
            return
        topics = {code for some in near.values() for _, about in some for code in about}
        async for one in self._devices.subscribers(near.keys(), topics):
            for unit in one.units & near.keys():
                for published, about in near[unit]:
                    if not about.isdisjoint(one.categories):
                        for hearer in outside(published.event, Relation.SUBSCRIBER, [one.id]):
                            yield Hearing(published, hearer)


def _outside(told: Sequence[Published], relation: Relation) -> dict[UUID, list[Published]]:
    """What there is to hear for those of a relation, by subject."""
    by_subject: defaultdict[UUID, list[Published]] = defaultdict(list)
    for published in told:
        subject = published.event.subject
        if subject is not None and is_told_outside(published.event, relation):
            by_subject[subject].append(published)
    return dict(by_subject)
