"""What the clock does next with a report, and when: worked out from the report alone. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from smartcity.city.model import City
from smartcity.errors import Conflict
from smartcity.reports.clockwork.ladder import rungs, standing
from smartcity.reports.dates import Watch
from smartcity.reports.deadlines import RISK_AT_MOST, Clocks
from smartcity.reports.model import Alarm, Report
from smartcity.reports.words import Action, Status


class Turn(msgspec.Struct, frozen=True):
    """It is the reporter's turn: since the last entry of `opened_by`, for the pack's days named
    `days`. The clock tells of the end (`told_by`) before it comes (`ended_by`).
    """

    opened_by: Action
    days: str
    told_by: Action
    ended_by: Action


TURNS: Final[Mapping[Status, Turn]] = {
    #                     since           days          announced        at the end
    Status.WAITING: Turn(Action.ASK, "lapse_days", Action.REMIND, Action.LAPSE),
    Status.RESOLVED: Turn(Action.RESOLVE, "close_days", Action.ANNOUNCE, Action.CLOSE),
}

INSTEAD: Final = {Action.PROCEED: Action.LAPSE}
"""A question that reached nobody is not given up: this is done when that would be due."""

RAISING: Final = frozenset({Action.ESCALATE, Action.PROCEED})
"""What puts a report on the desk of somebody above its handlers."""


ALARMED: Final = RAISING | {
    Action.WARN,
    Action.WARN_TASK,
    *(action for turn in TURNS.values() for action in (turn.told_by, turn.ended_by)),
}
"""What the clock does when an alarm rings, and at no other time."""


def wound(report: Report, action: Action, city: City, clocks: Clocks, at: datetime) -> Report:
    """The report after an action, with what the clock watches and does next, and from when on it
    is at risk.

    A deadline that is new, or another agency's, begins with the handlers again: at level 0, not
    warned of. A deadline that comes back (after a merge was undone) goes on where it was.
    """
    report = _watched(report, action, at)
    report = msgspec.structs.replace(report, risk_at=_risk_at(report, city, clocks))
    steps = rungs(city, report.agency, at)
    stands = report.is_open and report.level > 0
    level = report.level
    if stands and action is not Action.ESCALATE:
        level = standing(city, report, at)  # on the ladder as it is by now
    report = msgspec.structs.replace(
        report, level=level, escalated_to=steps[min(level, len(steps)) - 1] if stands else None
    )
    alarms = (
        _of_deadline(report, len(steps), city, clocks),
        _of_turn(report, city),
        *_of_tasks(report, city, clocks),
    )
    first = min((a for a in alarms if a is not None), key=lambda alarm: alarm.at, default=None)
    return msgspec.structs.replace(report, alarm=first)


def check_due(report: Report, action: Action, at: datetime) -> None:
    """Raise `Conflict` unless this is what the clock was to do by now: another process did it, or
    somebody acted meanwhile.
    """
    alarm = report.alarm
    if alarm is None or alarm.action is not INSTEAD.get(action, action) or alarm.at > at:
        raise Conflict(reason="not_due")


def turn_opened(report: Report) -> tuple[int, Turn] | None:
    """Where on the timeline the reporter's turn began, if it is theirs."""
    turn = TURNS.get(report.status)
    if turn is None:
        return None
    places = range(len(report.timeline) - 1, -1, -1)
    found = (place for place in places if report.timeline[place].action is turn.opened_by)
    return next(((place, turn) for place in found), None)


def _watched(report: Report, action: Action, at: datetime) -> Report:
    watch, by = report.watch, report.due_at
    fresh = watch is None or watch.by != by or watch.agency != report.agency
    if by is not None and fresh:
        watch = Watch(agency=report.agency, since=at, by=by)
        level = report.level if action in RAISING else 0
        report = msgspec.structs.replace(report, watch=watch, level=level)
    if watch is not None and action is Action.WARN:
        watch = msgspec.structs.replace(watch, warned=True)
    if watch is not None and action is Action.ESCALATE:
        watch = msgspec.structs.replace(watch, raised_at=at)
    return msgspec.structs.replace(report, watch=watch)


def _risk_at(report: Report, city: City, clocks: Clocks) -> datetime | None:
    watch = report.watch
    if report.due_at is None or watch is None:
        return None
    if watch.warned:  # whatever the pack or another category would say since
        warned = reversed([e.at for e in report.timeline if e.action is Action.WARN])
        return report.risk_at or max(next(warned, watch.by), watch.by - RISK_AT_MOST)
    category = city.categories[report.category]
    return clocks.risk_at(category, report.agency, watch.since, watch.by)


def _of_deadline(report: Report, levels: int, city: City, clocks: Clocks) -> Alarm | None:
    """A warning before it; when it is missed a level up from where the report stands, and from
    there another each time the working hours of a level have passed since the last.
    """
    watch = report.watch
    if report.due_at is None or watch is None:
        return None
    category, agency = city.categories[report.category], report.agency
    if not watch.warned:
        warn_at = clocks.warn_at(category, agency, watch.since, watch.by)
        if warn_at is not None:
            return Alarm(at=warn_at, action=Action.WARN)
    if report.level >= levels:
        return None
    if watch.raised_at is None or watch.raised_at < watch.by:
        return Alarm(at=watch.by, action=Action.ESCALATE)
    # From when it was raised, not from when it should have been: after a night without workers
    # nobody is passed over within seconds.
    next_at = clocks.later(category, agency, watch.raised_at, city.escalation.level_h)
    return Alarm(at=next_at, action=Action.ESCALATE)


def _of_tasks(report: Report, city: City, clocks: Clocks) -> Iterator[Alarm]:
    """A warning before the date of each task that is not done. It goes up no ladder by itself: the
    report that waits for it does.
    """
    category = city.categories[report.category]
    for task in report.tasks:
        if task.is_open and not task.warned:
            warn_at = clocks.warn_at(category, task.agency, task.opened_at, task.due_at)
            if warn_at is not None:
                yield Alarm(at=warn_at, action=Action.WARN_TASK, task=task.id)


def _of_turn(report: Report, city: City) -> Alarm | None:
    """The announcement, and the end: never sooner after the announcement than was announced."""
    opened = turn_opened(report)
    if opened is None:
        return None
    place, turn = opened
    ends = report.timeline[place].at + timedelta(days=getattr(city.windows, turn.days))
    notice = timedelta(days=city.windows.remind_days)
    told = next((e.at for e in report.timeline[place:] if e.action is turn.told_by), None)
    if told is None:
        return Alarm(at=ends - notice, action=turn.told_by)
    return Alarm(at=max(ends, told + notice), action=turn.ended_by)
