"""When a letter leaves as a text message, and what it says then."""

from datetime import UTC, datetime, time, timedelta

import msgspec
import pytest
import time_machine

from smartcity.city.model import City
from smartcity.city.policies import Sms
from smartcity.clock import now
from smartcity.feed.event import Topic
from smartcity.identifiers import new_id
from smartcity.notifications.letters.model import Envelope, Letter
from smartcity.notifications.letters.post import Destination
from smartcity.notifications.letters.sms.budget import SmsBudget
from smartcity.notifications.letters.sms.carrier import AT_NIGHT, SmsCarrier
from smartcity.notifications.letters.sms.model import Attempt, Fate, TextMessage
from smartcity.notifications.letters.sms.store import SmsBudgetStore
from smartcity.notifications.model import Channel, Kind, Push, PushState, Urgency
from smartcity.notifications.push import Limit, Outcome, PushResult
from smartcity.storage.mongo import Database

pytestmark = pytest.mark.anyio

TO = Destination("+84912345678", "7FQ2XM")


class Door:
    """Takes everything, unless it is told what to answer."""

    def __init__(self) -> None:
        self.answer = Attempt(Fate.TAKEN)
        self.sent: list[TextMessage] = []

    async def post(self, message: TextMessage) -> Attempt:
        self.sent.append(message)
        return self.answer


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def carrier(database: Database, hanoi: City, door: Door) -> SmsCarrier:
    return carrier_of(database, hanoi, door, time(7), time(21))


def carrier_of(
    database: Database, city: City, door: Door, first: time, last: time, most_parts: int = 1
) -> SmsCarrier:
    policy = Sms(monthly_parts=100, hours=(first, last), hotline="1022", most_parts=most_parts)
    city = msgspec.structs.replace(city, sms=policy)
    budget = SmsBudget(SmsBudgetStore(database), city)
    return SmsCarrier(door, budget, city, repeats_dropped=True)


def envelope(
    action: str = "release",
    urgency: Urgency = Urgency.NORMAL,
    body: str = "Ma {secret}",
) -> Envelope:
    at = now()
    letter = Letter(
        id=new_id(),
        channel=Channel.SMS,
        recipient=new_id(),
        event=new_id(),
        topic=Topic.REPORT,
        subject=new_id(),
        action=action,
        kind=Kind.RECEIPT,
        title="",
        body=body,
        language="vi",
        created_at=at,
        expires_at=at + timedelta(days=180),
        sending=Push(state=PushState.PENDING, urgency=urgency, next_at=at),
    )
    return Envelope(letter.id, (letter,))


@pytest.mark.parametrize(
    ("first", "last", "at", "waits_h"),
    [
        (time(7), time(21), "06:30", 0.5),
        (time(7), time(21), "07:00", 0),
        (time(7), time(21), "20:59", 0),
        (time(7), time(21), "21:00", 10),
        (time(7), time(21), "23:30", 7.5),
        (time(18), time(2), "23:30", 0),
        (time(18), time(2), "01:00", 0),
        (time(18), time(2), "12:00", 6),
    ],
)
async def test_what_nobody_waits_for_waits_until_phones_may_ring(
    database: Database, hanoi: City, door: Door, first: time, last: time, at: str, waits_h: float
) -> None:
    carrier = carrier_of(database, hanoi, door, first, last)
    hour, minute = map(int, at.split(":"))
    moment = datetime(2026, 6, 10, hour, minute, tzinfo=hanoi.zone)
    with time_machine.travel(moment, tick=False):
        result = await carrier.send(envelope(), TO)
    if waits_h:
        assert result == PushResult(Outcome.RETRY, AT_NIGHT, waits_h * 3600)
        assert door.sent == []
    else:
        assert result == PushResult(Outcome.SENT)


async def test_what_is_urgent_and_a_fresh_receipt_go_at_night(
    carrier: SmsCarrier, door: Door
) -> None:
    with time_machine.travel(datetime(2026, 6, 10, 17, 0, tzinfo=UTC)):  # midnight in Hanoi
        await carrier.send(envelope("submit"), TO)
        await carrier.send(envelope("ask", Urgency.HIGH), TO)
    assert len(door.sent) == 2


async def test_the_secret_comes_in_at_the_last_moment_and_the_letters_id_goes_with_it(
    carrier: SmsCarrier, door: Door
) -> None:
    one = envelope(urgency=Urgency.HIGH)
    await carrier.send(one, TO)
    assert door.sent == [TextMessage(id=one.id, to=TO.address, text="Ma 7FQ2XM")]


async def test_what_is_too_long_is_shortened_to_what_is_paid(
    carrier: SmsCarrier, door: Door
) -> None:
    await carrier.send(envelope(urgency=Urgency.HIGH, body="a" * 500), TO)
    assert door.sent[0].text == "a" * 157 + "..."


@pytest.mark.parametrize(
    ("attempt", "result"),
    [
        (Attempt(Fate.NEVER, "invalid"), PushResult(Outcome.FAILED, "invalid")),
        (Attempt(Fate.LATER, "full", 5.0), PushResult(Outcome.RETRY, "full", 5.0)),
        (Attempt(Fate.UNCLEAR, "HTTP 500"), PushResult(Outcome.RETRY, "HTTP 500")),
        (
            Attempt(Fate.LATER, "HTTP 429", 9.0, whole=True),
            PushResult(Outcome.RETRY, "HTTP 429", 9.0, Limit.PROJECT),
        ),
    ],
)
async def test_what_was_not_taken_is_tried_later_or_never(
    carrier: SmsCarrier, door: Door, attempt: Attempt, result: PushResult
) -> None:
    door.answer = attempt
    assert await carrier.send(envelope(urgency=Urgency.HIGH), TO) == result
