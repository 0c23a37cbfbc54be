"""The table of who hears of what."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.feed.event import Event, Internal, PublicState, RaisedTo, Topic
from smartcity.identifiers import new_id
from smartcity.notifications.audience import (
    AUDIENCE,
    OUTSIDE,
    Relation,
    offices,
    outside,
    parties,
    rows_for,
    staff,
)
from smartcity.notifications.model import Kind, Urgency
from smartcity.reports import tasks
from smartcity.reports.words import Action

REPORTER, ASSIGNEE, FOLLOWER, HANDLER = (new_id() for _ in range(4))


def report_event(
    action: str,
    *,
    actor: UUID | None = HANDLER,
    reporter: UUID | None = REPORTER,
    assignee: UUID | None = ASSIGNEE,
    public: bool = True,
) -> Event:
    subject = new_id()
    return Event(
        id=new_id(),
        topic=Topic.REPORT,
        action=action,
        at=now(),
        subject=subject,
        public=PublicState(id=subject, version=2, status="received") if public else None,
        internal=Internal(status="received", actor=actor, reporter=reporter, assignee=assignee),
    )


def told(event: Event) -> dict[UUID, str]:
    return {
        hearer.recipient: hearer.row.template
        for hearer in [
            *parties(event),
            *outside(event, Relation.FOLLOWER, [FOLLOWER, REPORTER, ASSIGNEE, HANDLER]),
        ]
    }


def test_the_reporter_and_the_followers_hear_that_a_report_was_received() -> None:
    assert told(report_event("receive", assignee=None)) == {
        REPORTER: "receive",
        FOLLOWER: "receive",
        ASSIGNEE: "receive",  # of nobody's assigning: a follower like any other
    }


def test_who_is_several_things_is_told_once() -> None:
    event = report_event("comment", reporter=ASSIGNEE)
    assert [hearer.recipient for hearer in parties(event)] == [ASSIGNEE]


@pytest.mark.parametrize("action", list(Action))
def test_nobody_hears_of_their_own_action(action: Action) -> None:
    for actor in (REPORTER, ASSIGNEE, FOLLOWER):
        assert actor not in told(report_event(action, actor=actor))


def test_a_note_is_heard_by_nobody() -> None:
    assert told(report_event("note")) == {}


def test_a_comment_by_staff_is_heard_by_the_reporter_and_one_by_the_reporter_by_the_assignee() -> (
    None
):
    assert told(report_event("comment", actor=ASSIGNEE)) == {REPORTER: "comment"}
    assert told(report_event("comment", actor=REPORTER)) == {ASSIGNEE: "comment"}


def test_a_question_goes_to_the_reporter_alone_and_wakes_the_phone() -> None:
    (hearer,) = parties(report_event("ask", assignee=None))
    assert (hearer.recipient, hearer.row.urgency) == (REPORTER, Urgency.HIGH)
    assert not outside(report_event("ask"), Relation.FOLLOWER, [FOLLOWER])


def test_followers_hear_nothing_of_a_report_that_is_never_public() -> None:
    assert told(report_event("resolve", public=False)) == {REPORTER: "resolve"}


def test_the_clock_s_actions_are_heard_by_the_parties() -> None:
    assert told(report_event("escalate", actor=None)) == {ASSIGNEE: "escalate"}
    assert told(report_event("warn", actor=None)) == {ASSIGNEE: "warn"}
    assert told(report_event("remind", actor=None)) == {REPORTER: "remind"}
    assert told(report_event("announce", actor=None)) == {REPORTER: "announce"}


@pytest.mark.parametrize("role", ["supervisor", "dispatcher"])
def test_whoever_a_report_is_put_before_hears_of_it_once(role: str, hanoi: City) -> None:
    event = report_event("escalate", actor=None)
    assert event.internal is not None
    raised = msgspec.structs.replace(
        event,
        internal=msgspec.structs.replace(
            event.internal, raised_to=RaisedTo(role=role, agency="so-y-te")
        ),
    )
    (relation,) = offices(raised, hanoi)
    (heard,) = staff(raised, relation, [HANDLER, ASSIGNEE])
    assert (heard.recipient, heard.row.relation) == (HANDLER, role)
    assert not offices(event, hanoi)


ENTERING = ("submit", "release", "transfer", "reopen")


def entering(action: str, priority: str, category: str, *, held: bool = False) -> Event:
    """A report that comes to the department of construction."""
    event = report_event(action, actor=None)
    assert event.internal is not None
    state = msgspec.structs.replace(
        event.internal, priority=priority, category=category, agency="so-xay-dung", held=held
    )
    return msgspec.structs.replace(event, internal=state)


@pytest.mark.parametrize("action", ENTERING)
def test_the_agency_to_which_a_report_comes_hears_of_it_only_where_it_presses(
    action: str, hanoi: City
) -> None:
    office = {Relation.AGENCY: RaisedTo(role="handler", agency="so-xay-dung")}
    assert offices(entering(action, "urgent", "pothole"), hanoi) == office
    emergency = next(code for code, one in hanoi.categories.items() if one.emergency)
    assert offices(entering(action, "normal", emergency), hanoi) == office
    assert not offices(entering(action, "normal", "pothole"), hanoi)
    assert not offices(entering(action, "urgent", "pothole", held=True), hanoi)


def test_no_other_step_rings_at_the_agency(hanoi: City) -> None:
    for action in set(Action) - set(ENTERING):
        assert not offices(entering(action, "urgent", "pothole"), hanoi)


@pytest.mark.parametrize("relation", [Relation.CONFIRMER, Relation.SUBSCRIBER])
def test_who_confirmed_a_report_or_follows_its_area_hears_no_more_than_the_public(
    relation: Relation,
) -> None:
    told = {
        action: [one.row.template for one in outside(report_event(action), relation, [FOLLOWER])]
        for action in Action
    }
    assert {action: templates for action, templates in told.items() if templates} == {
        Relation.CONFIRMER: {
            "resolve": ["resolve_confirmed"],
            "reject": ["reject"],
            "merge": ["merge"],
            "reopen": ["reopen"],
        },
        Relation.SUBSCRIBER: {"receive": ["receive_near"], "resolve": ["resolve_near"]},
    }[relation]
    for action in Action:
        assert not outside(report_event(action, public=False), relation, [FOLLOWER])
        assert not outside(report_event(action, actor=FOLLOWER), relation, [FOLLOWER, REPORTER])


def test_a_dossier_is_heard_of_by_those_who_follow_it() -> None:
    event = Event(
        id=new_id(),
        topic=Topic.DOSSIER,
        action="change",
        at=now(),
        subject=new_id(),
        internal=Internal(status="9"),
    )
    assert told(event)[FOLLOWER] == "dossier_changed"


def test_machines_events_are_heard_by_nobody() -> None:
    assert not rows_for(Event(id=new_id(), topic=Topic.BULK, action="import", at=now()))


def test_every_row_about_a_report_is_about_an_action_of_the_lifecycle() -> None:
    actions = {row.action for row in AUDIENCE if row.topic is Topic.REPORT}
    unheard = {Action.NOTE, Action.REDACT, Action.REVEAL, *tasks.EFFECTS} - {Action.WARN_TASK}
    assert actions == set(Action) - unheard


def test_no_two_rows_say_different_things() -> None:
    keys = [(row.topic, row.action, row.relation) for row in AUDIENCE]
    assert len(keys) == len(set(keys))


def test_every_row_has_its_words_in_every_language(hanoi: City) -> None:
    for language in hanoi.languages:
        for template in {row.template for row in AUDIENCE}:
            for part in ("title", "body"):
                assert hanoi.messages.texts[language][f"notifications.{template}.{part}"]


def test_an_area_hears_once_that_a_report_was_received() -> None:
    first, again = report_event("receive"), report_event("receive")
    for event, received_at in ((first, first.at), (again, again.at - timedelta(days=1))):
        assert event.internal is not None
        state = msgspec.structs.replace(event.internal, received_at=received_at)
        told = outside(
            msgspec.structs.replace(event, internal=state), Relation.SUBSCRIBER, [FOLLOWER]
        )
        assert len(told) == (event is first)


def test_what_waits_for_somebody_wakes_their_phone() -> None:
    pressing = {Kind.QUESTION, Kind.PRIVACY}
    assert {row.urgency for row in AUDIENCE if row.kind in pressing} == {Urgency.HIGH}
    ours = {Relation.ASSIGNEE, Relation.SUPERVISOR, Relation.DISPATCHER, Relation.AGENCY}
    assert {row.relation for row in AUDIENCE if row.kind is Kind.WORK} == ours
    assert {row.urgency for row in AUDIENCE if row.relation in OUTSIDE} == {Urgency.NORMAL}


def test_relations_are_all_used() -> None:
    assert {row.relation for row in AUDIENCE} == set(Relation)
