"""What an action must come with: one check for each need that the lifecycle table names."""

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Final

from smartcity.city.model import Publicity
from smartcity.errors import FieldError, ProofMissing
from smartcity.reports.circumstances import Circumstances
from smartcity.reports.lifecycle import Need
from smartcity.reports.model import Report, Status
from smartcity.reports.requests import Step

Check = Callable[[Report, Step, Circumstances], FieldError | None]
"""Answers which field is missing or wrong, if one is."""


GIVEN_UP: Final = frozenset({Status.MERGED, Status.REJECTED, Status.WITHDRAWN})
"""Nobody works on such a report: one that is merged into it would be lost."""

LATEST: Final = timedelta(days=366)
"""No date that is promised is further away."""


def _given(name: str) -> Check:
    def check(_report: Report, step: Step, _among: Circumstances) -> FieldError | None:
        return None if getattr(step, name) is not None else FieldError(name, "required")

    return check


def _text_or_photo(_report: Report, step: Step, _among: Circumstances) -> FieldError | None:
    return None if step.text or step.attachments else FieldError("text", "required")


def _known_reason(_report: Report, step: Step, among: Circumstances) -> FieldError | None:
    return None if step.reason in among.city.reasons else FieldError("reason", "unknown")


def _other_agency(report: Report, step: Step, among: Circumstances) -> FieldError | None:
    if step.agency is None:
        return FieldError("agency", "required")
    if not among.city.agency_valid(step.agency, among.city.local(among.at).date()):
        return FieldError("agency", "unknown")
    return FieldError("agency", "unchanged") if step.agency == report.agency else None


def _correction(_report: Report, step: Step, among: Circumstances) -> FieldError | None:
    if step.category is not None and step.category not in among.city.categories:
        return FieldError("category", "unknown")
    if step.category or step.priority or among.place:
        return None
    return FieldError("category", "required")


def _later(report: Report, step: Step, among: Circumstances) -> FieldError | None:
    if step.until is None:
        return FieldError("until", "required")
    if step.until <= max(report.deadlines.resolve_by, among.at):
        return FieldError("until", "not_later")
    return FieldError("until", "too_late") if step.until > among.at + LATEST else None


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


NEEDS: Final[Mapping[Need, Check]] = {
    Need.TEXT: _given("text"),
    Need.REASON: _known_reason,
    Need.AGENCY: _other_agency,
    Need.ASSIGNEE: _given("assignee"),
    Need.CORRECTION: _correction,
    Need.TEXT_OR_PHOTO: _text_or_photo,
    Need.UNTIL: _later,
    Need.PROOF: _proof,
    Need.EARLIER_REPORT: _earlier_report,
    Need.RATING: _given("rating"),
}

BELONGS_TO: Final[Mapping[str, Need]] = {
    "reason": Need.REASON,
    "agency": Need.AGENCY,
    "assignee": Need.ASSIGNEE,
    "report": Need.EARLIER_REPORT,
    "rating": Need.RATING,
    "until": Need.UNTIL,
    "category": Need.CORRECTION,
    "priority": Need.CORRECTION,
    "location": Need.CORRECTION,
    "unit": Need.CORRECTION,
    "address": Need.CORRECTION,
}
"""Texts and attachments may come with every action; these only where they mean something: what a
timeline shows was not put there with a comment.
"""


def misplaced(step: Step, needs: Collection[Need]) -> list[FieldError]:
    """The fields that the action has no use for."""
    return [
        FieldError(name, "not_of_this_action")
        for name, need in BELONGS_TO.items()
        if need not in needs and getattr(step, name) is not None
    ]
