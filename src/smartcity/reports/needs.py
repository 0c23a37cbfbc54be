"""What an action must come with: one check for each need that the lifecycle table names."""

from collections.abc import Callable, Mapping
from typing import Final

from smartcity.errors import FieldError, ProofMissing
from smartcity.reports.circumstances import Circumstances
from smartcity.reports.lifecycle import Need
from smartcity.reports.model import Report, Status
from smartcity.reports.requests import Step

Check = Callable[[Report, Step, Circumstances], FieldError | None]
"""Answers which field is missing or wrong, if one is."""


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
    return (
        None
        if step.until > max(report.deadlines.resolve_by, among.at)
        else FieldError("until", "not_later")
    )


def _proof(report: Report, step: Step, among: Circumstances) -> FieldError | None:
    if among.city.categories[report.category].proof and not step.attachments:
        raise ProofMissing(FieldError("attachments", "required"), category=report.category)
    return None


def _earlier_report(report: Report, _step: Step, among: Circumstances) -> FieldError | None:
    survivor = among.survivor
    if survivor is None:
        return FieldError("report", "unknown")
    if (survivor.submitted_at, survivor.id) >= (report.submitted_at, report.id):
        return FieldError("report", "not_earlier")
    return FieldError("report", "merged") if survivor.status is Status.MERGED else None


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
