"""What each action changes in a report, beside the status that the lifecycle table gives it."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec

from smartcity.city.model import City, Publicity
from smartcity.errors import Conflict, Forbidden
from smartcity.reports import moderation, tasks
from smartcity.reports.circumstances import Circumstances
from smartcity.reports.clockwork.ladder import level_of, rungs
from smartcity.reports.dates import GRANTED, ExtensionWish, Proposal
from smartcity.reports.model import Place, Report, Routing
from smartcity.reports.requests import Step
from smartcity.reports.routing import BY_HAND, route
from smartcity.reports.timeline import Redaction
from smartcity.reports.words import Action, Party, Status

Changes = dict[str, Any]

WORKING: Final = frozenset({Party.HANDLER, Party.SUPERVISOR, Party.HELPER})
"""Those whose work a report is."""


def _transfer(report: Report, step: Step, among: Circumstances) -> Changes:
    """To another agency; to the one that a correction proposed, by the rule that proposed it."""
    assert step.agency is not None, "the table needs it"
    if report.transfers >= among.city.windows.transfer_limit:
        _only(Party.DISPATCHER, among)
    return {
        "agency": step.agency,
        "routing": _reason_to_be_there(report, step),
        "tasks": tasks.without_the_lead(report.tasks, step.agency, step, among),
        "assignee": None,
        "proposal": None,
        "extension": None,
        "transfers": report.transfers + 1,
        "deadlines": among.clocks.handed_on(
            report.deadlines,
            among.city.categories[report.category],
            report.priority,
            step.agency,
            among.at,
        ),
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
    return _words_corrected(report, place, among.city) | {
        "category": category.code,
        "field": category.field,
        # What was never public does not become so by a change of category.
        "public": Publicity.NEVER if report.public is Publicity.NEVER else category.public,
        "priority": priority,
        "place": place,
        "location": place.point,
        "proposal": Proposal(
            agency=proposed.agency, rule=proposed.rule, resolve_by=deadlines.resolve_by
        ),
    }


def _words_corrected(report: Report, place: Place, city: City) -> Changes:
    """A new address is not the one that was hidden; and a search finds what is there now."""
    kept = report.redactions
    if place.address != report.place.address:
        kept = tuple(one for one in kept if one.target != moderation.ADDRESS)
    after = msgspec.structs.replace(report, place=place, redactions=kept)
    return {"redactions": kept, "folded": moderation.public_words(city, after)}


def _redact(report: Report, step: Step, among: Circumstances) -> Changes:
    assert step.redaction is not None, "the table needs it"
    return _hidden(report, moderation.with_redaction(report, step.redaction), among)


def _reveal(report: Report, step: Step, among: Circumstances) -> Changes:
    assert step.redaction is not None, "the table needs it"
    return _hidden(report, moderation.without_redaction(report, step.redaction), among)


def _hidden(report: Report, redactions: tuple[Redaction, ...], among: Circumstances) -> Changes:
    after = msgspec.structs.replace(report, redactions=redactions)
    return {"redactions": redactions, "folded": moderation.public_words(among.city, after)}


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
        "deadlines": msgspec.structs.replace(
            report.deadlines, resolve_by=step.until, resolve_calendar=GRANTED
        ),
    }


def _refuse_extension(_report: Report, _step: Step, _among: Circumstances) -> Changes:
    return {"extension": None}


def _reject(_report: Report, step: Step, among: Circumstances) -> Changes:
    """What was refused as a complaint or denunciation is shown to nobody but its parties, however
    public it was before: it tells of people whom nobody has heard.
    """
    if not among.city.reasons[step.reason or ""].formal:
        return {}
    return {"formal": True, "public": Publicity.NEVER}


def _merge(report: Report, _step: Step, among: Circumstances) -> Changes:
    assert among.survivor is not None, "the table needs it"
    return {"merged_into": among.survivor.id, "before_merge": report.status}


def _unmerge(report: Report, _step: Step, _among: Circumstances) -> Changes:
    return {
        "status": report.before_merge or Status.SUBMITTED,
        "merged_into": None,
        "before_merge": None,
    }


def _accept(_report: Report, step: Step, among: Circumstances) -> Changes:
    if not WORKING.isdisjoint(among.parties):
        raise Forbidden  # nobody rates the work of their own agency, whoever's receipt they hold
    return {"rating": step.rating}


def _release(report: Report, _step: Step, among: Circumstances) -> Changes:
    """As if it came now: the agency is not late with what it did not know of."""
    category = among.city.categories[report.category]
    return {
        "held": None,
        "deadlines": among.clocks.give(category, report.priority, report.agency, among.at),
    }


def _reopen(report: Report, _step: Step, among: Circumstances) -> Changes:
    windows = among.city.windows
    finished = report.finished_at or report.updated_at
    if Party.SUPERVISOR not in among.parties:
        if report.formal:
            raise Conflict(reason="formal")
        if among.at > finished + timedelta(days=windows.reopen_days):
            raise Conflict(reason="reopen_window", days=windows.reopen_days)
        if report.reopened >= windows.reopen_limit:
            raise Conflict(reason="reopen_limit", limit=windows.reopen_limit)
    if report.held is not None:  # to the dispatchers, who rejected it
        return {"status": Status.HELD, "reopened": report.reopened + 1}
    category = among.city.categories[report.category]
    fresh = among.clocks.give(category, report.priority, report.agency, among.at)
    return {
        "reopened": report.reopened + 1,
        "rating": None,
        "formal": False,
        "deadlines": msgspec.structs.replace(
            report.deadlines,
            resolve_by=fresh.resolve_by,
            resolve_calendar=fresh.calendar,
            paused_at=None,
        ),
    }


def _lapse(report: Report, _step: Step, among: Circumstances) -> Changes:
    return {"deadlines": _resumed(report, among)}


def _proceed(report: Report, _step: Step, among: Circumstances) -> Changes:
    return {"deadlines": _resumed(report, among), "level": max(report.level, 1)}


def _escalate(report: Report, _step: Step, among: Circumstances) -> Changes:
    """A level up. A supervisor has it on the desk already, so theirs goes to somebody above."""
    here = 1 if among.by.party is Party.SUPERVISOR else 0
    level = max(level_of(among.city, report, among.at), here) + 1
    if level > len(rungs(among.city, report.agency, among.at)):
        raise Conflict(reason="highest_level", level=report.level)
    return {"level": level}


EFFECTS: Final[Mapping[Action, Callable[[Report, Step, Circumstances], Changes]]] = {
    **tasks.EFFECTS,
    Action.TRANSFER: _transfer,
    Action.CORRECT: _correct,
    Action.ASSIGN: _assign,
    Action.ASK: _ask,
    Action.ANSWER: _answer,
    Action.EXTEND: _extend,
    Action.REFUSE_EXTENSION: _refuse_extension,
    Action.REJECT: _reject,
    Action.MERGE: _merge,
    Action.UNMERGE: _unmerge,
    Action.ACCEPT: _accept,
    Action.RELEASE: _release,
    Action.REOPEN: _reopen,
    Action.LAPSE: _lapse,
    Action.PROCEED: _proceed,
    Action.ESCALATE: _escalate,
    Action.REDACT: _redact,
    Action.REVEAL: _reveal,
}


def _reason_to_be_there(report: Report, step: Step) -> Routing:
    proposed = report.proposal
    if proposed is not None and proposed.agency == step.agency:
        return Routing(rule=proposed.rule)
    return Routing(rule=BY_HAND)


def _resumed(report: Report, among: Circumstances) -> Any:
    category = among.city.categories[report.category]
    return among.clocks.resumed(report.deadlines, category, report.agency, among.at)


def _only(party: Party, among: Circumstances) -> None:
    if party not in among.parties:
        raise Forbidden(needs=party)
