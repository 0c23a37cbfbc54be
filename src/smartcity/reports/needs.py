"""What an action must come with: one check for each need that the lifecycle table names."""

from collections.abc import Callable, Collection, Mapping
from typing import Final

from smartcity.city.model import Publicity
from smartcity.errors import Conflict, FieldError, IllegalTransition, ProofMissing
from smartcity.reports import moderation, tasks
from smartcity.reports.circumstances import Circumstances
from smartcity.reports.lifecycle import Need
from smartcity.reports.model import Report
from smartcity.reports.requests import Step
from smartcity.reports.words import Action, Status

Check = Callable[[Report, Step, Circumstances], FieldError | None]
"""Answers which field is missing or wrong, if one is; raises what no field can mend."""

GIVEN_UP: Final = frozenset({Status.MERGED, Status.REJECTED, Status.WITHDRAWN})
"""Nobody works on such a report: one that is merged into it would be lost."""


def _given(name: str) -> Check:
    def check(_report: Report, step: Step, _among: Circumstances) -> FieldError | None:
        return None if getattr(step, name) is not None else FieldError(name, "required")

    return check


def _text_or_photo(_report: Report, step: Step, _among: Circumstances) -> FieldError | None:
    return None if step.text or step.attachments else FieldError("text", "required")


def _fitting_reason(report: Report, step: Step, among: Circumstances) -> FieldError | None:
    reason = among.city.reasons.get(step.reason or "")
    if reason is None:
        return FieldError("reason", "unknown" if step.reason else "required")
    if report.status is Status.IN_PROGRESS and not reason.formal:
        raise IllegalTransition(action=step.action, status=report.status)
    if not reason.fits(report.category, report.field, report.status):
        return FieldError("reason", "does_not_fit")
    return None


def _explanation(_report: Report, step: Step, among: Circumstances) -> FieldError | None:
    reason = among.city.reasons.get(step.reason or "")
    says_all = reason is not None and reason.formal
    return None if step.text or says_all else FieldError("text", "required")


def _other_agency(report: Report, step: Step, among: Circumstances) -> FieldError | None:
    if step.agency is None:
        return FieldError("agency", "required")
    if not among.city.agency_valid(step.agency, among.city.local(among.at).date()):
        return FieldError("agency", "unknown")
    if report.subject and step.agency in among.city.below(report.subject.agency or ""):
        return FieldError("agency", "complained_of")  # or below it: nobody judges themselves
    return FieldError("agency", "unchanged") if step.agency == report.agency else None


def _correction(report: Report, step: Step, among: Circumstances) -> FieldError | None:
    city, chosen = among.city, step.category
    if chosen is not None and chosen not in city.categories:
        return FieldError("category", "unknown")
    fresh = chosen if chosen != report.category else None
    if fresh is not None and not city.offered(fresh, city.local(among.at).date()):
        return FieldError("category", "retired")
    if chosen or step.priority or among.place:
        return None
    return FieldError("category", "required")


def _later(report: Report, step: Step, among: Circumstances) -> FieldError | None:
    if step.until is None:
        return FieldError("until", "required")
    if step.until <= max(report.deadlines.resolve_by, among.at):
        return FieldError("until", "not_later")
    return FieldError("until", "too_late") if step.until > among.at + tasks.LATEST else None


def _wish(report: Report, _step: Step, _among: Circumstances) -> FieldError | None:
    if report.extension is None:
        raise Conflict(reason="no_wish")
    return None


def _proof(report: Report, _step: Step, among: Circumstances) -> FieldError | None:
    if among.city.categories[report.category].proof and not among.arrived:
        raise ProofMissing(FieldError("attachments", "required"), category=report.category)
    return None


def _earlier_report(report: Report, _step: Step, among: Circumstances) -> FieldError | None:
    survivor = among.survivor
    if survivor is None or survivor.held is not None:
        return FieldError("report", "unknown")
    if (survivor.submitted_at, survivor.id) >= (report.submitted_at, report.id):
        return FieldError("report", "not_earlier")
    if survivor.public is Publicity.NEVER and report.public is not Publicity.NEVER:
        return FieldError("report", "never_public")  # whoever follows this one would hear no more
    return FieldError("report", survivor.status) if survivor.status in GIVEN_UP else None


def _redaction(report: Report, step: Step, among: Circumstances) -> FieldError | None:
    if step.redaction is None:
        return FieldError("redaction", "required")
    if step.action is Action.REVEAL:
        return moderation.not_hidden(report, step.redaction)
    return moderation.mistake(report, step.redaction, among.photos)


NEEDS: Final[Mapping[Need, Check]] = {
    Need.TEXT: _given("text"),
    Need.REASON: _fitting_reason,
    Need.EXPLANATION: _explanation,
    Need.AGENCY: _other_agency,
    Need.ASSIGNEE: _given("assignee"),
    Need.CORRECTION: _correction,
    Need.TEXT_OR_PHOTO: _text_or_photo,
    Need.UNTIL: _later,
    Need.WHY: tasks.why,
    Need.PROOF: _proof,
    Need.EARLIER_REPORT: _earlier_report,
    Need.RATING: _given("rating"),
    Need.REDACTION: _redaction,
    Need.WISH: _wish,
    Need.HELPER: _other_agency,
    Need.DUE: tasks.due,
    Need.TASK: tasks.task,
}
"""In the order in which they are checked: a request gets the same refusal from every process."""

BELONGS_TO: Final[Mapping[str, frozenset[Need]]] = {
    "reason": frozenset({Need.REASON}),
    "agency": frozenset({Need.AGENCY, Need.HELPER}),
    "assignee": frozenset({Need.ASSIGNEE}),
    "report": frozenset({Need.EARLIER_REPORT}),
    "rating": frozenset({Need.RATING}),
    "until": frozenset({Need.UNTIL, Need.DUE}),
    "task": frozenset({Need.TASK}),
    "why": frozenset({Need.WHY}),
    "category": frozenset({Need.CORRECTION}),
    "priority": frozenset({Need.CORRECTION}),
    "location": frozenset({Need.CORRECTION}),
    "unit": frozenset({Need.CORRECTION}),
    "address": frozenset({Need.CORRECTION}),
    "redaction": frozenset({Need.REDACTION}),
}
"""Texts and attachments may come with every action; these only where they mean something: what a
timeline shows was not put there with a comment.
"""


def misplaced(step: Step, needs: Collection[Need]) -> list[FieldError]:
    """The fields that the action has no use for."""
    return [
        FieldError(name, "not_of_this_action")
        for name, uses in BELONGS_TO.items()
        if uses.isdisjoint(needs) and getattr(step, name) is not None
    ]
