"""What may happen to an alert: the table, walked with every action from every state."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartcity.alerts.events import event
from smartcity.alerts.lifecycle import TRANSITIONS, DeliveryMode, mode_of
from smartcity.alerts.model import (
    MESSAGES,
    TIMELINE,
    Alert,
    AlertAction,
    AlertCategory,
    AlertStatus,
    AlertWords,
    Area,
    Certainty,
    Content,
    Key,
    Reach,
    Urgency,
    told_until,
)
from smartcity.alerts.steps import Circumstances, Step, created, take
from smartcity.city.policies import Alerts, Severity
from smartcity.errors import (
    Conflict,
    Forbidden,
    Invalid,
    SecondPersonNeeded,
    SmartCityError,
    TimelineFull,
)
from smartcity.identifiers import new_id
from smartcity.identity.roles import CLOCK, Actor, Role

AT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
POLICY = Alerts(sender="city", second_person=frozenset({Severity.EXTREME, Severity.SEVERE}))
LAN, MINH = (Actor(roles=frozenset({Role.ALERTER}), id=new_id()) for _ in range(2))


def content(severity: Severity = Severity.MINOR, *units: str, **others: Any) -> Content:
    given: dict[str, Any] = {
        "category": AlertCategory.MET,
        "severity": severity,
        "urgency": Urgency.EXPECTED,
        "certainty": Certainty.LIKELY,
        "texts": {"en": AlertWords(event="a", headline="b", description="c")},
        "area": Area(units=units or ("1",)),
        "reach": Reach(units=units or ("1",)),
        "expires": AT + timedelta(hours=6),
    }
    return Content(**given | others)


def draft(what: Content | None = None, by: Actor = LAN) -> Alert:
    return created(what or content(), by.own_id, Key(b"", b""), AT)


def done(
    alert: Alert,
    *actions: AlertAction,
    by: Actor = LAN,
    at: datetime = AT,
    what: Content | None = None,
) -> Alert:
    for action in actions:
        among = Circumstances(actor=by, policy=POLICY, at=at)
        alert = take(alert, Step(action=action, content=what or content()), among)
    return alert


A = AlertAction
STATES = {
    "a draft": draft(),
    "a confirmed draft": done(draft(content(Severity.SEVERE)), A.CONFIRM, by=MINH),
    "issued": done(draft(), A.ISSUE),
    "issued, with an update": done(draft(), A.ISSUE, A.REVISE),
    "cancelled": done(draft(), A.ISSUE, A.CANCEL),
    "expired": done(done(draft(), A.ISSUE), A.EXPIRE, by=CLOCK, at=AT + timedelta(hours=7)),
    "discarded": done(draft(), A.DISCARD),
}
ALLOWED = {
    "a draft": {A.REVISE, A.CONFIRM, A.ISSUE, A.DISCARD},
    "a confirmed draft": {A.REVISE, A.CONFIRM, A.ISSUE, A.DISCARD},
    "issued": {A.REVISE, A.CANCEL},
    "issued, with an update": {A.REVISE, A.CONFIRM, A.ISSUE, A.CANCEL, A.DISCARD},
    "cancelled": set[AlertAction](),
    "expired": set[AlertAction](),
    "discarded": set[AlertAction](),
}


@pytest.mark.parametrize("action", AlertAction)
@pytest.mark.parametrize("state", STATES)
def test_an_officer_does_what_the_table_allows_and_nothing_else(
    state: str, action: AlertAction
) -> None:
    if action in ALLOWED[state]:
        done(STATES[state], action, by=MINH)
    else:
        with pytest.raises((Conflict, Forbidden)):
            done(STATES[state], action, by=MINH)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ALERTER, Role.CLOCK}))
def test_nobody_else_does_anything(role: Role) -> None:
    actor = Actor(roles=frozenset({role}), id=new_id())
    for action in TRANSITIONS:
        for alert in STATES.values():
            with pytest.raises(SmartCityError):
                done(alert, action, by=actor)


def test_the_clock_ends_nothing_before_its_time() -> None:
    with pytest.raises(Conflict):
        done(STATES["issued"], A.EXPIRE, by=CLOCK)
    with pytest.raises(Forbidden):
        done(STATES["issued"], A.CANCEL, by=CLOCK)


def test_the_clock_does_not_end_what_was_given_more_time() -> None:
    longer = content(expires=AT + timedelta(hours=9))
    updated = done(STATES["issued"], A.REVISE, A.ISSUE, what=longer)
    with pytest.raises(Conflict):
        done(updated, A.EXPIRE, by=CLOCK, at=AT + timedelta(hours=7))


@pytest.mark.parametrize("severity", Severity)
def test_the_pack_says_who_needs_a_second_person(severity: Severity) -> None:
    alert = draft(content(severity))
    if severity not in POLICY.second_person:
        assert done(alert, A.ISSUE).status is AlertStatus.ISSUED
        return
    with pytest.raises(SecondPersonNeeded):
        done(alert, A.ISSUE)
    with pytest.raises(SecondPersonNeeded):
        done(alert, A.CONFIRM)
    assert done(done(alert, A.CONFIRM, by=MINH), A.ISSUE).status is AlertStatus.ISSUED


def test_a_draft_that_would_have_ended_is_not_issued() -> None:
    with pytest.raises(Invalid):
        done(draft(), A.ISSUE, at=AT + timedelta(hours=6))


def test_a_cancellation_is_taken_however_much_was_written_before() -> None:
    alert = STATES["issued"]
    full = msgspec.structs.replace(alert, timeline=alert.timeline * (TIMELINE // 2))
    with pytest.raises(TimelineFull):
        done(full, A.REVISE)
    assert done(full, A.CANCEL).status is AlertStatus.CANCELLED
    often = msgspec.structs.replace(alert, messages=alert.messages * MESSAGES)
    with pytest.raises(TimelineFull):
        done(done(often, A.REVISE), A.ISSUE)
    assert done(often, A.CANCEL).status is AlertStatus.CANCELLED


STEPS = st.lists(
    st.tuples(
        st.sampled_from(sorted(TRANSITIONS)),
        st.sampled_from([LAN, MINH, CLOCK]),
        st.sampled_from(Severity),
        st.sampled_from(["1", "2", "3"]),
        st.integers(0, 3),
    ),
    max_size=25,
)


@given(STEPS)
def test_whatever_officers_do_no_grave_words_go_out_on_one_persons_word(
    steps: list[tuple[AlertAction, Actor, Severity, str, int]],
) -> None:
    alert, at, writer = draft(content(Severity.EXTREME)), AT, LAN.own_id
    for action, actor, severity, unit, hours in steps:
        at += timedelta(hours=hours)
        what = content(severity, unit, expires=at + timedelta(hours=4))
        before = alert
        try:
            alert = done(alert, action, by=actor, at=at, what=what)
        except SmartCityError:
            continue
        assert alert.version == before.version + 1
        assert len(alert.messages) - len(before.messages) == (action in {A.ISSUE, A.CANCEL})
        if action is A.REVISE:
            writer = actor.own_id
        if action is A.ISSUE:
            assert before.draft is not None
            grave = before.draft.content.severity in POLICY.second_person
            assert not grave or before.draft.confirmed_by not in {None, writer}
        told = event(alert, alert.timeline[-1])
        assert (told.public is not None) == (action in {A.ISSUE, A.CANCEL, A.EXPIRE})
        assert (alert.expires_at is not None) == (alert.status is AlertStatus.ISSUED)


@given(st.lists(st.sets(st.sampled_from("123"), min_size=1), min_size=1, max_size=5))
def test_everybody_who_was_told_stays_in_reach(areas: list[set[str]]) -> None:
    alert = draft(content(Severity.MINOR, *sorted(areas[0])))
    alert = done(alert, A.ISSUE)
    for area in areas[1:]:
        alert = done(alert, A.REVISE, A.ISSUE, what=content(Severity.MINOR, *sorted(area)))
    reach = told_until(alert.messages)
    assert set(reach.units) == set[str]().union(*areas)
    assert told_until(alert.until(alert.messages[0])).units == tuple(sorted(areas[0]))


def test_an_update_of_a_pressing_alert_goes_the_same_way() -> None:
    pressing, calm = content(urgency=Urgency.IMMEDIATE), content()
    assert mode_of([calm]) is DeliveryMode.TOPICS
    assert mode_of([pressing, calm]) is DeliveryMode.DIRECT
