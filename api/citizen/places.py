"""What this city is, what can be reported in it, and in which unit a place lies."""

from typing import Annotated, Final

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from api.citizen.place_views import (
    CategoryList,
    CityView,
    UnitList,
    show_candidate,
    show_categories,
    show_city,
    show_unit,
)
from api.languages import said_in
from smartcity.city.model import City
from smartcity.errors import FieldError, Invalid
from smartcity.geography.current import CurrentAreas
from smartcity.geography.places import TEXT_CHARACTERS, find_places

FOR_A_WHILE: Final = {"Cache-Control": "public, max-age=300"}
"""A new pack or new boundaries are seen everywhere after five minutes."""

Latitude = Annotated[float | None, QueryParameter(ge=-90, le=90, description="WGS 84 degrees")]
Longitude = Annotated[float | None, QueryParameter(ge=-180, le=180, description="WGS 84 degrees")]
Query = Annotated[
    str | None,
    QueryParameter(
        min_length=1,
        max_length=TEXT_CHARACTERS,
        description="A name or the end of an address, of today or of before a reform.",
    ),
]


class CityController(Controller):
    path = "/v1"
    tags = ("City",)

    @get("/city", operation_id="GetCity")
    async def city(
        self,
        city: NamedDependency[City],
        areas: NamedDependency[CurrentAreas],
        language: NamedDependency[str],
    ) -> Response[CityView]:
        """Tell what this city is: its languages, where it lies, whom to call in an emergency."""
        view = show_city(city, language, approximate=areas.areas.approximate)
        return Response(view, headers=said_in(language) | FOR_A_WHILE)

    @get("/categories", operation_id="ListCategories")
    async def categories(
        self, city: NamedDependency[City], language: NamedDependency[str]
    ) -> Response[CategoryList]:
        """List what can be reported, with the questions that each category asks."""
        return Response(show_categories(city, language), headers=said_in(language) | FOR_A_WHILE)

    @get("/units", operation_id="ListUnits")
    async def units(
        self,
        city: NamedDependency[City],
        areas: NamedDependency[CurrentAreas],
        language: NamedDependency[str],
        lat: Latitude = None,
        lon: Longitude = None,
        q: Query = None,
    ) -> Response[UnitList]:
        """List the units: the one that a point lies in (`lat` and `lon`), those that a text may
        mean (`q`), or all.

        A name of before a reform leads to the units of today, each with the `former` name. A point
        outside the city is refused with the city's bounds.
        """
        match lat, lon, q:
            case None, None, None:
                every = UnitList(items=[show_unit(city, code, language) for code in city.units])
                return Response(every, headers=said_in(language) | FOR_A_WHILE)
            case None, None, str():
                return Response(_named(city, q, language), headers=said_in(language))
            case float(), float(), None:
                return Response(_around(city, areas, lon, lat, language), headers=said_in(language))
            case _:
                raise Invalid(FieldError(_odd_one(lat, lon), "lat_and_lon_or_q"))


def _named(city: City, text: str, language: str) -> UnitList:
    """The units that a text may mean."""
    places = find_places(city, text)
    return UnitList(items=[unit for p in places for unit in show_candidate(city, p, language)])


def _around(city: City, areas: CurrentAreas, lon: float, lat: float, language: str) -> UnitList:
    """The unit that a point lies in, if the city has any."""
    located = areas.locate_or_refuse(lon, lat)
    items = [] if located.unit is None else [show_unit(city, located.unit, language)]
    return UnitList(items=items, approximate=located.approximate, near_edge=located.near_edge)


def _odd_one(lat: float | None, lon: float | None) -> str:
    """The parameter that is missing, or else the one too many."""
    if lat is not None and lon is not None:
        return "q"
    return "lat" if lat is None else "lon"
