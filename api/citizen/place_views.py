"""What a caller learns of the city, in their language."""

from collections.abc import Iterator

import msgspec

from smartcity.city.model import (
    Bounds,
    Category,
    City,
    Emergency,
    FormerUnit,
    Place,
    Priority,
    Publicity,
    Question,
    QuestionKind,
)
from smartcity.geography.places import PlaceCandidate
from smartcity.identity.roles import Assurance


class View(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is not set is left out."""


class CentreView(View, frozen=True, kw_only=True):
    lon: float
    lat: float


class EmergencyView(View, frozen=True, kw_only=True):
    """A number to call instead of reporting."""

    number: str
    text: str


class CityView(View, frozen=True, kw_only=True, omit_defaults=False):
    """What this city is. `approximate`: its true boundaries are not known, so that units are found
    by the nearest point.
    """

    code: str
    name: str
    languages: tuple[str, ...]
    zone: str
    bounds: Bounds
    centre: CentreView
    emergency: list[EmergencyView]
    approximate: bool


class FieldView(View, frozen=True, kw_only=True):
    code: str
    name: str
    icon: str


class ChoiceView(View, frozen=True, kw_only=True):
    value: str
    name: str


class QuestionView(View, frozen=True, kw_only=True, omit_defaults=False):
    """One question of a category's form. Only one of kind `choice` has choices."""

    code: str
    kind: QuestionKind
    text: str
    required: bool
    choices: list[ChoiceView] | msgspec.UnsetType = msgspec.UNSET


class CategoryView(View, frozen=True, kw_only=True, omit_defaults=False):
    """What a report can be about, and what its form asks."""

    code: str
    field: str
    name: str
    icon: str
    priority: Priority
    place: Place
    public: Publicity
    proof: bool
    sender: Assurance
    questions: list[QuestionView]
    emergency: EmergencyView | msgspec.UnsetType = msgspec.UNSET


class CategoryList(View, frozen=True, kw_only=True, omit_defaults=False):
    """The categories, and the fields that they belong to."""

    fields: list[FieldView]
    items: list[CategoryView]


class AgencyName(View, frozen=True, kw_only=True):
    code: str
    name: str


class FormerName(View, frozen=True, kw_only=True):
    """The unit of before a reform by whose name today's was found, and where that lay."""

    code: str
    name: str
    area: str


class UnitView(View, frozen=True, kw_only=True):
    """A unit of today, and the agency that governs it."""

    code: str
    name: str
    kind: str
    lon: float
    lat: float
    parent: str | None = None
    area_km2: float | None = None
    agency: AgencyName | None = None
    former: FormerName | None = None


class UnitList(View, frozen=True, kw_only=True):
    """Units, the likeliest first. About a point also whether they come from `approximate` areas,
    and whether another is nearly as likely, because the point is `near_edge`.
    """

    items: list[UnitView]
    approximate: bool | msgspec.UnsetType = msgspec.UNSET
    near_edge: bool | msgspec.UnsetType = msgspec.UNSET


def show_city(city: City, language: str, *, approximate: bool) -> CityView:
    lon, lat = city.centre
    return CityView(
        code=city.code,
        name=city.name[language],
        languages=city.languages,
        zone=city.zone.key,
        bounds=city.bounds,
        centre=CentreView(lon=lon, lat=lat),
        emergency=list(_emergencies(city, language)),
        approximate=approximate,
    )


def show_categories(city: City, language: str) -> CategoryList:
    return CategoryList(
        fields=[
            FieldView(code=field.code, name=field.name[language], icon=field.icon)
            for field in city.fields.values()
        ],
        items=[_category(category, language) for category in _offered(city)],
    )


def show_unit(city: City, code: str, language: str, former: FormerUnit | None = None) -> UnitView:
    unit, agency = city.units[code], city.own_agency(code)
    return UnitView(
        code=code,
        name=unit.name[language],
        kind=unit.kind,
        lon=unit.lon,
        lat=unit.lat,
        parent=unit.parent,
        area_km2=unit.area_km2,
        agency=agency and AgencyName(code=agency.code, name=agency.name[language]),
        former=former and FormerName(code=former.code, name=former.name, area=former.area),
    )


def show_candidate(city: City, candidate: PlaceCandidate, language: str) -> Iterator[UnitView]:
    """Each unit that a place may be in today."""
    for code in candidate.units:
        yield show_unit(city, code, language, candidate.former)


def _offered(city: City) -> Iterator[Category]:
    return (one for one in city.categories.values() if city.offered(one.code))


def _emergencies(city: City, language: str) -> Iterator[EmergencyView]:
    """Every number once, in the order of the categories."""
    numbers: set[str] = set()
    for category in _offered(city):
        if category.emergency is not None and category.emergency.number not in numbers:
            numbers.add(category.emergency.number)
            yield _emergency(category.emergency, language)


def _emergency(emergency: Emergency, language: str) -> EmergencyView:
    return EmergencyView(number=emergency.number, text=emergency.text[language])


def _category(category: Category, language: str) -> CategoryView:
    emergency = category.emergency
    return CategoryView(
        code=category.code,
        field=category.field,
        name=category.name[language],
        icon=category.icon,
        priority=category.priority,
        place=category.place,
        public=category.public,
        proof=category.proof,
        sender=category.sender,
        questions=[_question(question, language) for question in category.questions],
        emergency=msgspec.UNSET if emergency is None else _emergency(emergency, language),
    )


def _question(question: Question, language: str) -> QuestionView:
    choices = [
        ChoiceView(value=value, name=name[language]) for value, name in question.choices.items()
    ]
    return QuestionView(
        code=question.code,
        kind=question.kind,
        text=question.text[language],
        required=question.required,
        choices=choices or msgspec.UNSET,
    )
