"""What a city says of another system's file: which column means what. See `config/*/import.toml`.

Checked like a pack: everything that is wrong is said at once, with its key and the reason.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo, available_timezones

from msgspec import Meta

from smartcity.city.messages import placeholders
from smartcity.city.mistakes import Mistake
from smartcity.city.model import City, Code, Struct
from smartcity.city.reading import Page
from smartcity.reports.imports.histories import WAYS
from smartcity.reports.words import Status

Column = Annotated[str, Meta(min_length=1)]
Words = Annotated[str, Meta(min_length=1, max_length=1000)]

SOME_DAY: Final = datetime(2015, 11, 30, 13, 45, 59, tzinfo=UTC)
"""A format that cannot tell it again does not hold a whole date."""


class Times(Struct, frozen=True, kw_only=True):
    """Columns with times, how they are written (as Python's `strptime`), and in which zone."""

    format: str
    zone: str = ""
    opened: Column
    closed: Column
    resolve_by: Column | None = None

    def read(self, text: str, zone: ZoneInfo) -> datetime:
        """A moment as the file writes it. `zone` is the city's, for a mapping that names none.

        Raises `ValueError`.
        """
        if "%z" in self.format:
            return datetime.strptime(text, self.format).astimezone(UTC)
        own = ZoneInfo(self.zone) if self.zone else zone
        return datetime.strptime(text, self.format).replace(tzinfo=own).astimezone(UTC)


class Statuses(Struct, frozen=True, kw_only=True):
    """What the values of the status column mean here; `reasons` for those that mean rejected."""

    column: Column
    values: Mapping[str, str]
    reasons: Mapping[str, str] = {}


class Codes(Struct, frozen=True, kw_only=True):
    """A column whose values are codes of the pack, or are turned into one; see `reading.Coder`."""

    column: Column
    values: Mapping[str, str] = {}
    default: str | None = None


class Texts(Struct, frozen=True, kw_only=True):
    """Texts with columns in braces. `no_answer` stands where a finished report has no answer."""

    description: Words
    answer: Words
    no_answer: Words


class Places(Struct, frozen=True, kw_only=True):
    """Columns with a point, in WGS 84 degrees, and with its address."""

    lat: Column
    lon: Column
    address: Column | None = None


class ImportMapping(Struct, frozen=True, kw_only=True):
    """One mapping. `source` names the system, `id` the column with a report's name in it."""

    source: Code
    id: Column
    times: Times
    status: Statuses
    category: Codes
    agency: Codes
    text: Texts
    place: Places

    @property
    def columns(self) -> frozenset[str]:
        """Every column that a file must have."""
        named = {
            self.id,
            self.times.opened,
            self.times.closed,
            self.times.resolve_by,
            self.status.column,
            self.category.column,
            self.agency.column,
            self.place.lat,
            self.place.lon,
            self.place.address,
        }
        for text in (self.text.description, self.text.answer):
            named |= placeholders(text)
        return frozenset(column for column in named if column is not None)


class MappingError(Exception):
    """A mapping that cannot be used, with every mistake that was found in it."""

    def __init__(self, file: Path, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__(f"{file} cannot be used:\n" + "\n".join(f"  {m}" for m in mistakes))


def load_mapping(file: Path, city: City) -> ImportMapping:
    """Read and check a mapping. Raises `MappingError` with every mistake in it."""
    mistakes: list[Mistake] = []
    page = Page(file, mistakes)
    table = page.toml()
    mapping = page.struct(ImportMapping, table, "") if page.readable else None
    if mapping is not None:
        for where, reason in _wrong(mapping, city):
            page.wrong(where, reason)
    if mapping is None or mistakes:
        raise MappingError(file, mistakes)
    return mapping


def _wrong(mapping: ImportMapping, city: City) -> Iterator[tuple[str, str]]:
    """What is wrong between well-formed things, and where."""
    yield from _wrong_times(mapping.times, city)
    yield from _wrong_statuses(mapping.status, city)
    yield from _wrong_codes("category", mapping.category, city.categories.keys())
    yield from _wrong_codes("agency", mapping.agency, city.agencies.keys())
    for key in ("description", "answer"):
        try:
            placeholders(getattr(mapping.text, key))
        except ValueError as error:
            yield f"text.{key}", f"has braces that cannot be filled: {error}"


def _wrong_times(times: Times, city: City) -> Iterator[tuple[str, str]]:
    if times.zone and times.zone not in available_timezones():
        yield "times.zone", f"there is no time zone {times.zone}"
        return
    try:
        told = times.read(SOME_DAY.strftime(times.format), city.zone)
    except ValueError as error:
        yield "times.format", f"is not understood: {error}"
    else:
        if abs(told - SOME_DAY) > timedelta(days=2):
            yield "times.format", "does not hold a day, a month and a year"


def _wrong_statuses(statuses: Statuses, city: City) -> Iterator[tuple[str, str]]:
    for value, status in statuses.values.items():
        where = f"status.values.{value}"
        if status not in WAYS:
            yield where, f"an import cannot tell {status}; known are {', '.join(WAYS)}"
        if status == Status.REJECTED and value not in statuses.reasons:
            yield where, "means rejected, so `status.reasons` must say why"
    for value, reason in statuses.reasons.items():
        if reason not in city.reasons:
            yield f"status.reasons.{value}", f"there is no reason {reason}"


def _wrong_codes(key: str, codes: Codes, known: Collection[str]) -> Iterator[tuple[str, str]]:
    for value, code in codes.values.items():
        if code not in known:
            yield f"{key}.values.{value}", f"there is no {key} {code}"
    if codes.default is not None and codes.default not in known:
        yield f"{key}.default", f"there is no {key} {codes.default}"
