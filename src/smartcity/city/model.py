"""What a city is made of. A pack (`config/<city>/`) fills these; nothing here names a city.

Every text that people read is a `Texts`: language → text, with one for each language of the pack.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from enum import StrEnum
from functools import cached_property
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from smartcity.city.answers import Reason, Template
from smartcity.city.language import negotiate
from smartcity.city.policies import (
    Alerts,
    Burst,
    Dossiers,
    Escalation,
    Privacy,
    Severity,
    Sms,
    Windows,
)
from smartcity.city.texts import Messages
from smartcity.city.values import (
    Code,
    Coded,
    Days,
    Hours,
    Latitude,
    Longitude,
    Struct,
    Texts,
)
from smartcity.clock import now
from smartcity.identity.roles import Assurance


class Priority(StrEnum):
    """How pressing a report is; the deadlines hang on it."""

    URGENT = "urgent"
    COMPLEX = "complex"
    NORMAL = "normal"


class Place(StrEnum):
    """What a category needs to be found by."""

    REQUIRED = "required"  # a point, or a unit and words
    OPTIONAL = "optional"
    SUBJECT = "subject"  # no place: an agency or a dossier is what it is about


class Publicity(StrEnum):
    """When the public sees a report's text and photos."""

    ON_RECEIPT = "on_receipt"
    AT_ONCE = "at_once"
    NEVER = "never"


class QuestionKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"


class Question(Coded, frozen=True, kw_only=True):
    """A typed question that a category asks. `choices`: value → its name."""

    kind: QuestionKind
    text: Texts
    required: bool = False
    choices: Mapping[str, Texts] = {}

    def accepts(self, answer: object) -> bool:
        """Whether this can be an answer: of the kind, and one of the choices."""
        match self.kind:
            case QuestionKind.TEXT:
                return isinstance(answer, str)
            case QuestionKind.NUMBER:
                return isinstance(answer, int | float) and not isinstance(answer, bool)
            case QuestionKind.BOOLEAN:
                return isinstance(answer, bool)
            case QuestionKind.CHOICE:
                return isinstance(answer, str) and answer in self.choices


class Emergency(Struct, frozen=True, kw_only=True):
    """The number to call, shown before the form."""

    number: str
    text: Texts


class Field(Coded, frozen=True, kw_only=True):
    """A field of life that categories belong to: traffic, health, ..."""

    name: Texts
    icon: str


class Category(Coded, frozen=True, kw_only=True):
    """What a report can be about."""

    field: str
    name: Texts
    icon: str
    priority: Priority = Priority.NORMAL
    place: Place = Place.REQUIRED
    public: Publicity = Publicity.ON_RECEIPT
    counts: bool = False
    """Of a category that is never public: whether the public is told how many reports there were in
    each unit, where they were not few.
    """
    proof: bool = False
    """Whether resolving demands a photo or document."""
    calendar: str = "office"
    questions: tuple[Question, ...] = ()
    emergency: Emergency | None = None
    sender: Assurance = Assurance.DEVICE
    """How sure the city must be of who sends such a report."""
    valid_to: date | None = None
    """The last day on which a report may be given this category; those that have it keep it."""


class Agency(Coded, frozen=True, kw_only=True):
    """Who handles reports or dossiers. `unit` is set where it governs one.

    `valid_from` is its first day and `valid_to` its last; nothing is routed to it on other days.
    """

    name: Texts
    parent: str | None = None
    unit: str | None = None
    calendar: str = "office"
    valid_from: date | None = None
    valid_to: date | None = None


class Unit(Coded, frozen=True, kw_only=True):
    """A ward, commune or larger area, with one point inside it."""

    name: Texts
    kind: str
    lon: Longitude
    lat: Latitude
    parent: Code | None = None
    area_km2: Annotated[float, msgspec.Meta(gt=0)] | None = None
    population: Annotated[int, msgspec.Meta(ge=0)] | None = None


class FormerUnit(Coded, frozen=True, kw_only=True):
    """A unit of before a reform, with those of today that took it over, the likeliest first."""

    name: str
    area: str
    lon: Longitude
    lat: Latitude
    now: tuple[str, ...]


class Rule(Coded, frozen=True, kw_only=True):
    """One line of routing: the first whose conditions all hold names the agency.

    Empty conditions hold always. `answers`: question code → value. `hours`: from–to in the city's
    zone, over midnight when `to` is the earlier. `agency` is a code, or `OWN` for the unit's own.
    """

    agency: str
    categories: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    hours: tuple[time, time] | None = None
    answers: Mapping[str, str | int | float | bool] = {}


OWN = "own"
"""The agency of the unit that the report lies in."""


class Limits(Struct, frozen=True, kw_only=True):
    """How long an agency has, in working hours of the calendar. `settled` is false where the city
    has not decided and the figure is ours.
    """

    priority: Priority
    receive_h: Hours
    resolve_h: Hours
    category: str | None = None
    settled: bool = False
    source: str = ""


class Calendar(Coded, frozen=True, kw_only=True):
    """When an agency works.

    `hours`: for Monday to Sunday the working spans in the city's zone; `always` for one that never
    closes. `holidays` is a country code of the `holidays` package, or empty. `closed` and `open`
    are the city's own days on top: days off, and days worked although they are not in `hours`
    (worked with the hours of the weekday given, 0 for Monday to 6 for Sunday). `open` is stronger
    than a holiday, so that the city's table is right whatever the package knows.
    """

    version: str
    always: bool = False
    hours: tuple[tuple[tuple[time, time], ...], ...] = ((), (), (), (), (), (), ())
    holidays: str = ""
    closed: frozenset[date] = frozenset()
    open: Mapping[date, int] = {}


class Procedure(Coded, frozen=True, kw_only=True):
    """An administrative procedure that dossiers are instances of."""

    name: Texts
    agency: str | None = None
    days: Days | None = None


class Bounds(Struct, frozen=True, kw_only=True):
    """The box the city lies in, WGS 84 degrees."""

    west: Longitude
    south: Latitude
    east: Longitude
    north: Latitude

    def contains(self, lon: float, lat: float) -> bool:
        return self.west <= lon <= self.east and self.south <= lat <= self.north


class City(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A whole pack, checked. Look things up by code in the mappings."""

    code: Code
    name: Texts
    zone: ZoneInfo
    languages: tuple[str, ...]
    """The first is the one used when nobody asked for another."""
    region: str
    """The country (ISO 3166-1) whose way of writing phone numbers is understood."""
    identity_pattern: str
    """A regular expression of identity numbers, masked in public texts; empty for none."""
    bounds: Bounds
    centre: tuple[float, float]
    """lon, lat of where a map opens."""
    windows: Windows
    escalation: Escalation
    privacy: Privacy = Privacy(personal_months=24)
    alerts: Alerts = Alerts(sender="city", second_person=frozenset(Severity))
    fields: Mapping[str, Field]
    categories: Mapping[str, Category]
    agencies: Mapping[str, Agency]
    units: Mapping[str, Unit]
    former_units: tuple[FormerUnit, ...]
    rules: tuple[Rule, ...]
    limits: tuple[Limits, ...]
    calendars: Mapping[str, Calendar]
    reasons: Mapping[str, Reason]
    templates: tuple[Template, ...] = ()
    procedures: Mapping[str, Procedure]
    dispatch: str
    """The agency code whose dispatchers get what no rule routes."""
    burst: Burst | None = None
    """None where no report is ever held."""
    dossiers: Dossiers | None = None
    """None where nobody is reminded of a result."""
    sms: Sms = Sms()
    messages: Messages

    def local(self, moment: datetime) -> datetime:
        """A moment in the city's zone."""
        return moment.astimezone(self.zone)

    def language(self, accept_language: str | None) -> str:
        """The city's language that fits an `Accept-Language` best; the first if none does."""
        return negotiate(accept_language or "", self.languages)

    def spoken(self, language: str | None) -> str:
        """The language, if it is one of the city's; else the first: for one that the city has given
        up, and for somebody of whom none is known.
        """
        return language if language in self.languages else self.languages[0]

    def around(self, unit: str) -> Iterator[str]:
        """A unit and those that it lies in, the smallest first; nothing for one that is not the
        city's. A checked pack has no cycles.
        """
        found = self.units.get(unit)
        while found is not None:
            yield found.code
            found = self.units.get(found.parent or "")

    def below(self, agency: str) -> frozenset[str]:
        """The agency and everything under it."""
        return self._below.get(agency, frozenset({agency}))

    def own_agency(self, unit: str, on: date | None = None) -> Agency | None:
        """The agency that governs a unit on a day, by default today."""
        governing = self._governing.get(unit)
        if governing is None:
            return None
        day = on or self.local(now()).date()
        return next((agency for agency in governing if _valid(agency, day)), None)

    def agency_valid(self, code: str, on: date) -> bool:
        """Whether there is such an agency on a day."""
        agency = self.agencies.get(code)
        return agency is not None and _valid(agency, on)

    def offered(self, category: str, on: date | None = None) -> bool:
        """Whether there is such a category that a report may be given; on a day, or today."""
        found = self.categories.get(category)
        day = on or self.local(now()).date()
        return found is not None and (found.valid_to is None or day <= found.valid_to)

    @cached_property
    def _governing(self) -> Mapping[str, tuple[Agency, ...]]:
        """Unit → the agencies that govern it, one after the other."""
        governing: dict[str, tuple[Agency, ...]] = {}
        for agency in self.agencies.values():
            if agency.unit is not None:
                governing[agency.unit] = (*governing.get(agency.unit, ()), agency)
        return governing

    @cached_property
    def _below(self) -> Mapping[str, frozenset[str]]:
        """Agency → itself and everything under it. A checked pack has no cycles."""
        below: dict[str, set[str]] = {code: {code} for code in self.agencies}
        for code, agency in self.agencies.items():
            above = agency.parent
            while above is not None:
                below[above].add(code)
                above = self.agencies[above].parent
        return {code: frozenset(codes) for code, codes in below.items()}


def _valid(agency: Agency, on: date) -> bool:
    started = agency.valid_from is None or agency.valid_from <= on
    return started and (agency.valid_to is None or on <= agency.valid_to)
