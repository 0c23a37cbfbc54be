"""When quiet hours end: by the clock on the wall, in the city's zone. Pure.

A time that the clock leaps over when summer begins is the one that it would have been without the
leap, and of one that comes twice when summer ends the first counts (as in RFC 5545, 3.3.5).
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from smartcity.identity.devices.model import QuietHours


def quiet_until(hours: QuietHours, at: datetime, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours end in which a moment lies; none if it lies in none.

    They begin with `from` and end before `to`; where both are the same, there are none.
    """
    today = at.astimezone(zone).date()
    over_midnight = timedelta(days=1 if hours.end < hours.start else 0)
    for day in (today - timedelta(days=1), today):
        begin = datetime.combine(day, hours.start, zone).astimezone(UTC)
        end = datetime.combine(day + over_midnight, hours.end, zone).astimezone(UTC)
        if begin <= at < end:
            return end
    return None
