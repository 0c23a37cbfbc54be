"""Reads the feed and tells people: one notification per event and recipient, in their language.

It may be killed, repeated or replayed: a notification's id follows from the event and the
recipient, so a repeat writes nothing. Sending to phones is the pusher's duty, and what goes out by
other channels (`letters`) their senders'.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID, uuid5

import msgspec

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.feed.event import Event, Published, Topic
from smartcity.identity.citizens.companions import Linked
from smartcity.identity.devices.service import DeviceService
from smartcity.notifications.audience import rows_for
from smartcity.notifications.choices.model import Choices
from smartcity.notifications.letters.writing import LetterWriter
from smartcity.notifications.messages import words
from smartcity.notifications.model import (
    Channel,
    Notification,
    Push,
    PushState,
    Told,
    notification_id,
)
from smartcity.notifications.retries import begun, settled
from smartcity.notifications.store import NotificationStore
from smartcity.notifications.trailing.rules import News
from smartcity.notifications.trailing.service import Trailing
from workers.audiences import Audiences, Hearing

CHUNK: Final = 1000
"""So many notifications are composed and written at a time."""

NOT_WANTED: Final = "not wanted"

TRAILING: Final = frozenset({Topic.REPORT, Topic.DOSSIER})
"""What may be told of several times within a minute."""

ASKED: Final = "waiting"
"""The status of a report whose reporter was asked something."""


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

    async def of(self, recipients: Collection[UUID], /) -> Mapping[UUID, Linked]:
        """The account of each that is one, or a device that was ever linked to one."""
        ...


class ChoicesOf(Protocol):
    """What people chose to be told through."""

    async def of(self, persons: Collection[UUID], /) -> Mapping[UUID, Choices]:
        """What each of these accounts, devices and staff chose, or what holds for them."""
        ...


class Addressed(msgspec.Struct, frozen=True):
    """One event for one inbox, and the notification's id. `person` is whose choices count: the
    account, or the recipient.
    """

    id: UUID
    hearing: Hearing
    person: UUID


class Notifier:
    """A consumer of the feed. `keep` is how long an inbox keeps a notification."""

    def __init__(
        self,
        city: City,
        audiences: Audiences,
        devices: DeviceService,
        batches: Batches,
        store: NotificationStore,
        keep: timedelta,
        *,
        companions: Companions,
        choices: ChoicesOf,
        trailing: Trailing,
        letters: LetterWriter,
    ) -> None:
        self._city = city
        self._audiences = audiences
        self._devices = devices
        self._batches = batches
        self._store = store
        self._keep = keep
        self._companions = companions
        self._choices = choices
        self._trailing = trailing
        self._letters = letters

    async def handle(self, batch: Sequence[Published]) -> None:
        """Tell everybody whom these events concern. Harmless when done again."""
        at = now()
        told = [published for published in batch if rows_for(published.event)]
        await self.tell(self._audiences.of(told), at)
        for published in batch:
            if published.event.topic is Topic.BULK:
                await self._tell_of_bulk(published, at)

    async def _tell_of_bulk(self, published: Published, at: datetime) -> None:
        """An import of a million subjects concerns only few people."""
        bulk = published.event
        assert bulk.of is not None, "a batch is one of something"
        async for subjects in self._batches.subjects(bulk):
            if concerning := await self._audiences.concerns(subjects, bulk.of):
                events = await self._batches.events(bulk, concerning)
                single = [_part_of(published, event) for event in events if rows_for(event)]
                await self.tell(self._audiences.of_imported(single), at)

    async def tell(self, hearings: AsyncIterator[Hearing], at: datetime) -> None:
        """Tell each of these. Harmless when done again."""
        waiting: list[Hearing] = []
        async for hearing in hearings:
            waiting.append(hearing)
            if len(waiting) == CHUNK:
                await self._write(waiting, at)
                waiting = []
        await self._write(waiting, at)

    async def _write(self, hearings: Sequence[Hearing], at: datetime) -> None:
        if not hearings:
            return
        if addressed := await self._on_all_devices(hearings):
            await self._write_to_inboxes(addressed, at)
        await self._letters.write([(one.published, one.hearer) for one in hearings], at)

    async def _write_to_inboxes(self, addressed: Sequence[Addressed], at: datetime) -> None:
        languages = await self._devices.languages({a.hearing.hearer.recipient for a in addressed})
        chosen = await self._choices.of({a.person for a in addressed})
        pushes = {a.id: _push(a, chosen[a.person], at) for a in addressed}
        pushes |= await self._trailing.arrange(
            [
                _news(one, pushes[one.id])
                for one in addressed
                if one.hearing.published.event.topic in TRAILING
                and pushes[one.id].state is PushState.PENDING
            ]
        )
        await self._store.add(
            [self._notification(a, languages, pushes[a.id], at) for a in addressed]
        )

    async def _on_all_devices(self, hearings: Sequence[Hearing]) -> Sequence[Addressed]:
        """What one of a person's devices is to hear, all of them do; nothing of what was done on
        another of them.
        """
        persons = await self._companions.of({h.hearer.recipient for h in hearings})
        spread: dict[UUID, Addressed] = {}
        for hearing in hearings:
            event, recipient = hearing.published.event, hearing.hearer.recipient
            linked = persons.get(recipient) or Linked(recipient, frozenset({recipient}))
            if event.internal is None or event.internal.actor not in linked.devices:
                for device in linked.devices:
                    hearer = msgspec.structs.replace(hearing.hearer, recipient=device)
                    id_ = notification_id(event.id, device)
                    told = Addressed(id_, Hearing(hearing.published, hearer), linked.account)
                    spread.setdefault(id_, told)
        return list(spread.values())

    def _notification(
        self, one: Addressed, languages: dict[UUID, str], push: Push, at: datetime
    ) -> Notification:
        hearing = one.hearing
        event, recipient = hearing.published.event, hearing.hearer.recipient
        language = self._city.spoken(languages.get(recipient))
        text = words(self._city, language, event, hearing.hearer.row)
        return Notification(
            id=one.id,
            recipient=recipient,
            event=event.id,
            seq=hearing.published.seq,
            topic=event.topic,
            subject=_subject(event),
            action=event.action,
            kind=hearing.hearer.row.kind,
            title=text.title,
            body=text.body,
            language=language,
            created_at=at,
            expires_at=at + self._keep,
            push=push,
        )


def _push(one: Addressed, chosen: Choices, at: datetime) -> Push:
    row = one.hearing.hearer.row
    push = begun(row.urgency, one.hearing.published.event.at, next_at=at, at=at)
    if push.state is PushState.PENDING and Channel.PUSH not in chosen.of(row.kind):
        return settled(push, PushState.NONE, NOT_WANTED)
    return push


def _news(one: Addressed, push: Push) -> News:
    event, hearer = one.hearing.published.event, one.hearing.hearer
    told = Told(
        id=one.id,
        recipient=hearer.recipient,
        subject=_subject(event),
        seq=one.hearing.published.seq,
        kind=hearer.row.kind,
        push=push,
    )
    return News(told, asked=event.internal is not None and event.internal.status == ASKED)


def _subject(event: Event) -> UUID:
    assert event.subject is not None, "an event that somebody hears of has a subject"
    return event.subject


def _part_of(bulk: Published, event: Event) -> Published:
    """One subject's part of a bulk event, under an id that a repeat gives again."""
    assert event.subject is not None, "a batch is made of subjects"
    part = uuid5(bulk.event.id, event.subject.hex)
    return msgspec.structs.replace(bulk, event=msgspec.structs.replace(event, id=part))
