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
    today, (start, end) = at.astimezone(zone).date(), hours.times
    over_midnight = timedelta(days=1 if end < start else 0)
    for day in (today - timedelta(days=1), today):
        begin = datetime.combine(day, start, zone).astimezone(UTC)
        over = datetime.combine(day + over_midnight, end, zone).astimezone(UTC)
        if begin <= at < over:
            return over
    return None
