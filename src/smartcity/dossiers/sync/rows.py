"""What one row of an import means, and why it may be refused.

Times are RFC 3339, the national `yyyyMMddHHmmss`, or a day; without a zone they are the city's. A
day that something is due or done lasts until its end.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from smartcity.dossiers.codes import CodeError, parse
from smartcity.dossiers.deadlines import NOT_YET_ACCEPTED
from smartcity.dossiers.model import Channel, Step, timeline
from smartcity.dossiers.statuses import Stage, Status, stage

something = TypeVar("something")

Row = Mapping[str, Any]
"""Column → text; from JSON also numbers and nulls."""

REQUIRED: Final = ("code", "procedure", "agency", "received_at", "due_at", "status", "updated_at")
"""Columns that a file must have; a dossier that is not accepted yet may leave the dates empty."""

SECRETS: Final = ("secret", "factor")
"""One of them must be there: the secret printed on the receipt, else the last four to six digits of
the applicant's phone or citizen number.
"""

CLOCK_SKEW: Final = timedelta(days=1)
"""A row from further in the future would keep every later one out."""


class RowError(ValueError):
    """Why a row is refused: the column, and a word."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.column = column
        self.reason = reason


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One row, understood."""

    code: str
    procedure: str
    agency: str
    status: int
    steps: tuple[Step, ...]
    updated_at: datetime
    secret: str
    received_at: datetime | None
    due_at: datetime | None
    channel: int | None
    collect_place: str | None
    applicant: str | None


def understand(row: Row, zone: ZoneInfo, now: datetime) -> Told:
    """Read a row that arrived at `now`. Raises `RowError`."""
    status = _number(row, "status", 1, 999)
    updated_at = _needed(_moment(row, "updated_at", zone), "updated_at")
    if updated_at > now + CLOCK_SKEW:
        raise RowError("updated_at", "lies in the future")
    received_at = _moment(row, "received_at", zone)
    if received_at is None and status not in NOT_YET_ACCEPTED:
        raise RowError("received_at", "missing")
    return Told(
        code=_code(row),
        procedure=_needed(_text(row, "procedure", 64), "procedure"),
        agency=_needed(_text(row, "agency", 64), "agency"),
        status=status,
        steps=_steps(status, updated_at, _moment(row, "finished_at", zone, end_of_day=True)),
        updated_at=updated_at,
        secret=_secret(row),
        received_at=received_at,
        due_at=_moment(row, "due_at", zone, end_of_day=True),
        channel=_number(row, "channel", Channel.COUNTER, Channel.POST)
        if row.get("channel")
        else None,
        collect_place=_text(row, "collect_place", 300),
        applicant=_text(row, "applicant", 200),
    )


def _steps(status: int, updated_at: datetime, done_at: datetime | None) -> tuple[Step, ...]:
    """The row's own step and, for a result that was handed over, when it was done before."""
    if done_at is None:
        return (Step(status, updated_at),)
    if stage(status) is Stage.OPEN:
        raise RowError("finished_at", "given, but the status is an open one")
    done_at = min(done_at, updated_at)  # a source that knows the day only says its end
    if status == Status.RETURNED:
        return timeline([Step(Status.DONE, done_at), Step(status, updated_at)])
    return (Step(status, done_at),)


def _code(row: Row) -> str:
    try:
        return parse(_needed(_text(row, "code", 100), "code")).text
    except CodeError as error:
        raise RowError("code", "not a dossier code") from error


def _secret(row: Row) -> str:
    if (secret := _text(row, "secret", 32)) is not None:
        if len(secret) < 4:
            raise RowError("secret", "shorter than four characters")
        return secret
    digits = _needed(_text(row, "factor", 6), "factor")
    if not (digits.isascii() and digits.isdigit() and len(digits) >= 4):
        raise RowError("factor", "not four to six digits")
    return digits


def _text(row: Row, column: str, longest: int) -> str | None:
    value = row.get(column)
    if value is None:
        return None
    text = str(value).strip()
    if len(text) > longest:
        raise RowError(column, f"longer than {longest} characters")
    if not text.isascii() and not _is_unicode(text):
        raise RowError(column, "not UTF-8")
    return text or None


def _is_unicode(text: str) -> bool:
    """Whether every byte of the file was understood: `files.py` escapes the others."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _number(row: Row, column: str, least: int, most: int) -> int:
    text = _needed(_text(row, column, 20), column)
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise RowError(column, f"not a number from {least} to {most}")
    return int(text)


def _moment(row: Row, column: str, zone: ZoneInfo, *, end_of_day: bool = False) -> datetime | None:
    text = _text(row, column, 40)
    if text is None:
        return None
    try:
        moment = _local(text, end_of_day=end_of_day)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise RowError(column, "not a time") from error
    if moment.year < 1970:
        raise RowError(column, "before 1970")
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _local(text: str, *, end_of_day: bool) -> datetime:
    if len(text) == 14 and text.isdigit():
        return datetime.fromisoformat(f"{text[:8]}T{text[8:]}")
    moment = datetime.fromisoformat(text)
    is_day = len(text) == 10 or (len(text) == 8 and text.isdigit())
    return datetime.combine(moment, time(23, 59, 59)) if is_day and end_of_day else moment


def _needed(value: something | None, column: str) -> something:
    if value is None:
        raise RowError(column, "missing")
    return value
