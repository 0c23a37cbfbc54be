"""Within a minute nobody's phone rings more than twice for one thing."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from smartcity.identifiers import new_id
from smartcity.notifications.model import Kind, Push, PushState, Told, Urgency
from smartcity.notifications.trailing.rules import (
    ABOUT_TO_LEAVE,
    NEEDED_MOST,
    WITH_ANOTHER,
    News,
    arrange,
    lookback,
)

THEN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
APART = timedelta(minutes=1)
ME, REPORT = new_id(), new_id()

HIGH, NORMAL = Urgency.HIGH, Urgency.NORMAL


def after(seconds: float) -> datetime:
    return THEN + timedelta(seconds=seconds)


def news(
    seq: int, kind: Kind = Kind.PROGRESS, urgency: Urgency = NORMAL, *, asked: bool = True
) -> News:
    push = Push(state=PushState.PENDING, urgency=urgency)
    told = Told(id=new_id(), recipient=ME, subject=REPORT, seq=seq, kind=kind, push=push)
    return News(told, asked)


class Phone:
    """What one person is told of one report, and a pusher that sends whatever is due."""

    def __init__(self) -> None:
        self.written: dict[UUID, Told] = {}
        self.written_at: dict[UUID, datetime] = {}

    def tell(self, at: datetime, *some: News, but: Sequence[bool] = ()) -> None:
        """Handle news, and write them; killed in the middle, all `but` some."""
        self.send(at)
        recent = [
            one for id_, one in self.written.items() if self.written_at[id_] >= at - lookback(APART)
        ]
        arranged = arrange(recent, some, at, APART)
        for given_up in arranged.given_up:
            self._settle(given_up, state=PushState.NONE, reason=WITH_ANOTHER, next_at=None)
        lost = [one for one, is_lost in zip(some, but, strict=False) if is_lost]
        for one in some:
            if one.told.id not in self.written and one not in lost:
                push = arranged.pushes[one.told.id]
                self.written[one.told.id] = msgspec.structs.replace(one.told, push=push)
                self.written_at[one.told.id] = at

    def send(self, at: datetime) -> None:
        """Everything that was due by now was sent when it was due."""
        for id_, one in list(self.written.items()):
            due = one.push.next_at
            if one.push.state is PushState.PENDING and due is not None and due <= at:
                self._settle(id_, state=PushState.SENT, sent_at=due, next_at=None)

    def wait(self, one: News, until: datetime) -> None:
        """The push was put off: by quiet hours, or since FCM was away."""
        self._settle(one.told.id, state=PushState.PENDING, next_at=until)

    def push(self, one: News) -> Push:
        return self.written[one.told.id].push

    def _settle(self, id_: UUID, **given: object) -> None:
        one = self.written[id_]
        self.written[id_] = msgspec.structs.replace(
            one, push=msgspec.structs.replace(one.push, **given)
        )


def test_the_first_goes_at_once_and_what_comes_within_the_minute_trails() -> None:
    phone, first, second, later = Phone(), news(1), news(2), news(3)
    phone.tell(after(0), first)
    phone.tell(after(20), second)
    phone.tell(after(200), later)
    assert phone.push(first).sent_at == after(0)
    assert phone.push(second).sent_at == after(60)
    assert phone.push(later).next_at == after(200)


def test_the_trailing_push_is_about_what_most_needs_the_person() -> None:
    phone, first = Phone(), news(1)
    question, step, comment = news(2, Kind.QUESTION, HIGH), news(3), news(4, Kind.COMMENT)
    phone.tell(after(0), first)
    phone.tell(after(10), question)
    phone.tell(after(20), step, comment)
    assert phone.push(question).next_at == after(60)
    for one in (step, comment):
        assert (phone.push(one).state, phone.push(one).reason) == (PushState.NONE, WITH_ANOTHER)


def test_what_needs_the_person_more_takes_the_place_of_what_waits() -> None:
    phone, first, step, result = Phone(), news(1), news(2), news(3, Kind.RESULT, HIGH)
    phone.tell(after(0), first)
    phone.tell(after(10), step)
    phone.tell(after(30), result)
    assert (phone.push(step).state, phone.push(step).reason) == (PushState.NONE, WITH_ANOTHER)
    assert (phone.push(result).next_at, phone.push(result).urgency) == (after(60), HIGH)


def test_of_what_is_alike_the_newest_is_told() -> None:
    phone, some = Phone(), [news(seq) for seq in range(1, 6)]
    phone.tell(after(0), *reversed(some))
    assert phone.push(some[0]).next_at == after(0)
    assert phone.push(some[4]).next_at == after(60)
    assert [phone.push(one).state for one in some[1:4]] == [PushState.NONE] * 3


def test_a_question_that_was_answered_meanwhile_is_not_asked_again() -> None:
    phone, question = Phone(), news(2, Kind.QUESTION, HIGH)
    phone.tell(after(0), news(1))
    phone.tell(after(10), question)
    step = news(4, asked=False)
    phone.tell(after(30), step)
    assert phone.push(question).state is PushState.NONE
    assert phone.push(step).next_at == after(60)


def test_what_is_about_to_leave_is_left_alone() -> None:
    phone, trailing, late = Phone(), news(2), news(3, Kind.RESULT, HIGH)
    phone.tell(after(0), news(1))
    phone.tell(after(30), trailing)
    phone.tell(after(59.5), late)
    assert phone.push(trailing).next_at == after(60)
    assert phone.push(late).next_at == after(120)


def test_what_is_urgent_does_not_wait_behind_what_quiet_hours_hold_back() -> None:
    phone, step, question = Phone(), news(1), news(2, Kind.QUESTION, HIGH)
    phone.tell(after(0), step)
    phone.wait(step, after(8 * 3600))
    phone.tell(after(30), question)
    assert phone.push(question).next_at == after(30)
    assert phone.push(step).state is PushState.NONE


def test_what_was_not_shown_holds_nothing_back() -> None:
    phone, step = Phone(), news(1)
    phone.tell(after(0), step)
    phone.written[step.told.id] = msgspec.structs.replace(
        phone.written[step.told.id], push=Push(state=PushState.NONE, urgency=NORMAL)
    )
    result = news(2)
    phone.tell(after(5), result)
    assert phone.push(result).next_at == after(5)


def test_every_kind_has_its_place() -> None:
    assert sorted(NEEDED_MOST) == sorted(Kind)


class Batch(NamedTuple):
    """What comes at once, after some seconds. Killed in the middle, it is handled again later."""

    pause_s: float
    told: Sequence[tuple[Kind, Urgency]]
    lost: Sequence[bool]
    again_s: float | None


KINDS = st.tuples(st.sampled_from(Kind), st.sampled_from(Urgency))
BATCHES = st.builds(
    Batch,
    pause_s=st.floats(0, 100),
    told=st.lists(KINDS, min_size=1, max_size=4),
    lost=st.lists(st.booleans(), min_size=4, max_size=4),
    again_s=st.none() | st.floats(0, 100),
)


@given(st.lists(BATCHES, max_size=12))
def test_whatever_happens_pushes_are_a_minute_apart_and_none_is_missed(
    batches: Sequence[Batch],
) -> None:
    phone, at, seq = Phone(), THEN, 0
    dead = timedelta()
    for batch in batches:
        at += timedelta(seconds=batch.pause_s)
        some: list[News] = []
        for kind, urgency in batch.told:
            seq += 1
            some.append(news(seq, kind, urgency))
        if batch.again_s is not None:
            phone.tell(at, *some, but=batch.lost)
            at += timedelta(seconds=batch.again_s)
            dead += timedelta(seconds=batch.again_s)
        phone.tell(at, *some)
        phone.tell(at, *some)
    phone.send(at + timedelta(hours=1))

    sent = sorted(
        (one.push.sent_at, one) for one in phone.written.values() if one.push.sent_at is not None
    )
    times = [when for when, _ in sent]
    assert all(later - earlier >= APART for earlier, later in pairwise(times))
    for id_, one in phone.written.items():
        written_at = phone.written_at[id_]
        if one.push.sent_at is not None:
            assert written_at <= one.push.sent_at <= written_at + APART + ABOUT_TO_LEAVE
        else:
            assert one.push.reason == WITH_ANOTHER
            latest = written_at + APART + ABOUT_TO_LEAVE + dead
            assert any(written_at <= time <= latest for time in times)


def need(one: Told) -> tuple[bool, int]:
    assert one.kind is not None
    return one.push.urgency is HIGH, -NEEDED_MOST.index(one.kind)


@given(st.lists(st.tuples(st.floats(0, 100), KINDS), max_size=20))
def test_what_is_told_with_another_is_told_with_one_that_is_needed_as_much(
    steps: Sequence[tuple[float, tuple[Kind, Urgency]]],
) -> None:
    phone, at = Phone(), THEN
    for seq, (pause_s, (kind, urgency)) in enumerate(steps):
        at += timedelta(seconds=pause_s)
        phone.tell(at, news(seq, kind, urgency))
    phone.send(at + timedelta(hours=1))
    sent = [(one.push.sent_at, one) for one in phone.written.values() if one.push.sent_at]
    for id_, one in phone.written.items():
        if one.push.state is not PushState.SENT:
            came = phone.written_at[id_]
            instead = min((s for s in sent if s[0] > came + ABOUT_TO_LEAVE), key=lambda s: s[0])
            assert instead[0] <= came + APART + ABOUT_TO_LEAVE
            assert need(instead[1]) >= need(one)
