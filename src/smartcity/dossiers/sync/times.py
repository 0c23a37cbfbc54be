"""Times as sources write them: RFC 3339, the national `yyyyMMddHHmmss`, or only a day."""

from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY_LENGTH: Final = len("2026-06-09")
END_OF_DAY: Final = time(23, 59, 59)


def read_time(text: str, zone: ZoneInfo, *, end_of_day: bool = False) -> datetime:
    """The moment in UTC, to the millisecond. Without a zone of its own it is in `zone`.

    A day alone is its beginning, or its end. Raises `ValueError` for what is no time, or lies
    before 1970.
    """
    national = len(text) == 14 and text.isdigit()
    moment = datetime.fromisoformat(f"{text[:8]}T{text[8:]}" if national else text)
    if end_of_day and len(text) <= DAY_LENGTH:
        moment = datetime.combine(moment, END_OF_DAY)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    try:
        moment = moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error
    if moment < EARLIEST:
        raise ValueError(text)
    if rest := moment.microsecond % 1000:
        moment = moment.replace(microsecond=moment.microsecond - rest)
    return moment
