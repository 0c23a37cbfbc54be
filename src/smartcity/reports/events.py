"""What the feed hears of a report: its state after an action, with the public's part cut out."""

from typing import Final

import msgspec

from smartcity.city.model import Publicity
from smartcity.feed.event import Event, Internal, PublicState, RaisedTo, Topic
from smartcity.reports.clockwork.alarms import RAISING
from smartcity.reports.lifecycle import PRIVATE
from smartcity.reports.model import Action, Entry, Party, Report

TOLD_WITHIN: Final = frozenset({Action.ASSIGN, Action.WARN, Action.ESCALATE})
"""Internal to the agency, but somebody in it must hear of it."""


def is_silent(entry: Entry) -> bool:
    """Whether nobody but auditors hears of an entry: a note, a wish for a later date."""
    return entry.internal and entry.action not in TOLD_WITHIN


def event(report: Report, entry: Entry) -> Event:
    """The event of a timeline entry, telling the report's state after it."""
    return Event(
        id=entry.id,
        topic=Topic.AUDIT if is_silent(entry) else Topic.REPORT,
        action=entry.action,
        at=entry.at,
        subject=report.id,
        public=None if entry.internal or entry.action in PRIVATE else public_state(report),
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
            held=report.held is not None,
            level=report.level,
            raised_to=_raised_to(report, entry),
            submitted_at=report.submitted_at,
            received_at=report.received_at,
            finished_at=report.finished_at,
            receive_by=report.deadlines.receive_by,
            resolve_by=report.deadlines.resolve_by,
            first_resolve_by=report.deadlines.first_resolve_by,
            clock_stopped=report.deadlines.paused_at is not None,
        ),
    )


def _raised_to(report: Report, entry: Entry) -> RaisedTo | None:
    """Who above the handlers is to hear of it. A warning is the assignee's, if there is one."""
    if entry.action is Action.WARN and report.assignee is None:
        return RaisedTo(role=Party.SUPERVISOR, agency=report.agency)
    rung = report.escalated_to
    if rung is None or entry.action not in RAISING:
        return None
    return RaisedTo(role=rung.role, agency=rung.agency)


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
