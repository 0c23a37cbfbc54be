"""What was counted of the open reports of agencies, from which the tabs of any of them follow."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from smartcity.reports.lists.model import OPEN_TABS, Standing, TabCounts


class OpenCount(Struct, frozen=True):
    """The open reports of one agency in one status."""

    agency: str
    status: str
    reports: int
    unassigned: int
    overdue: int
    at_risk: int


class Raised(Struct, frozen=True):
    """How many of an agency's reports stand with one rung of the ladder."""

    role: str
    to: str
    agency: str
    reports: int


class Tally(Struct, frozen=True, kw_only=True):
    """The counts of some agencies, or of all, at one moment."""

    as_of: datetime
    opened: Mapping[str, Sequence[OpenCount]]
    wishes: Mapping[str, int]
    raised: Sequence[Raised]

    def size(self, agencies: frozenset[str], standing: Standing) -> int:
        """How many keys are looked at to count these anew."""
        opened = sum(count.reports for count in self._opened(agencies))
        return opened + self._standing(standing)

    def tabs(self, agencies: frozenset[str], standing: Standing) -> TabCounts:
        """The tabs of these agencies together, for somebody with whom that stands."""
        status: dict[str, int] = dict.fromkeys(OPEN_TABS, 0)
        unassigned = overdue = at_risk = 0
        for count in self._opened(agencies):
            status[count.status] += count.reports
            unassigned += count.unassigned
            overdue += count.overdue
            at_risk += count.at_risk
        return TabCounts(
            as_of=self.as_of,
            status=status,
            unassigned=unassigned,
            overdue=overdue,
            at_risk=at_risk,
            escalated=self._standing(standing),
            wishes=sum(self.wishes.get(agency, 0) for agency in agencies),
        )

    def _opened(self, agencies: frozenset[str]) -> Iterator[OpenCount]:
        return (count for agency in agencies for count in self.opened.get(agency, ()))

    def _standing(self, standing: Standing) -> int:
        rungs, within = standing.rungs, standing.within
        return sum(
            one.reports
            for one in self.raised
            if any(one.role == role and one.to in rungs[role] for role in rungs)
            if not within or one.agency in within
        )
