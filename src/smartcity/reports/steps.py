"""What each action changes: from a report and a step to the report after it. Pure.

`lifecycle` says whether an action may happen; here stands what it needs to come with and what it
does. Nothing is written: the service stores the result, or nothing.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from smartcity.city.model import City, Publicity
from smartcity.errors import (
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    ProofMissing,
)
from smartcity.identifiers import new_id
from smartcity.reports.deadlines import Clocks
from smartcity.reports.lifecycle import WITHOUT_VERSION, Need, transition
from smartcity.reports.model import (
    OPEN,
    Action,
    By,
    Entry,
    ExtensionWish,
    Party,
    Place,
    Proposal,
    Report,
    Status,
)
from smartcity.reports.requests import Step
from smartcity.reports.routing import route


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What a step is taken in: the city, who takes it, when, and what it was found to refer to."""

    city: City
    clocks: Clocks
    by: By
    parties: Collection[Party]
    at: datetime
    place: Place | None = None
    """The corrected place, located."""
    survivor: Report | None = None
    """The report to merge into."""


class Taken(msgspec.Struct, frozen=True):
    """The report after a step, and the entry that tells of it."""

    report: Report
    entry: Entry


Changes = dict[str, Any]


def take(report: Report, step: Step, among: Circumstances) -> Taken:
    """Take one step.

    Raises `Forbidden`, `IllegalTransition`, `Invalid` (a need not met, with its field) or another
    refusal of the action's own; the report given is never changed.
    """
    row = transition(step.action, report, among.parties)
    missing = [error for need in row.needs if (error := NEEDS[need](report, step, among))]
    if missing:
        raise Invalid(*missing)
    effect = EFFECTS.get(step.action)
    changes: Changes = {"status": row.to or report.status, "updated_at": among.at}
    if effect is not None:
        changes |= effect(report, step, among)
    if step.action not in WITHOUT_VERSION:
        changes["version"] = report.version + 1
    if step.attachments:
        changes["files"] = tuple(dict.fromkeys((*report.files, *step.attachments)))
    changes["finished_at"] = _finished_at(report, changes["status"], among.at)
    after = msgspec.structs.replace(report, **changes)
    after = msgspec.structs.replace(after, due_at=_due_at(after))
    entry = _entry(report, after, step, among)
    return Taken(msgspec.structs.replace(after, timeline=(*report.timeline, entry)), entry)


def _entry(before: Report, after: Report, step: Step, among: Circumstances) -> Entry:
    wish = step.action is Action.EXTEND and after.extension is not None
    return Entry(
        id=new_id(),
        at=among.at,
        action=step.action,
        by=among.by,
        status=after.status,
        text=step.text,
        reason=step.reason,
        attachments=tuple(step.attachments),
        agency=after.agency if after.agency != before.agency else None,
        assignee=step.assignee,
        report=step.report,
        rating=step.rating,
        until=step.until,
        before=_replaced(before, after) if step.action is Action.CORRECT else None,
        internal=wish or step.action in {Action.NOTE, Action.ASSIGN, Action.ESCALATE},
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
    if status in OPEN:
        return None
    return report.finished_at if report.status not in OPEN and report.finished_at else at


def _due_at(report: Report) -> datetime | None:
    """The next deadline whose clock runs."""
    if report.status is Status.SUBMITTED:
        return report.deadlines.receive_by
    if report.status in OPEN and report.deadlines.paused_at is None:
        return report.deadlines.resolve_by
    return None


# --- what an action needs ------------------------------------------------------------------------


def _given(name: str) -> Callable[[Report, Step, Circumstances], FieldError | None]:
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


NEEDS: Final[Mapping[Need, Callable[[Report, Step, Circumstances], FieldError | None]]] = {
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


# --- what an action does -------------------------------------------------------------------------


def _receive(report: Report, _step: Step, among: Circumstances) -> Changes:
    return {"received_at": report.received_at or among.at}


def _transfer(report: Report, step: Step, among: Circumstances) -> Changes:
    if report.transfers >= among.city.windows.transfer_limit:
        _only(Party.DISPATCHER, among)
    return {
        "agency": step.agency,
        "assignee": None,
        "proposal": None,
        "extension": None,
        "transfers": report.transfers + 1,
    }


def _correct(report: Report, step: Step, among: Circumstances) -> Changes:
    category = among.city.categories[step.category or report.category]
    priority = step.priority or (category.priority if step.category else report.priority)
    place = among.place or report.place
    proposed = route(
        among.city,
        category,
        among.at,
        unit=place.unit,
        answers=report.answers,
        about=report.subject.agency if report.subject else None,
    )
    deadlines = among.clocks.give(category, priority, proposed.agency, report.submitted_at)
    return {
        "category": category.code,
        "field": category.field,
        # What was never public does not become so by a change of category.
        "public": Publicity.NEVER if report.public is Publicity.NEVER else category.public,
        "priority": priority,
        "place": place,
        "location": point(place),
        "proposal": Proposal(
            agency=proposed.agency, rule=proposed.rule, resolve_by=deadlines.resolve_by
        ),
    }


def _assign(_report: Report, step: Step, among: Circumstances) -> Changes:
    if step.assignee != among.by.id:
        _only(Party.SUPERVISOR, among)
    return {"assignee": step.assignee}


def _ask(report: Report, _step: Step, among: Circumstances) -> Changes:
    deadlines = report.deadlines
    if report.asked == 0:
        deadlines = msgspec.structs.replace(deadlines, paused_at=among.at)
    return {"asked": report.asked + 1, "deadlines": deadlines}


def _answer(report: Report, _step: Step, among: Circumstances) -> Changes:
    return {"deadlines": _resumed(report, among)}


def _extend(report: Report, step: Step, among: Circumstances) -> Changes:
    assert step.until is not None, "the table needs it"
    assert step.text is not None, "the table needs it"
    if Party.SUPERVISOR not in among.parties:
        return {"extension": ExtensionWish(until=step.until, text=step.text)}
    return {
        "extension": None,
        "deadlines": msgspec.structs.replace(report.deadlines, resolve_by=step.until),
    }


def _merge(report: Report, _step: Step, among: Circumstances) -> Changes:
    assert among.survivor is not None, "the table needs it"
    return {"merged_into": among.survivor.id, "before_merge": report.status}


def _unmerge(report: Report, _step: Step, _among: Circumstances) -> Changes:
    return {
        "status": report.before_merge or Status.SUBMITTED,
        "merged_into": None,
        "before_merge": None,
    }


def _accept(_report: Report, step: Step, _among: Circumstances) -> Changes:
    return {"rating": step.rating}


def _reopen(report: Report, _step: Step, among: Circumstances) -> Changes:
    windows = among.city.windows
    finished = report.finished_at or report.updated_at
    if Party.SUPERVISOR not in among.parties:
        if among.at > finished + timedelta(days=windows.reopen_days):
            raise Conflict(reason="reopen_window", days=windows.reopen_days)
        if report.reopened >= windows.reopen_limit:
            raise Conflict(reason="reopen_limit", limit=windows.reopen_limit)
    category = among.city.categories[report.category]
    fresh = among.clocks.give(category, report.priority, report.agency, among.at)
    return {
        "reopened": report.reopened + 1,
        "received_at": report.received_at or among.at,
        "rating": None,
        "deadlines": msgspec.structs.replace(
            report.deadlines, resolve_by=fresh.resolve_by, paused_at=None
        ),
    }


def _lapse(report: Report, _step: Step, among: Circumstances) -> Changes:
    return {"deadlines": _resumed(report, among)}


def _escalate(report: Report, _step: Step, _among: Circumstances) -> Changes:
    return {"level": report.level + 1}


EFFECTS: Final[Mapping[Action, Callable[[Report, Step, Circumstances], Changes]]] = {
    Action.RECEIVE: _receive,
    Action.TRANSFER: _transfer,
    Action.CORRECT: _correct,
    Action.ASSIGN: _assign,
    Action.ASK: _ask,
    Action.ANSWER: _answer,
    Action.EXTEND: _extend,
    Action.MERGE: _merge,
    Action.UNMERGE: _unmerge,
    Action.ACCEPT: _accept,
    Action.REOPEN: _reopen,
    Action.LAPSE: _lapse,
    Action.ESCALATE: _escalate,
}


def point(place: Place) -> dict[str, Any] | None:
    """The place's point as GeoJSON."""
    if place.lon is None or place.lat is None:
        return None
    return {"type": "Point", "coordinates": [place.lon, place.lat]}


def _resumed(report: Report, among: Circumstances) -> Any:
    category = among.city.categories[report.category]
    return among.clocks.resumed(report.deadlines, category, report.agency, among.at)


def _only(party: Party, among: Circumstances) -> None:
    if party not in among.parties:
        raise Forbidden(needs=party)
