"""Reads the feed and tells people: one notification per event and recipient, in their language.

It may be killed, repeated or replayed: a notification's id follows from the event and the
recipient, so a repeat writes nothing. Sending to phones is the pusher's duty, and what goes out by
other channels (`letters`) their senders'.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID, uuid5

import msgspec

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.feed.event import Event, Published, Topic
from smartcity.identity.devices.service import DeviceService
from smartcity.notifications.audience import Hearer, followers, parties, rows_for, superiors
from smartcity.notifications.following.service import Follows
from smartcity.notifications.letters.writing import LetterWriter
from smartcity.notifications.messages import words
from smartcity.notifications.model import (
    STALE_AFTER,
    Notification,
    Push,
    PushState,
    notification_id,
)
from smartcity.notifications.store import NotificationStore

CHUNK: Final = 1000
"""So many notifications are composed and written at a time."""

TOO_OLD: Final = "older than a day"


class Batches(Protocol):
    """What bulk events changed; reports and dossiers answer, each for its own topic."""

    def subjects(self, bulk: Event, /) -> AsyncIterator[Sequence[UUID]]:
        """The subjects of the batch, in chunks of bounded size."""
        ...

    async def events(self, bulk: Event, subjects: Collection[UUID], /) -> Sequence[Event]:
        """For each of these subjects the event that it would have published by itself."""
        ...


class Companions(Protocol):
    """Which devices are one person's; the citizens' accounts answer."""

    async def of(self, recipients: Collection[UUID], /) -> Mapping[UUID, Collection[UUID]]:
        """For each that belongs to an account: the devices that are linked to it now."""
        ...


class Offices(Protocol):
    """Who holds an office; the staff accounts answer."""

    async def holders(self, role: str, agency: str, /) -> Sequence[UUID]:
        """The staff of a role in an agency; those of a role for the whole city. Bounded."""
        ...


class Hearing(msgspec.Struct, frozen=True):
    """One event for one recipient."""

    published: Published
    hearer: Hearer


class Notifier:
    """A consumer of the feed. `keep` is how long an inbox keeps a notification."""

    def __init__(
        self,
        city: City,
        follows: Follows,
        devices: DeviceService,
        batches: Batches,
        store: NotificationStore,
        keep: timedelta,
        *,
        companions: Companions,
        offices: Offices,
        letters: LetterWriter,
    ) -> None:
        self._city = city
        self._follows = follows
        self._devices = devices
        self._batches = batches
        self._offices = offices
        self._letters = letters
        self._store = store
        self._keep = keep
        self._companions = companions

    async def handle(self, batch: Sequence[Published]) -> None:
        """Tell everybody whom these events concern. Harmless when done again."""
        at = now()
        await self._tell([published for published in batch if rows_for(published.event)], at)
        for published in batch:
            if published.event.topic is Topic.BULK:
                await self._tell_of_bulk(published, at)

    async def _tell_of_bulk(self, published: Published, at: datetime) -> None:
        """An import of a million subjects concerns only those few who follow one of them."""
        bulk = published.event
        async for subjects in self._batches.subjects(bulk):
            if followed := await self._follows.followed_among(subjects):
                events = await self._batches.events(bulk, followed)
                single = [_part_of(published, event) for event in events if rows_for(event)]
                await self._tell(single, at)

    async def _tell(self, told: Sequence[Published], at: datetime) -> None:
        waiting: list[Hearing] = []
        async for hearing in self._hearings(told):
            waiting.append(hearing)
            if len(waiting) == CHUNK:
                await self._write(waiting, at)
                waiting = []
        await self._write(waiting, at)

    async def _hearings(self, told: Sequence[Published]) -> AsyncIterator[Hearing]:
        by_subject: defaultdict[UUID, list[Published]] = defaultdict(list)
        for published in told:
            for hearer in (*parties(published.event), *await self._superiors(published.event)):
                yield Hearing(published, hearer)
            if published.event.subject is not None:
                by_subject[published.event.subject].append(published)
        if not by_subject:
            return
        async for subject, following in self._follows.followers(by_subject.keys()):
            for published in by_subject[subject]:
                for hearer in followers(published.event, following):
                    yield Hearing(published, hearer)

    async def _superiors(self, event: Event) -> list[Hearer]:
        raised = event.internal and event.internal.raised_to
        if not raised:
            return []
        return superiors(event, await self._offices.holders(raised.role, raised.agency))

    async def _write(self, heard: Sequence[Hearing], at: datetime) -> None:
        hearings = await self._on_all_devices(heard)
        if hearings:
            languages = await self._devices.languages({h.hearer.recipient for h in hearings})
            await self._store.add([self._notification(h, languages, at) for h in hearings])
        await self._letters.write([(h.published, h.hearer) for h in heard], at)

    async def _on_all_devices(self, hearings: Sequence[Hearing]) -> Sequence[Hearing]:
        """What one of a person's devices is to hear, all of them do; nothing of what was done on
        another of them.
        """
        persons = await self._companions.of({h.hearer.recipient for h in hearings})
        spread: dict[tuple[UUID, UUID], Hearing] = {}
        for hearing in hearings:
            event, hearer = hearing.published.event, hearing.hearer
            devices = persons.get(hearer.recipient, (hearer.recipient,))
            if event.internal is None or event.internal.actor not in devices:
                for device in devices:
                    told = msgspec.structs.replace(hearer, recipient=device)
                    spread.setdefault(
                        (event.id, device), Hearing(published=hearing.published, hearer=told)
                    )
        return list(spread.values())

    def _notification(
        self, hearing: Hearing, languages: dict[UUID, str], at: datetime
    ) -> Notification:
        event, recipient = hearing.published.event, hearing.hearer.recipient
        assert event.subject is not None, "an event that somebody hears of has a subject"
        language = languages.get(recipient)
        if language not in self._city.languages:  # staff, or a language the city has given up
            language = self._city.languages[0]
        text = words(self._city, language, event, hearing.hearer.row)
        return Notification(
            id=notification_id(event.id, recipient),
            recipient=recipient,
            event=event.id,
            seq=hearing.published.seq,
            topic=event.topic,
            subject=event.subject,
            action=event.action,
            title=text.title,
            body=text.body,
            language=language,
            created_at=at,
            expires_at=at + self._keep,
            push=_push(hearing, at),
        )


def _push(hearing: Hearing, at: datetime) -> Push:
    urgency = hearing.hearer.row.urgency
    if hearing.published.event.at < at - STALE_AFTER:
        return Push(state=PushState.NONE, urgency=urgency, reason=TOO_OLD)
    return Push(state=PushState.PENDING, urgency=urgency, next_at=at)


def _part_of(bulk: Published, event: Event) -> Published:
    """One subject's part of a bulk event, under an id that a repeat gives again."""
    assert event.subject is not None, "a batch is made of subjects"
    part = uuid5(bulk.event.id, event.subject.hex)
    return msgspec.structs.replace(bulk, event=msgspec.structs.replace(event, id=part))
