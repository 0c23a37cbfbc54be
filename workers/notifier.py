"""Reads the feed and tells people: one notification per event and recipient, in their language.

It may be killed, repeated or replayed: a notification's id follows from the event and the
recipient, so a repeat writes nothing. Sending to phones is the pusher's duty.
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
from smartcity.identity.citizens.companions import Linked
from smartcity.identity.devices.service import DeviceService
from smartcity.notifications.audience import rows_for
from smartcity.notifications.choices.model import Choices
from smartcity.notifications.messages import words
from smartcity.notifications.model import (
    STALE_AFTER,
    Channel,
    Notification,
    Push,
    PushState,
    Told,
    notification_id,
)
from smartcity.notifications.store import NotificationStore
from smartcity.notifications.trailing import WITH_ANOTHER, News, arrange, lookback
from workers.audiences import Audiences, Hearing

CHUNK: Final = 1000
"""So many notifications are composed and written at a time."""

TOO_OLD: Final = "older than a day"
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
    """One event for one inbox. `person` is whose choices count: the account, or the recipient."""

    hearing: Hearing
    person: UUID

    @property
    def id(self) -> UUID:
        return notification_id(self.hearing.published.event.id, self.hearing.hearer.recipient)


class Notifier:
    """A consumer of the feed. `keep` is how long an inbox keeps a notification; `apart`, how far
    apart pushes about one subject leave.
    """

    def __init__(
        self,
        city: City,
        audiences: Audiences,
        devices: DeviceService,
        batches: Batches,
        store: NotificationStore,
        keep: timedelta,
        apart: timedelta,
        *,
        companions: Companions,
        choices: ChoicesOf,
    ) -> None:
        self._city = city
        self._audiences = audiences
        self._devices = devices
        self._batches = batches
        self._store = store
        self._keep = keep
        self._apart = apart
        self._companions = companions
        self._choices = choices

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
        addressed = await self._on_all_devices(hearings)
        if not addressed:
            return
        languages = await self._devices.languages({a.hearing.hearer.recipient for a in addressed})
        chosen = await self._choices.of({a.person for a in addressed})
        pushes = {a.id: _push(a, chosen[a.person], at) for a in addressed}
        given_up = await self._arrange(addressed, pushes)
        # First, for whoever repeats this finds again what is not written yet, and not what was
        # told twice.
        await self._store.give_up(given_up, WITH_ANOTHER, now())
        await self._store.add(
            [self._notification(a.hearing, languages, pushes[a.id], at) for a in addressed]
        )

    async def _on_all_devices(self, hearings: Sequence[Hearing]) -> Sequence[Addressed]:
        """What one of a person's devices is to hear, all of them do; nothing of what was done on
        another of them.
        """
        persons = await self._companions.of({h.hearer.recipient for h in hearings})
        spread: dict[tuple[UUID, UUID], Addressed] = {}
        for hearing in hearings:
            event, recipient = hearing.published.event, hearing.hearer.recipient
            linked = persons.get(recipient) or Linked(recipient, frozenset({recipient}))
            if event.internal is None or event.internal.actor not in linked.devices:
                for device in linked.devices:
                    hearer = msgspec.structs.replace(hearing.hearer, recipient=device)
                    told = Addressed(Hearing(hearing.published, hearer), linked.account)
                    spread.setdefault((event.id, device), told)
        return list(spread.values())

    async def _arrange(
        self, addressed: Sequence[Addressed], pushes: dict[UUID, Push]
    ) -> Collection[UUID]:
        """Give each of `pushes` that is to be sent its time, or let another stand for it. Answers
        which of those that wait from before another now stands for.
        """
        news: defaultdict[tuple[UUID, UUID], list[News]] = defaultdict(list)
        for one in addressed:
            event, hearer = one.hearing.published.event, one.hearing.hearer
            if event.topic in TRAILING and pushes[one.id].state is PushState.PENDING:
                told = Told(
                    id=one.id,
                    recipient=hearer.recipient,
                    subject=_subject(event),
                    seq=one.hearing.published.seq,
                    kind=hearer.row.kind,
                    push=pushes[one.id],
                )
                asked = event.internal is not None and event.internal.status == ASKED
                news[told.recipient, told.subject].append(News(told, asked))
        if not news:
            return ()
        at = now()
        before: defaultdict[tuple[UUID, UUID], list[Told]] = defaultdict(list)
        recipients, subjects = ({key[part] for key in news} for part in (0, 1))
        for told in await self._store.told(recipients, subjects, at - lookback(self._apart)):
            before[told.recipient, told.subject].append(told)
        given_up: set[UUID] = set()
        for key, some in news.items():
            arranged = arrange(before[key], some, at, self._apart)
            pushes.update(arranged.pushes)
            given_up |= arranged.given_up
        return given_up

    def _notification(
        self, hearing: Hearing, languages: dict[UUID, str], push: Push, at: datetime
    ) -> Notification:
        event, recipient = hearing.published.event, hearing.hearer.recipient
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
    if one.hearing.published.event.at < at - STALE_AFTER:
        return Push(state=PushState.NONE, urgency=row.urgency, reason=TOO_OLD)
    if Channel.PUSH not in chosen.of(row.kind):
        return Push(state=PushState.NONE, urgency=row.urgency, reason=NOT_WANTED)
    return Push(state=PushState.PENDING, urgency=row.urgency, next_at=at)


def _subject(event: Event) -> UUID:
    assert event.subject is not None, "an event that somebody hears of has a subject"
    return event.subject


def _part_of(bulk: Published, event: Event) -> Published:
    """One subject's part of a bulk event, under an id that a repeat gives again."""
    assert event.subject is not None, "a batch is made of subjects"
    part = uuid5(bulk.event.id, event.subject.hex)
    return msgspec.structs.replace(bulk, event=msgspec.structs.replace(event, id=part))
