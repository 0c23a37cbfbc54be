"""How long another system asks to be left alone."""

from datetime import UTC
from email.utils import parsedate_to_datetime

from smartcity.clock import now


def asked_s(retry_after: str | None) -> float | None:
    """The seconds that a `Retry-After` header names, by number or by date (RFC 9110, 10.2.3); none
    where it names none.
    """
    if retry_after is None:
        return None
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000": a time in UTC that says nothing of where it was written
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now()).total_seconds())
