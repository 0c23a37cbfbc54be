"""From rows to reports: columns understood, codes found, a short and honest timeline made."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from smartcity.city.model import Category, City
from smartcity.city.model import Place as PlaceNeed
from smartcity.errors import OutsideCity
from smartcity.identifiers import derived_code, derived_id, digest_of
from smartcity.reports.dates import Deadlines
from smartcity.reports.deadlines import Clocks, due_at
from smartcity.reports.imports.histories import AT_ONCE, stages
from smartcity.reports.imports.mapping import Codes, ImportMapping
from smartcity.reports.model import Place, Report, Reporter, Routing
from smartcity.reports.privacy import searchable
from smartcity.reports.requests import Location
from smartcity.reports.submission import Places, place
from smartcity.reports.timeline import By, Entry
from smartcity.reports.words import OPEN, Action, Party, Status
from smartcity.rowfiles.rows import RowError
from smartcity.text import fold

Row = Mapping[str, str]
"""Column → text."""

RULE: Final = "import"
"""Stands where other reports have the rule that routed them: the other system named the agency."""

NOBODY: Final = UUID(int=0)
"""Reported it, as far as we know (RFC 9562: the nil UUID). No caller ever has this id."""

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""Times outside are slips of somebody's system."""

ID_LENGTH: Final = 100
TEXT_LENGTH: Final = 4000
ADDRESS_LENGTH: Final = 300
SHOWN: Final = 50
"""How much of a value that is not known is told back."""

ANSWERED: Final = frozenset({Action.RESOLVE, Action.REJECT})


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a row says, understood."""

    name: str
    status: Status
    reason: str | None
    category: Category
    agency: str
    description: str
    answer: str
    place: Place
    opened: datetime
    closed: datetime | None
    resolve_by: datetime | None

    def at(self, action: Action) -> datetime:
        """When an action was taken: when the report was opened, or at its end."""
        return self.opened if action in AT_ONCE or self.closed is None else self.closed


class Coder:
    """Turns a column's values into codes of the pack.

    A value is looked up in the mapping's table; else it is a code as it stands, or in lower case
    with dashes (`Signs & Signals`: `signs-signals`); else the mapping's default.
    """

    def __init__(self, codes: Codes, known: Collection[str]) -> None:
        self._codes = codes
        self._known = known
        self._seen: dict[str, str] = {}

    def code(self, row: Row) -> str:
        """Raises `RowError`."""
        value = row[self._codes.column].strip()
        code = self._seen.get(value) or self._find(value)
        if code is None:
            raise _unknown(self._codes.column, value)
        self._seen[value] = code
        return code

    def _find(self, value: str) -> str | None:
        dashed = "-".join(re.findall(r"\w+", fold(value)))
        candidates = (self._codes.values.get(value), value, dashed, self._codes.default)
        return next((code for code in candidates if code in self._known), None)


class ReportReader:
    """Reads the rows of one mapping. `secret` is the installation's: codes must not be guessed."""

    def __init__(
        self, city: City, mapping: ImportMapping, places: Places, clocks: Clocks, secret: bytes
    ) -> None:
        self._city = city
        self._mapping = mapping
        self._places = places
        self._clocks = clocks
        self._secret = secret
        self._categories = Coder(mapping.category, city.categories.keys())
        self._agencies = Coder(mapping.agency, city.agencies.keys())
        self._statuses = {value: Status(s) for value, s in mapping.status.values.items()}
        self._stages = {status: stages(status) for status in self._statuses.values()}

    def report(self, row: Row, batch: UUID, now: datetime) -> Report:
        """The report that a row tells of; the same for the same row. Raises `RowError`."""
        facts = self._facts(row, now)
        name = f"{self._mapping.source}/{facts.name}"
        report_id = derived_id(facts.opened, name.encode())
        deadlines = self._deadlines(facts)
        timeline = self._timeline(facts, report_id)
        actions = {entry.action for entry in timeline}
        due = due_at(facts.status, deadlines)
        return Report(
            id=report_id,
            code=derived_code(self._secret, report_id),
            version=len(timeline),
            status=facts.status,
            field=facts.category.field,
            category=facts.category.code,
            priority=facts.category.priority,
            public=facts.category.public,
            description=facts.description,
            folded=searchable(self._city, facts.description, facts.place.address),
            place=facts.place,
            location=facts.place.point,
            agency=facts.agency,
            routing=Routing(rule=RULE),
            deadlines=deadlines,
            due_at=due,
            risk_at=due and self._clocks.risk_at(facts.category, facts.agency, facts.opened, due),
            reporter=Reporter(id=NOBODY),
            submission=digest_of(b"import", name.encode()),
            submission_body=b"",
            submitted_at=facts.opened,
            updated_at=timeline[-1].at,
            timeline=timeline,
            received_at=facts.opened if Action.RECEIVE in actions else None,
            finished_at=facts.closed if facts.status not in OPEN else None,
            batch=batch,
            source=name,
        )

    # --- what the columns say --------------------------------------------------------------------

    def _facts(self, row: Row, now: datetime) -> Facts:
        mapping, times = self._mapping, self._mapping.times
        status, reason = self._status(row)
        category = self._city.categories[self._categories.code(row)]
        opened = self._needed_time(row, times.opened, now)
        closed = None
        if status not in OPEN:
            closed = self._needed_time(row, times.closed, now)
            if closed < opened:
                raise RowError(times.closed, "before it was opened")
        return Facts(
            name=_name(row, mapping.id),
            status=status,
            reason=reason,
            category=category,
            agency=self._agencies.code(row),
            description=self._description(row),
            answer=mapping.text.answer.format_map(row).strip()[:TEXT_LENGTH]
            or mapping.text.no_answer,
            place=self._place(row, category),
            opened=opened,
            closed=closed,
            resolve_by=self._time(row, times.resolve_by) if times.resolve_by else None,
        )

    def _status(self, row: Row) -> tuple[Status, str | None]:
        column = self._mapping.status.column
        value = row[column].strip()
        if value not in self._statuses:
            raise _unknown(column, value)
        return self._statuses[value], self._mapping.status.reasons.get(value)

    def _description(self, row: Row) -> str:
        text = self._mapping.text.description.format_map(row).strip()
        if not text:
            raise RowError("text", "nothing is described")
        return text[:TEXT_LENGTH]

    def _place(self, row: Row, category: Category) -> Place:
        columns = self._mapping.place
        address = (columns.address and row[columns.address].strip()[:ADDRESS_LENGTH]) or None
        if category.place is PlaceNeed.SUBJECT:
            raise RowError(self._mapping.category.column, "is about an office, which no row names")
        if not row[columns.lat].strip() and not row[columns.lon].strip():
            if category.place is PlaceNeed.REQUIRED:
                raise RowError(columns.lat, "missing")
            return Place(address=address)
        where = Location(lat=_degrees(row, columns.lat), lon=_degrees(row, columns.lon))
        try:
            return place(self._places, where, None, address)
        except OutsideCity as error:
            raise RowError(columns.lat, "outside the city") from error

    def _needed_time(self, row: Row, column: str, now: datetime) -> datetime:
        moment = self._time(row, column)
        if moment is None:
            raise RowError(column, "missing")
        if moment > now:
            raise RowError(column, "lies in the future")
        return moment

    def _time(self, row: Row, column: str) -> datetime | None:
        text = row[column].strip()
        if not text:
            return None
        try:
            moment = self._mapping.times.read(text, self._city.zone)
        except (ValueError, OverflowError) as error:
            raise RowError(column, "not a time") from error
        if not EARLIEST <= moment < LATEST:
            raise RowError(column, "not a time")
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    # --- what follows from them ------------------------------------------------------------------

    def _deadlines(self, facts: Facts) -> Deadlines:
        """The other system's date where it gave one; else what the pack would have given."""
        given = self._clocks.give(
            facts.category, facts.category.priority, facts.agency, facts.opened
        )
        if facts.resolve_by is None:
            return given
        return Deadlines(
            receive_by=min(given.receive_by, facts.resolve_by),
            resolve_by=facts.resolve_by,
            first_resolve_by=facts.resolve_by,
            calendar=self._mapping.source,
        )

    def _timeline(self, facts: Facts, report_id: UUID) -> tuple[Entry, ...]:
        return tuple(
            Entry(
                id=derived_id(facts.at(stage.action), report_id.bytes + stage.action.encode()),
                at=facts.at(stage.action),
                action=stage.action,
                by=By(party=Party.CLOCK),
                status=stage.status,
                text=facts.answer if stage.action in ANSWERED else None,
                reason=facts.reason if stage.action is Action.REJECT else None,
            )
            for stage in self._stages[facts.status]
        )


def _name(row: Row, column: str) -> str:
    name = row[column].strip()
    if not name:
        raise RowError(column, "missing")
    if len(name) > ID_LENGTH:
        raise RowError(column, f"longer than {ID_LENGTH} characters")
    return name


def _degrees(row: Row, column: str) -> float:
    try:
        return float(row[column])
    except ValueError as error:
        raise RowError(column, "not a number") from error


def _unknown(column: str, value: str) -> RowError:
    return RowError(column, f"unknown: {value[:SHOWN]}" if value else "missing")
