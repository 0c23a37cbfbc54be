"""Until when an agency must have received and resolved a report.

The limits come from the pack, by category and priority, and are counted in the working time of the
agency's calendar (an emergency category names one that never closes). A deadline once given is
moved only openly: the clock stops for the first question, and an extension grants a new date.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from smartcity.calendar.working_time import WorkingTime
from smartcity.city.model import Category, City, Limits, Priority
from smartcity.reports.model import Deadlines


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
        time = self._times[self._calendar(category, agency)]
        left_h = time.between(deadlines.paused_at, deadlines.resolve_by).total_seconds() / 3600
        resolve_by = time.after(at, left_h) if left_h > 0 else deadlines.resolve_by
        return msgspec.structs.replace(deadlines, resolve_by=resolve_by, paused_at=None)

    def _calendar(self, category: Category, agency: str) -> str:
        """An emergency's own calendar, or the agency's."""
        if self._city.calendars[category.calendar].always:
            return category.calendar
        return self._city.agencies[agency].calendar
