"""Until when an agency must have received and resolved a report.

The limits come from the pack, by category and priority, and are counted in the working time of the
agency's calendar (an emergency category names one that never closes). A deadline once given is
moved only openly: the clock stops for the first question, and an extension grants a new date.

The same working time says when a deadline is at risk: queue, clock and figures ask it here.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from smartcity.calendar.working_time import WorkingTime
from smartcity.city.model import Category, City, Limits, Priority
from smartcity.reports.dates import Deadlines
from smartcity.reports.words import OPEN, Status

RISK_AT_MOST: Final = timedelta(days=3)
"""A report is at risk only so shortly before its deadline: a queue looks through few days."""


class Clocks:
    """The city's calendars, ready to count."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._times = {
            code: WorkingTime(calendar, city.zone) for code, calendar in city.calendars.items()
        }
        self._limits: Mapping[tuple[str | None, Priority], Limits] = {
            (limits.category, limits.priority): limits for limits in city.limits
        }

    def give(self, category: Category, priority: Priority, agency: str, at: datetime) -> Deadlines:
        """The deadlines of a report that arrives at `at`.

        The time to resolve begins when the time to receive ends, so that a report that is received
        late is not late twice.
        """
        limits = self._limits.get((category.code, priority)) or self._limits[None, priority]
        code = self._calendar(category, agency)
        time = self._times[code]
        receive_by = time.after(at, limits.receive_h)
        resolve_by = time.after(receive_by, limits.resolve_h)
        return Deadlines(
            receive_by=receive_by,
            resolve_by=resolve_by,
            first_resolve_by=resolve_by,
            calendar=f"{code}/{time.version}",
        )

    def resumed(
        self, deadlines: Deadlines, category: Category, agency: str, at: datetime
    ) -> Deadlines:
        """The deadlines after the clock stood still since `paused_at`: what was left is left."""
        if deadlines.paused_at is None:
            return deadlines
        code = self._calendar(category, agency)
        time = self._times[code]
        left_h = _hours(time.between(deadlines.paused_at, deadlines.resolve_by))
        if left_h <= 0:
            return msgspec.structs.replace(deadlines, paused_at=None)
        return msgspec.structs.replace(
            deadlines,
            resolve_by=time.after(at, left_h),
            resolve_calendar=f"{code}/{time.version}",
            paused_at=None,
        )

    def handed_on(
        self,
        deadlines: Deadlines,
        category: Category,
        priority: Priority,
        agency: str,
        at: datetime,
    ) -> Deadlines:
        """The deadlines at another agency: it has its own time to receive; the date by which the
        citizen was promised an answer stays.
        """
        fresh = self.give(category, priority, agency, at)
        return msgspec.structs.replace(
            deadlines, receive_by=fresh.receive_by, receive_calendar=fresh.calendar
        )

    def warn_at(
        self, category: Category, agency: str, since: datetime, by: datetime
    ) -> datetime | None:
        """When the clock warns of a deadline: once the pack's share of its working time has passed.
        None if there is no working time before it: then nobody could act on the warning.
        """
        time = self._times[self._calendar(category, agency)]
        given_h = _hours(time.between(since, by))
        if given_h <= 0:
            return None
        warn_at = time.after(since, given_h * self._city.escalation.warn_share)
        return warn_at if warn_at < by else None

    def risk_at(self, category: Category, agency: str, since: datetime, by: datetime) -> datetime:
        """From when on a report is at risk of missing a deadline: from the clock's warning on, but
        only in the last days (`RISK_AT_MOST`). Never, if there is no warning.
        """
        return max(self.warn_at(category, agency, since, by) or by, by - RISK_AT_MOST)

    def later(self, category: Category, agency: str, at: datetime, hours: float) -> datetime:
        """When so many working hours have passed."""
        return self._times[self._calendar(category, agency)].after(at, hours)

    def _calendar(self, category: Category, agency: str) -> str:
        """An emergency's own calendar, or the agency's."""
        if self._city.calendars[category.calendar].always:
            return category.calendar
        return self._city.agencies[agency].calendar


def _hours(working: timedelta) -> float:
    return working.total_seconds() / 3600


def due_at(status: Status, deadlines: Deadlines) -> datetime | None:
    """The next deadline of a report whose clock runs."""
    if status is Status.SUBMITTED:
        return deadlines.receive_by
    if status in OPEN and deadlines.paused_at is None:
        return deadlines.resolve_by
    return None
