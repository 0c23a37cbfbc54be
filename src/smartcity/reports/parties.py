"""What somebody is to one report, and so through whose eyes they see it."""

from collections.abc import Collection
from typing import Final

from smartcity.city.model import Publicity
from smartcity.identity.roles import Actor, Role
from smartcity.reports.lifecycle import TRANSITIONS
from smartcity.reports.model import Report
from smartcity.reports.viewers import Viewer
from smartcity.reports.words import UNFINISHED, Action, Party, TaskStatus

OF_THE_AGENCY: Final = frozenset({Party.HANDLER, Party.SUPERVISOR, Party.DISPATCHER, Party.HELPER})
"""Whose business a report is; the rest of the city's staff only observe it."""

CONTACTING: Final = OF_THE_AGENCY - {Party.HELPER}
"""Whom a reporter who shares their contact shares it with: a task is done without it."""

HELPING: Final = frozenset({Role.HANDLER, Role.SUPERVISOR})
"""Who does an agency's tasks. While one is unfinished they see the report as its agency does."""

HELPED: Final = UNFINISHED | {TaskStatus.DONE}
"""What keeps a report known to a helper. Who has finished a task observes the report from then on;
who declined it, or was told that it is not needed, is as any other office.
"""


def parties_of(actor: Actor, report: Report, *, has_receipt: bool = False) -> frozenset[Party]:
    """What the actor is to this report, now: a transfer makes handlers of others, and before a held
    report is released it has none.
    """
    parties: set[Party] = set()
    if has_receipt or report.reporter.id in actor.own_ids:
        parties.add(Party.REPORTER)
    if report.agency in actor.agencies and report.held is None:
        if Role.HANDLER in actor.roles:
            parties.add(Party.HANDLER)
        if Role.SUPERVISOR in actor.roles:
            parties |= {Party.HANDLER, Party.SUPERVISOR}
    if _has_task(report, actor, UNFINISHED):
        parties.add(Party.HELPER)
    if Role.DISPATCHER in actor.roles:
        parties.add(Party.DISPATCHER)
    if Role.CLOCK in actor.roles:
        parties.add(Party.CLOCK)
    return frozenset(parties or {Party.STRANGER})


_PRECEDENCE: Final = (
    Party.SUPERVISOR,
    Party.HANDLER,
    Party.DISPATCHER,
    Party.HELPER,
    Party.CLOCK,
    Party.REPORTER,
    Party.STRANGER,
)


def acting_as(parties: Collection[Party], action: Action) -> Party:
    """As what somebody who is several takes an action: as one who may."""
    row = TRANSITIONS.get(action)
    may = row.by.intersection(parties) if row else None
    return next(party for party in _PRECEDENCE if party in (may or parties))


def viewer_of(actor: Actor, parties: Collection[Party]) -> Viewer:
    if not OF_THE_AGENCY.isdisjoint(parties):
        return Viewer.STAFF
    if Party.REPORTER in parties:
        return Viewer.REPORTER
    return Viewer.OBSERVER if actor.is_staff else Viewer.PUBLIC


def shown_to(actor: Actor, report: Report, parties: Collection[Party]) -> Viewer:
    """Through whose eyes somebody sees a report that stands beside a thing of their own, or that
    their own step took out of their hands: as everybody does, if they may not know of it any more.
    """
    return viewer_of(actor, parties) if may_know_of(report, actor, parties) else Viewer.PUBLIC


def may_know_of(report: Report, actor: Actor, parties: Collection[Party]) -> bool:
    """Whether there is such a report, as far as the actor may know: one that is held or never
    public is the business of its parties, and of the centre that sees the whole city.
    """
    hidden = report.public is Publicity.NEVER or report.held is not None
    if not hidden or Role.OPERATIONS in actor.roles:
        return True
    return Party.STRANGER not in parties or _has_task(report, actor, HELPED)


def _has_task(report: Report, actor: Actor, statuses: Collection[TaskStatus]) -> bool:
    """Whether it is the actor's to do a task of the report that is in one of these states."""
    if HELPING.isdisjoint(actor.roles):
        return False
    theirs = (task for task in report.tasks if task.agency in actor.agencies)
    return any(task.status in statuses for task in theirs)
