"""One step in a report's life: from a report and a step to the report after it. Pure.

`lifecycle` says whether an action may happen, `needs` what it must come with, `effects` what it
does. Nothing is written: the service stores the result, or nothing.
"""

from datetime import datetime
from typing import Any, Final

import msgspec

from smartcity.errors import Invalid
from smartcity.identifiers import new_id
from smartcity.reports import tasks
from smartcity.reports.circumstances import Circumstances
from smartcity.reports.clockwork.alarms import ALARMED, check_due, wound
from smartcity.reports.deadlines import due_at
from smartcity.reports.effects import EFFECTS, Changes
from smartcity.reports.lifecycle import ADDITIONS, HANDLERS, WITHOUT_VERSION, transition
from smartcity.reports.model import Report
from smartcity.reports.needs import NEEDS, misplaced
from smartcity.reports.requests import Step
from smartcity.reports.timeline import By, Entry, Redaction
from smartcity.reports.words import OPEN, Action, Party, Status

WITHIN: Final = frozenset(
    {
        Action.NOTE,
        Action.ASSIGN,
        Action.WARN,
        Action.ESCALATE,
        Action.REFUSE_EXTENSION,
        Action.REDACT,
        Action.REVEAL,
        *tasks.EFFECTS,
    }
)
"""What stays between officials. Why something was hidden would tell what it was."""


class Taken(msgspec.Struct, frozen=True):
    """The report after a step, and the entry that tells of it."""

    report: Report
    entry: Entry


def take(report: Report, step: Step, among: Circumstances) -> Taken:
    """Take one step.

    Raises `Forbidden`, `IllegalTransition`, `Invalid` (a need not met, with its field) or another
    refusal of the action's own; the report given is never changed.
    """
    row = transition(step.action, report, among.parties)
    step = _completed(report, step, among)
    if among.by.party is Party.CLOCK and step.action in ALARMED:
        check_due(report, step.action, among.at)
    needed = [check for need, check in NEEDS.items() if need in row.needs]
    missing = [error for check in needed if (error := check(report, step, among))]
    if mistakes := [*missing, *misplaced(step, row.needs)]:
        raise Invalid(*mistakes)
    effect = EFFECTS.get(step.action)
    changes: Changes = {"status": row.to or report.status, "updated_at": among.at}
    if row.by == HANDLERS and report.received_at is None:
        changes["received_at"] = among.at  # whoever reopens what was rejected receives nothing
    if effect is not None:
        changes |= effect(report, step, among)
    if step.action not in WITHOUT_VERSION:
        changes["version"] = report.version + 1
    if step.attachments:
        changes["files"] = tuple(dict.fromkeys((*report.files, *step.attachments)))
    if is_guest(among.by, report):
        changes["guests"] = tuple(dict.fromkeys((*report.guests, among.by.id)))
    changes["finished_at"] = _finished_at(report, changes["status"], among.at)
    if changes["status"] not in OPEN:
        changes |= {"extension": None, "tasks": tasks.ended(report.tasks, step, among)}
    after = msgspec.structs.replace(report, **changes)
    after = msgspec.structs.replace(after, due_at=due_at(after.status, after.deadlines))
    entry = _entry(report, after, step, among)
    after = msgspec.structs.replace(after, timeline=(*report.timeline, entry))
    if step.action not in ADDITIONS:
        after = wound(after, step.action, among.city, among.clocks, among.at)
    return Taken(after, entry)


def is_guest(by: By, report: Report) -> bool:
    """Whether somebody speaks as the reporter who did not send it, and no operator for them."""
    themselves = by.party is Party.REPORTER and by.on_behalf_of is None
    return themselves and by.id is not None and by.id != report.reporter.id


def _completed(report: Report, step: Step, among: Circumstances) -> Step:
    """A supervisor who grants a wish says only what is to be different about it; the clock warns of
    the task that its alarm is about.
    """
    if step.action is Action.WARN_TASK:
        return msgspec.structs.replace(step, task=report.alarm and report.alarm.task)
    wish = report.extension
    if step.action is not Action.EXTEND or wish is None or Party.SUPERVISOR not in among.parties:
        return step
    until, text = step.until or wish.until, step.text or wish.text
    return msgspec.structs.replace(step, until=until, text=text)


def _entry(before: Report, after: Report, step: Step, among: Circumstances) -> Entry:
    wish = step.action is Action.EXTEND and after.extension is not None
    opened = after.tasks[-1] if step.action is Action.OPEN_TASK else None
    return Entry(
        id=new_id(),
        at=among.at,
        action=step.action,
        by=among.by,
        status=after.status,
        text=step.text,
        reason=step.reason,
        attachments=tuple(step.attachments),
        agency=after.agency if after.agency != before.agency else opened and opened.agency,
        assignee=step.assignee,
        report=step.report,
        rating=step.rating,
        until=opened.due_at if opened else step.until,
        task=opened.id if opened else step.task,
        why=step.why,
        before=_replaced(before, after) if step.action is Action.CORRECT else None,
        redaction=step.redaction
        and msgspec.convert(step.redaction, Redaction, from_attributes=True),
        internal=wish or step.action in WITHIN,
    )


def _replaced(before: Report, after: Report) -> dict[str, Any]:
    old, new = (
        msgspec.to_builtins(report, builtin_types=(datetime,)) for report in (before, after)
    )
    return {
        name: old[name]
        for name in ("category", "priority", "place")
        if old.get(name) != new.get(name)
    }


def _finished_at(report: Report, status: Status, at: datetime) -> datetime | None:
    if status in OPEN or status is Status.HELD:
        return None
    return report.finished_at if report.status not in OPEN and report.finished_at else at
