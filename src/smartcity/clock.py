"""What time it is, to the millisecond that MongoDB keeps."""

from datetime import UTC, datetime
from typing import Final

YEARS: Final = range(1900, 2200)
"""Nearer to the ends of the calendar a moment has no date in some zone."""


def now() -> datetime:
    """The present in UTC, cut to milliseconds so that it survives a round trip to the database."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC. Raises `ValueError` for one outside of `YEARS`."""
    if moment.year not in YEARS:
        raise ValueError(f"not between {YEARS.start} and {YEARS.stop}")
    return moment.astimezone(UTC)
