"""What time it is, to the millisecond that MongoDB keeps."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present in UTC, cut to milliseconds so that it survives a round trip to the database."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
