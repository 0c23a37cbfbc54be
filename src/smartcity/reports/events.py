"""What the feed hears of a report: its state after an action, with the public's part cut out."""

from typing import Final

import msgspec

from smartcity.city.model import Publicity
from smartcity.feed.event import Event, Internal, PublicState, RaisedTo, Topic
from smartcity.reports.clockwork.alarms import RAISING
from smartcity.reports.lifecycle import PRIVATE
from smartcity.reports.model import Report
from smartcity.reports.timeline import Entry
from smartcity.reports.words import Action, Party

TOLD_WITHIN: Final = frozenset(
    {Action.ASSIGN, Action.WARN, Action.WARN_TASK, Action.ESCALATE, Action.REFUSE_EXTENSION}
)
"""Internal to the agencies, but somebody in one must hear of it."""


SEEN_BY_ALL: Final = frozenset({Action.REDACT, Action.REVEAL})
"""Why is internal to the agency, but what everybody sees is another from now on."""


def is_silent(entry: Entry) -> bool:
    """Whether nobody but auditors hears of an entry: a note, a task, a wish for a later date."""
    return entry.internal and entry.action not in TOLD_WITHIN | SEEN_BY_ALL


def event(report: Report, entry: Entry, before: Report | None = None) -> Event:
    """The event of a timeline entry, telling the report's state after it. With the report as it was
    `before`, it also tells who saw that one that it is gone.
    """
    hidden = entry.internal and entry.action not in SEEN_BY_ALL
    return Event(
        id=entry.id,
        topic=Topic.AUDIT if is_silent(entry) else Topic.REPORT,
        action=entry.action,
        at=entry.at,
        subject=report.id,
        public=None if hidden or entry.action in PRIVATE else public_state(report),
        gone=before is not None and _is_gone(before, report),
        internal=Internal(
            status=report.status,
            version=report.version,
            code=report.code,
            field=report.field,
            category=report.category,
            priority=report.priority,
            unit=report.place.unit,
            agency=report.agency,
            assignee=report.assignee,
            reporter=report.reporter.id,
            actor=entry.by.id,
            party=entry.by.party,
            lon=report.place.lon,
            lat=report.place.lat,
            public=report.is_public,
            never_public=report.public is Publicity.NEVER,
            held=report.held is not None,
            level=report.level,
            raised_to=_raised_to(report, entry),
            submitted_at=report.submitted_at,
            received_at=report.received_at,
            finished_at=report.finished_at,
            receive_by=report.deadlines.receive_by,
            first_resolve_by=report.deadlines.first_resolve_by,
            due_at=report.due_at,
            risk_at=report.risk_at,
        ),
    )


def _raised_to(report: Report, entry: Entry) -> RaisedTo | None:
    """Who above the handlers is to hear of it. A warning is the assignee's, if there is one; of a
    task's date hear those who head the helper.
    """
    if entry.action is Action.WARN_TASK:
        helper = next(task.agency for task in report.tasks if task.id == entry.task)
        return RaisedTo(role=Party.SUPERVISOR, agency=helper)
    if entry.action is Action.WARN and report.assignee is None:
        return RaisedTo(role=Party.SUPERVISOR, agency=report.agency)
    rung = report.escalated_to
    if rung is None or entry.action not in RAISING:
        return None
    return RaisedTo(role=rung.role, agency=rung.agency)


def unseen(told: Event) -> Event:
    """The event of a step on the way to a report that nobody may see: what it would show is not
    shown, not even until the next event.
    """
    if told.public is None or told.internal is None:
        return told
    internal = msgspec.structs.replace(told.internal, public=False, never_public=True)
    return msgspec.structs.replace(told, public=None, internal=internal)


def public_state(report: Report) -> PublicState | None:
    """What everybody may know: nothing of a category that is never public or of a held report;
    category, unit and status until the agency received the report; then its place and agency too.
    """
    if report.public is Publicity.NEVER or report.held is not None:
        return None
    state = PublicState(
        id=report.id,
        version=report.version,
        status=report.status,
        field=report.field,
        category=report.category,
        unit=report.place.unit,
        submitted_at=report.submitted_at,
        updated_at=report.updated_at,
    )
    if not report.is_public:
        return state
    return msgspec.structs.replace(
        state,
        code=report.code,
        agency=report.agency,
        lon=report.place.lon,
        lat=report.place.lat,
        merged_into=report.merged_into,
    )


def _is_gone(before: Report, after: Report) -> bool:
    """Of what was held nobody ever heard."""
    return public_state(before) is not None and after.public is Publicity.NEVER
