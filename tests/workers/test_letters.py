"""Letters: who gets one, when it leaves and what becomes of it, against the real database."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.feed.event import Published
from smartcity.identifiers import new_id
from smartcity.notifications.audience import parties
from smartcity.notifications.choices.store import ChoiceStore
from smartcity.notifications.letters.model import Envelope, Letter
from smartcity.notifications.letters.post import Destination, NoCarrier, Post, Reader
from smartcity.notifications.letters.rules import ENCLOSED, in_envelopes
from smartcity.notifications.letters.store import LetterStore
from smartcity.notifications.letters.writing import LetterWriter, Told
from smartcity.notifications.model import Channel, Kind, PushState, Urgency
from smartcity.notifications.push import Limit, Outcome, PushResult
from smartcity.storage.leases import Lease
from smartcity.storage.mongo import Database
from tests.workers.notified import letter, letter_writer, published
from workers.letters import BATCH, NO_ADDRESS, LetterSender

pytestmark = pytest.mark.anyio


class Readers:
    """Devices, and the one person whose they are."""

    def __init__(self, *devices: UUID) -> None:
        self.person = Reader(person=new_id(), ids=frozenset(devices), language="en")

    async def of(self, hearers: Collection[UUID], /) -> Mapping[UUID, Reader]:
        return dict.fromkeys(self.person.ids.intersection(hearers), self.person)


class Addresses:
    """Everybody has one, but those who took it away."""

    def __init__(self) -> None:
        self.without: set[UUID] = set()
        self.failed: list[str] = []

    async def of(self, letters: Sequence[Letter], /) -> Mapping[UUID, Destination]:
        return {
            one.id: Destination(f"{one.recipient}@example.org")
            for one in letters
            if one.recipient not in self.without
        }

    async def fail(self, letter: Letter, address: str, /) -> None:
        self.failed.append(address)


class Carrier:
    """Takes everything, unless it is told what to answer."""

    def __init__(self) -> None:
        self.answers: list[PushResult | Exception] = []
        self.sent: list[Envelope] = []

    async def send(self, envelope: Envelope, to: Destination, /) -> PushResult:
        self.sent.append(envelope)
        answer = self.answers.pop(0) if self.answers else PushResult(Outcome.SENT)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def rest(self) -> None:
        return


@pytest.fixture
def letters(database: Database) -> LetterStore:
    return LetterStore(database)


@pytest.fixture
def carrier() -> Carrier:
    return Carrier()


@pytest.fixture
def addresses() -> Addresses:
    return Addresses()


@pytest.fixture
def sender(
    database: Database, letters: LetterStore, carrier: Carrier, addresses: Addresses
) -> LetterSender:
    return sender_of(database, letters, carrier, addresses)


def sender_of(
    database: Database,
    letters: LetterStore,
    carrier: Carrier | NoCarrier,
    addresses: Addresses,
    *,
    holder: str = "one",
    together: bool = True,
) -> LetterSender:
    post = post_of(Readers(), addresses, carrier, together=together)
    return LetterSender(post, letters, Lease(database, "letters", holder, 10))


def post_of(
    readers: Readers, addresses: Addresses, carrier: Carrier | NoCarrier, *, together: bool = True
) -> Post:
    return Post(
        channel=Channel.EMAIL,
        readers=readers,
        addresses=addresses,
        carrier=carrier,
        per_second=10_000,
        together=together,
    )


def told(*events: Published) -> list[Told]:
    return [(one, hearer) for one in events for hearer in parties(one.event)]


def writer(database: Database, city: City, readers: Readers) -> LetterWriter:
    return letter_writer(database, city, post_of(readers, Addresses(), Carrier()))


async def everything(letters: LetterStore, person: UUID) -> list[Letter]:
    return [one async for one in letters.of(person)]


# --- who gets one --------------------------------------------------------------------------------


async def test_a_person_gets_one_letter_an_event_however_many_devices_and_repeats(
    database: Database, hanoi: City, letters: LetterStore
) -> None:
    phone, tablet = new_id(), new_id()
    readers = Readers(phone, tablet)
    event = published(1, "ask", reporter=phone)
    on_the_other = [(event, msgspec.structs.replace(h, recipient=tablet)) for _, h in told(event)]
    for _ in range(2):
        await writer(database, hanoi, readers).write([*told(event), *on_the_other], now())
    (only,) = await everything(letters, readers.person.person)
    assert (only.language, only.kind, only.sending.state) == (
        "en",
        Kind.QUESTION,
        PushState.PENDING,
    )


async def test_nobody_is_written_to_about_what_they_did_on_another_of_their_devices(
    database: Database, hanoi: City, letters: LetterStore
) -> None:
    phone, tablet = new_id(), new_id()
    readers = Readers(phone, tablet)
    event = published(1, "ask", reporter=phone, actor=tablet)
    await writer(database, hanoi, readers).write(told(event), now())
    assert await everything(letters, readers.person.person) == []


async def test_who_is_not_reached_or_chose_otherwise_gets_none(
    database: Database, hanoi: City, letters: LetterStore
) -> None:
    phone = new_id()
    readers = Readers(phone)
    await ChoiceStore(database).change(
        readers.person.person, {Kind.QUESTION: frozenset({Channel.PUSH})}
    )
    events = (
        published(1, "ask", reporter=phone),
        published(2, "receive", reporter=phone),  # progress: nobody is written to by default
        published(3, "ask", reporter=new_id()),
        published(4, "resolve", reporter=phone),
    )
    await writer(database, hanoi, readers).write(told(*events), now())
    assert [one.action for one in await everything(letters, readers.person.person)] == ["resolve"]
    assert await database["letters"].count_documents({}) == 1


async def test_what_happened_more_than_a_day_ago_is_written_down_and_not_sent(
    database: Database, hanoi: City, letters: LetterStore, sender: LetterSender, carrier: Carrier
) -> None:
    phone = new_id()
    readers = Readers(phone)
    old = published(1, "ask", reporter=phone, at=now() - timedelta(hours=25))
    await writer(database, hanoi, readers).write(told(old), now())
    assert await sender.run_once() == 0
    (only,) = await everything(letters, readers.person.person)
    assert only.sending.state is PushState.NONE


# --- what goes together --------------------------------------------------------------------------


async def test_what_somebody_waits_for_leaves_at_once_and_takes_the_rest_with_it(
    letters: LetterStore, sender: LetterSender, carrier: Carrier
) -> None:
    person, report = new_id(), new_id()
    waits = letter(Urgency.NORMAL, recipient=person, subject=report)
    elsewhere = letter(Urgency.NORMAL, recipient=person)
    await letters.add([waits, elsewhere])
    assert await sender.run_once() == 0
    urgent = letter(recipient=person, subject=report)
    await letters.add([urgent])
    assert await sender.run_once() == 1
    (envelope,) = carrier.sent
    assert [one.id for one in envelope.letters] == [urgent.id, waits.id]
    assert envelope.id == urgent.id
    assert {one.sending.state for one in await everything(letters, person)} == {
        PushState.SENT,
        PushState.PENDING,
    }


async def test_an_envelope_that_is_sent_again_holds_the_same_under_the_same_id(
    database: Database, letters: LetterStore, carrier: Carrier, addresses: Addresses
) -> None:
    person, report = new_id(), new_id()
    await letters.add([letter(recipient=person, subject=report) for _ in range(2)])
    carrier.answers = [PushResult(Outcome.RETRY, "450")]
    await sender_of(database, letters, carrier, addresses).run_once()
    await letters.add([letter(recipient=person, subject=report)])
    await database["letters"].update_many({}, {"$set": {"sending.next_at": now()}})
    await sender_of(database, letters, carrier, addresses).run_once()
    first, again, later = sorted(carrier.sent, key=lambda one: len(one.letters), reverse=True)
    assert first.id == again.id
    assert [one.id for one in first.letters] == [one.id for one in again.letters]
    assert len(later.letters) == 1


async def test_a_channel_that_takes_one_at_a_time_gets_them_one_by_one(
    database: Database, letters: LetterStore, carrier: Carrier, addresses: Addresses
) -> None:
    person, report = new_id(), new_id()
    await letters.add([letter(recipient=person, subject=report) for _ in range(3)])
    sender = sender_of(database, letters, carrier, addresses, together=False)
    assert await sender.run_once() == 3
    assert [len(one.letters) for one in carrier.sent] == [1, 1, 1]


PEOPLE = [new_id() for _ in range(3)]


@given(st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), st.booleans())))
def test_every_letter_is_in_exactly_one_envelope_of_one_person_and_subject(
    drawn: list[tuple[UUID, UUID, bool]],
) -> None:
    given_ = [
        letter(Urgency.HIGH if urgent else Urgency.NORMAL, recipient=person, subject=subject)
        for person, subject, urgent in drawn
    ]
    envelopes = in_envelopes(given_, together=True)
    inside = [one.id for envelope in envelopes for one in envelope.letters]
    assert sorted(inside) == sorted(one.id for one in given_)
    for envelope in envelopes:
        assert len({(one.recipient, one.subject) for one in envelope.letters}) == 1
        assert len(envelope.letters) <= ENCLOSED
        urgencies = [one.sending.urgency for one in envelope.letters]
        assert urgencies == sorted(urgencies, key=lambda one: one is not Urgency.HIGH)


# --- what becomes of them ------------------------------------------------------------------------


async def test_who_took_the_address_away_gets_nothing_that_was_on_its_way(
    letters: LetterStore, sender: LetterSender, carrier: Carrier, addresses: Addresses
) -> None:
    one = letter()
    await letters.add([one])
    addresses.without.add(one.recipient)
    await sender.run_once()
    (kept,) = await everything(letters, one.recipient)
    assert carrier.sent == []
    assert (kept.sending.state, kept.sending.reason) == (PushState.NONE, NO_ADDRESS)


async def test_what_may_be_taken_later_is_tried_again_until_a_day_has_passed(
    letters: LetterStore, sender: LetterSender, carrier: Carrier
) -> None:
    fresh, old = letter(), letter(age=timedelta(hours=23, minutes=59, seconds=59.9))
    await letters.add([fresh, old])
    carrier.answers = [PushResult(Outcome.RETRY, "450", retry_after_s=60)] * 2
    await sender.run_once()
    (waiting,) = await everything(letters, fresh.recipient)
    (failed,) = await everything(letters, old.recipient)
    assert waiting.sending.next_at is not None
    assert waiting.sending.next_at >= now() + timedelta(seconds=50)
    assert (waiting.sending.state, waiting.sending.attempts) == (PushState.PENDING, 1)
    assert (failed.sending.state, failed.sending.reason) == (
        PushState.FAILED,
        "not delivered within a day: 450",
    )


async def test_an_address_at_which_nobody_is_is_marked(
    letters: LetterStore, sender: LetterSender, carrier: Carrier, addresses: Addresses
) -> None:
    one = letter()
    await letters.add([one])
    carrier.answers = [PushResult(Outcome.GONE, "no such mailbox")]
    await sender.run_once()
    assert addresses.failed == [f"{one.recipient}@example.org"]
    (kept,) = await everything(letters, one.recipient)
    assert (kept.sending.state, kept.sending.reason) == (PushState.FAILED, "no such mailbox")


async def test_while_nothing_can_be_sent_nothing_is_tried(
    letters: LetterStore, sender: LetterSender, carrier: Carrier
) -> None:
    await letters.add([letter() for _ in range(10)])
    carrier.answers = [PushResult(Outcome.RETRY, "away", limit=Limit.PROJECT)]
    assert await sender.run_once() == 1
    assert await sender.run_once() == 0
    assert len(carrier.sent) == 1


async def test_a_letter_that_breaks_its_carrier_stops_no_other(
    letters: LetterStore, sender: LetterSender, carrier: Carrier
) -> None:
    first, second = letter(age=timedelta(minutes=1)), letter()
    await letters.add([first, second])
    carrier.answers = [ValueError("a secret@example.org")]
    assert await sender.run_once() == 2
    (broken,) = await everything(letters, first.recipient)
    (fine,) = await everything(letters, second.recipient)
    assert (broken.sending.state, broken.sending.reason) == (PushState.PENDING, "ValueError")
    assert fine.sending.state is PushState.SENT


async def test_without_a_configuration_letters_are_recorded_as_not_sent(
    database: Database, letters: LetterStore, addresses: Addresses
) -> None:
    one = letter()
    await letters.add([one])
    await sender_of(database, letters, NoCarrier("not configured"), addresses).run_once()
    (kept,) = await everything(letters, one.recipient)
    assert (kept.sending.state, kept.sending.reason) == (PushState.NOT_SENT, "not configured")


async def test_one_of_two_processes_sends(
    database: Database, letters: LetterStore, carrier: Carrier, addresses: Addresses
) -> None:
    await letters.add([letter() for _ in range(3)])
    both = [sender_of(database, letters, carrier, addresses, holder=h) for h in ("one", "two")]
    assert sorted(await asyncio.gather(*(sender.run_once() for sender in both))) == [0, 3]
    assert len(carrier.sent) == 3


async def test_no_more_is_taken_in_hand_than_a_batch_however_much_is_due(
    letters: LetterStore, sender: LetterSender
) -> None:
    await letters.add([letter() for _ in range(BATCH)])
    await letters.add([letter(Urgency.NORMAL, age=timedelta(hours=1)) for _ in range(5)])
    assert await sender.run_once() == BATCH
    assert await sender.run_once() == 5
