"""Until when an agency must have received and resolved a report.

The limits come from the pack, by category and priority, and are counted in the working time of the
agency's calendar (an emergency category names one that never closes). A deadline once given is
moved only openly: the clock stops for the first question, and an extension grants a new date.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from smartcity.calendar.working_time import WorkingTime
from smartcity.city.model import Category, City, Limits, Priority
from smartcity.reports.dates import Deadlines
from smartcity.reports.model import Status

RISK: Final = 1 / 4
"""In the last quarter of the time it was given, a report is at risk of being late,"""

RISK_AT_MOST: Final = timedelta(days=3)
"""and no longer before: of a date months ahead, a quarter is no risk."""


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

    def share(
        self, category: Category, agency: str, start: datetime, end: datetime, share: float
    ) -> datetime:
        """When such a share of the working time from one moment to another has passed."""
        time = self._times[self._calendar(category, agency)]
        return time.after(start, _hours(time.between(start, end)) * share)

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


def risk_at(
    due_at: datetime | None, status: Status, deadlines: Deadlines, stands_since: datetime
) -> datetime | None:
    """From when on a report is at risk of missing its next deadline.

    A rule on the report alone, which an index can serve: what is at risk now has `risk_at` behind
    it and `due_at` still ahead. The time to receive begins when the report comes to its agency, the
    time to resolve where that ends. Time off counts, so that only the clock's own warning, in
    working time, is a duty; this is a help to see it come.
    """
    if due_at is None:
        return None
    since = stands_since if status is Status.SUBMITTED else deadlines.receive_by
    return due_at - min(max(due_at - since, timedelta(0)) * RISK, RISK_AT_MOST)
