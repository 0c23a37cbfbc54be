"""Who hears of what, with which words and how urgently: one table.

Nobody hears of their own action. A note is the agency's own: nobody hears of it. An agency's queue
shows its handlers and its head what is new, so of its staff only the assignee hears, whoever a late
report is put before, and the handlers to whom a report comes that presses. Who follows or confirmed
a report, or follows its area, hears only of what the public may know.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from smartcity.city.model import City, Priority
from smartcity.feed.event import Event, RaisedTo, Topic
from smartcity.identity.roles import Role
from smartcity.notifications.model import Kind, Urgency


class Relation(StrEnum):
    """What somebody is to the subject of an event. Who is several is told once, as the first."""

    REPORTER = "reporter"
    ASSIGNEE = "assignee"
    SUPERVISOR = "supervisor"  # one of the agency that the report is put before
    DISPATCHER = "dispatcher"  # the report is put before all of the city's
    AGENCY = "agency"  # a handler of the agency to which a report comes that presses
    FOLLOWER = "follower"  # of the subject, or sent or follows a report merged into it
    CONFIRMER = "confirmer"  # saw it too: this report, or one merged into it
    SUBSCRIBER = "subscriber"  # follows a unit that it lies in, and its category or field
    DIGESTED = "digested"  # asked for the week in figures


OUTSIDE: Final = (Relation.FOLLOWER, Relation.CONFIRMER, Relation.SUBSCRIBER)
"""What somebody is of their own accord. They hear only of what the public may know."""


class Row(msgspec.Struct, frozen=True):
    """One row. `template` names the texts: `notifications.<template>.title` and `.body`; `kind` is
    what the hearer chooses channels for.
    """

    topic: Topic
    action: str
    relation: Relation
    template: str
    kind: Kind
    urgency: Urgency


HIGH, NORMAL = Urgency.HIGH, Urgency.NORMAL
REPORTER, ASSIGNEE, FOLLOWER = Relation.REPORTER, Relation.ASSIGNEE, Relation.FOLLOWER
SUPERVISOR, DISPATCHER = Relation.SUPERVISOR, Relation.DISPATCHER
AGENCY, CONFIRMER, SUBSCRIBER = Relation.AGENCY, Relation.CONFIRMER, Relation.SUBSCRIBER
DIGESTED = Relation.DIGESTED

AUDIENCE: Final = (
    #   topic           action      who hears  template   kind            urgency
    # Sent on somebody's behalf: who sends a report themselves has its receipt as the answer.
    Row(Topic.REPORT, "submit", REPORTER, "submit", Kind.RECEIPT, NORMAL),
    # A new agency's handlers only where somebody may be in danger: else the queue tells them.
    Row(Topic.REPORT, "submit", AGENCY, "pressing", Kind.WORK, HIGH),
    # What was held is with its agency now.
    Row(Topic.REPORT, "release", REPORTER, "release", Kind.RECEIPT, NORMAL),
    Row(Topic.REPORT, "release", AGENCY, "pressing", Kind.WORK, HIGH),
    Row(Topic.REPORT, "receive", REPORTER, "receive", Kind.PROGRESS, NORMAL),
    Row(Topic.REPORT, "receive", FOLLOWER, "receive", Kind.FOLLOWED, NORMAL),
    # The first moment at which the public knows what and where it is.
    Row(Topic.REPORT, "receive", SUBSCRIBER, "receive_near", Kind.AREA, NORMAL),
    Row(Topic.REPORT, "transfer", REPORTER, "transfer", Kind.PROGRESS, NORMAL),
    Row(Topic.REPORT, "transfer", FOLLOWER, "transfer", Kind.FOLLOWED, NORMAL),
    Row(Topic.REPORT, "transfer", AGENCY, "pressing", Kind.WORK, HIGH),
    Row(Topic.REPORT, "correct", REPORTER, "correct", Kind.PROGRESS, NORMAL),
    Row(Topic.REPORT, "assign", ASSIGNEE, "assign", Kind.WORK, HIGH),
    Row(Topic.REPORT, "start", REPORTER, "start", Kind.PROGRESS, NORMAL),
    Row(Topic.REPORT, "start", FOLLOWER, "start", Kind.FOLLOWED, NORMAL),
    # The work stands still until the reporter answers; nobody else can.
    Row(Topic.REPORT, "ask", REPORTER, "ask", Kind.QUESTION, HIGH),
    Row(Topic.REPORT, "answer", ASSIGNEE, "answer", Kind.WORK, HIGH),
    Row(Topic.REPORT, "extend", REPORTER, "extend", Kind.PROGRESS, NORMAL),
    Row(Topic.REPORT, "extend", FOLLOWER, "extend", Kind.FOLLOWED, NORMAL),
    Row(Topic.REPORT, "refuse_extension", ASSIGNEE, "refuse_extension", Kind.WORK, NORMAL),
    Row(Topic.REPORT, "resolve", REPORTER, "resolve", Kind.RESULT, HIGH),
    Row(Topic.REPORT, "resolve", FOLLOWER, "resolve_followed", Kind.FOLLOWED, NORMAL),
    # They see the place too, and can say whether it is solved.
    Row(Topic.REPORT, "resolve", CONFIRMER, "resolve_confirmed", Kind.FOLLOWED, NORMAL),
    Row(Topic.REPORT, "resolve", SUBSCRIBER, "resolve_near", Kind.AREA, NORMAL),
    Row(Topic.REPORT, "reject", REPORTER, "reject", Kind.RESULT, HIGH),
    Row(Topic.REPORT, "reject", FOLLOWER, "reject", Kind.FOLLOWED, NORMAL),
    Row(Topic.REPORT, "reject", CONFIRMER, "reject", Kind.FOLLOWED, NORMAL),
    Row(Topic.REPORT, "merge", REPORTER, "merge", Kind.PROGRESS, NORMAL),
    Row(Topic.REPORT, "merge", FOLLOWER, "merge", Kind.FOLLOWED, NORMAL),
    Row(Topic.REPORT, "merge", CONFIRMER, "merge", Kind.FOLLOWED, NORMAL),
    Row(Topic.REPORT, "unmerge", REPORTER, "unmerge", Kind.PROGRESS, NORMAL),
    Row(Topic.REPORT, "unmerge", FOLLOWER, "unmerge", Kind.FOLLOWED, NORMAL),
    Row(Topic.REPORT, "accept", ASSIGNEE, "accept", Kind.WORK, NORMAL),
    # A supervisor may reopen too: then the reporter hears of it.
    Row(Topic.REPORT, "reopen", REPORTER, "reopen", Kind.PROGRESS, NORMAL),
    Row(Topic.REPORT, "reopen", ASSIGNEE, "reopen", Kind.WORK, HIGH),
    Row(Topic.REPORT, "reopen", AGENCY, "pressing", Kind.WORK, HIGH),
    Row(Topic.REPORT, "reopen", FOLLOWER, "reopen", Kind.FOLLOWED, NORMAL),
    Row(Topic.REPORT, "reopen", CONFIRMER, "reopen", Kind.FOLLOWED, NORMAL),
    Row(Topic.REPORT, "withdraw", ASSIGNEE, "withdraw", Kind.WORK, NORMAL),
    Row(Topic.REPORT, "withdraw", FOLLOWER, "withdraw", Kind.FOLLOWED, NORMAL),
    Row(Topic.REPORT, "close", REPORTER, "close", Kind.RESULT, NORMAL),
    # Only the reporter may reopen it: to the others it is simply closed.
    Row(Topic.REPORT, "lapse", REPORTER, "lapse", Kind.RESULT, HIGH),
    Row(Topic.REPORT, "lapse", FOLLOWER, "close", Kind.FOLLOWED, NORMAL),
    # While there is time: to whoever works on it, or else to whoever gives out the work.
    Row(Topic.REPORT, "warn", ASSIGNEE, "warn", Kind.WORK, HIGH),
    Row(Topic.REPORT, "warn", SUPERVISOR, "warn", Kind.WORK, HIGH),
    # To whoever heads the agency that was asked for help.
    Row(Topic.REPORT, "warn_task", SUPERVISOR, "warn_task", Kind.WORK, HIGH),
    Row(Topic.REPORT, "escalate", ASSIGNEE, "escalate", Kind.WORK, HIGH),
    Row(Topic.REPORT, "disclose", REPORTER, "disclose", Kind.PRIVACY, HIGH),
    Row(Topic.REPORT, "escalate", SUPERVISOR, "escalate", Kind.WORK, HIGH),
    Row(Topic.REPORT, "escalate", DISPATCHER, "escalate", Kind.WORK, HIGH),
    # Before it happens: an answer or a word of theirs changes it.
    Row(Topic.REPORT, "remind", REPORTER, "remind", Kind.QUESTION, HIGH),
    Row(Topic.REPORT, "announce", REPORTER, "announce", Kind.RESULT, NORMAL),
    # Nobody read the question: somebody has to phone.
    Row(Topic.REPORT, "proceed", ASSIGNEE, "proceed", Kind.WORK, HIGH),
    Row(Topic.REPORT, "proceed", SUPERVISOR, "proceed", Kind.WORK, HIGH),
    Row(Topic.REPORT, "comment", REPORTER, "comment", Kind.COMMENT, NORMAL),
    Row(Topic.REPORT, "comment", ASSIGNEE, "comment", Kind.WORK, NORMAL),
    # Whoever follows a dossier proved with its secret that it is theirs.
    Row(Topic.DOSSIER, "change", FOLLOWER, "dossier_changed", Kind.DOSSIER, NORMAL),
    Row(Topic.DOSSIER, "collect", FOLLOWER, "dossier_collect", Kind.DOSSIER, NORMAL),
    # Once a week: what moved and what happened near by; to staff, how their agency stands.
    Row(Topic.DIGEST, "week", DIGESTED, "digest", Kind.DIGEST, NORMAL),
    Row(Topic.DIGEST, "staff_week", DIGESTED, "digest_staff", Kind.DIGEST, NORMAL),
)

ROWS: Final[Mapping[tuple[str, str], Mapping[Relation, Row]]] = {
    (topic, action): {
        row.relation: row for row in AUDIENCE if (row.topic, row.action) == (topic, action)
    }
    for topic, action in {(row.topic, row.action) for row in AUDIENCE}
}


class Hearer(msgspec.Struct, frozen=True):
    """Somebody who is told of an event, and by which row."""

    recipient: UUID
    row: Row


def rows_for(event: Event) -> Mapping[Relation, Row]:
    """Who hears of such an event at all; empty for most that machines care about."""
    return ROWS.get((event.topic, event.action), {})


def parties(event: Event) -> list[Hearer]:
    """The reporter and the assignee, as far as they hear of this event."""
    state = event.internal
    if state is None:
        return []
    rows = rows_for(event)
    named = {REPORTER: state.reporter, ASSIGNEE: state.assignee}
    told: dict[UUID, Hearer] = {}
    for relation, somebody in named.items():
        if somebody is None or somebody == state.actor or relation not in rows:
            continue
        told.setdefault(somebody, Hearer(somebody, rows[relation]))
    return list(told.values())


def offices(event: Event, city: City) -> Mapping[Relation, RaisedTo]:
    """Whose office it is to hear of an event, by what they are to it."""
    state, rows = event.internal, rows_for(event)
    if state is None:
        return {}
    found: dict[Relation, RaisedTo] = {}
    if state.raised_to is not None:
        found[Relation(state.raised_to.role)] = state.raised_to
    if AGENCY in rows and state.agency is not None and not state.held and presses(event, city):
        found[AGENCY] = RaisedTo(role=Role.HANDLER, agency=state.agency)
    return {relation: office for relation, office in found.items() if relation in rows}


def presses(event: Event, city: City) -> bool:
    """Whether somebody must look at the report at once: it is urgent, or an emergency."""
    state = event.internal
    if state is None:
        return False
    category = city.categories.get(state.category or "")
    emergency = category is not None and category.emergency is not None
    return emergency or state.priority == Priority.URGENT


def staff(event: Event, relation: Relation, holders: Iterable[UUID]) -> list[Hearer]:
    """Those who hold an office of `offices` and hear of the event as such."""
    already = {hearer.recipient for hearer in parties(event)}
    if event.internal is not None and event.internal.actor is not None:
        already.add(event.internal.actor)
    row = rows_for(event)[relation]
    return [Hearer(somebody, row) for somebody in holders if somebody not in already]


def is_told_outside(event: Event, relation: Relation) -> bool:
    """Whether there is anything to hear of the event for those of a relation of `OUTSIDE`."""
    if relation is SUBSCRIBER and _is_received_again(event):
        return False
    return relation in rows_for(event) and _public(event)


def outside(event: Event, relation: Relation, persons: Iterable[UUID]) -> list[Hearer]:
    """Those of `persons` who hear of this event as what they are to it of their own accord."""
    if not is_told_outside(event, relation):
        return []
    row = rows_for(event)[relation]
    already = {hearer.recipient for hearer in parties(event)}
    if event.internal is not None:
        already |= {p for p in (event.internal.actor, event.internal.reporter) if p is not None}
    return [Hearer(somebody, row) for somebody in persons if somebody not in already]


def _is_received_again(event: Event) -> bool:
    """By another agency, after a transfer: of that an area has heard."""
    since = None if event.internal is None else event.internal.received_at
    return event.action == "receive" and since is not None and since < event.at


def digest_hearers(digests: Mapping[UUID, Event]) -> list[tuple[Event, Hearer]]:
    """Everybody who asked for a digest, and theirs."""
    return [
        (digest, Hearer(person, rows_for(digest)[DIGESTED])) for person, digest in digests.items()
    ]


def _public(event: Event) -> bool:
    """A dossier is shown to nobody but those who follow it; a report must have a public side."""
    if event.topic is Topic.DOSSIER:
        return True
    return event.public is not None
