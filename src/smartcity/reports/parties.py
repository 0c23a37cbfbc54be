"""What somebody is to one report, and so through whose eyes they see it."""

from collections.abc import Collection
from typing import Final

from smartcity.identity.roles import Actor, Role
from smartcity.reports.model import Party, Report
from smartcity.reports.views import Viewer


def parties_of(actor: Actor, report: Report) -> frozenset[Party]:
    """What the actor is to this report."""
    parties: set[Party] = set()
    if actor.id is not None and actor.id == report.reporter.id:
        parties.add(Party.REPORTER)
    if report.agency in actor.agencies:
        if Role.HANDLER in actor.roles:
            parties.add(Party.HANDLER)
        if Role.SUPERVISOR in actor.roles:
            parties |= {Party.HANDLER, Party.SUPERVISOR}
    if Role.DISPATCHER in actor.roles:
        parties.add(Party.DISPATCHER)
    if Role.CLOCK in actor.roles:
        parties.add(Party.CLOCK)
    return frozenset(parties or {Party.STRANGER})


_PRECEDENCE: Final = (
    Party.SUPERVISOR,
    Party.HANDLER,
    Party.DISPATCHER,
    Party.CLOCK,
    Party.REPORTER,
    Party.STRANGER,
)


def acting_as(parties: Collection[Party]) -> Party:
    return next(party for party in _PRECEDENCE if party in parties)


def viewer_of(actor: Actor, parties: Collection[Party]) -> Viewer:
    if actor.is_staff:
        return Viewer.STAFF
    return Viewer.REPORTER if Party.REPORTER in parties else Viewer.PUBLIC
