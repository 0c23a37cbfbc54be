"""Whom an alert is for: from the area that an officer gives to the units of the city.

Following a larger unit is following what lies in it, and an alert for the whole of a larger unit is
for each of those in it: so the units of an alert are closed upwards and downwards.
"""

from collections.abc import Iterator
from typing import Final, Protocol

from smartcity.alerts.model import Area, Reach
from smartcity.city.model import City
from smartcity.errors import FieldError, Invalid, OutsideCity
from smartcity.geography import shapes
from smartcity.geography.boundaries import larger_units
from smartcity.geography.shapes import Geometry
from smartcity.geography.units import Areas

SMALLEST_M2: Final = 1.0
"""What is smaller is a line or a point; so it would be where other systems read its corners."""


class Places(Protocol):
    """Where the units lie (`geography.current.CurrentAreas`)."""

    @property
    def areas(self) -> Areas: ...


def reach_of(area: Area, city: City, places: Places) -> Reach:
    """Whom an area means. In a city without units everybody is meant.

    Raises `Invalid` for a shape that is none and for a unit that the city has not, `OutsideCity`
    for a shape that shares nothing with the city.
    """
    shape = _shape(area)
    if area.everywhere:
        return Reach(everywhere=True)
    if area.units is not None:
        if unknown := [place for place, unit in enumerate(area.units) if unit not in city.units]:
            raise Invalid(*(FieldError(f"area.units.{place}", "unknown") for place in unknown))
        return Reach(units=_closed(area.units, city))
    assert shape is not None, "it is a polygon or a circle"
    bounds = city.bounds
    if not shapes.touching(
        shapes.box(bounds.west, bounds.south, bounds.east, bounds.north), [shape]
    ):
        raise _outside(city)
    if not city.units:
        return Reach(everywhere=True)
    areas = places.areas
    touched = areas.touching(shape)
    if not touched:
        raise _outside(city)
    return Reach(units=_closed(touched, city), approximate=areas.approximate)


def smallest(reach: Reach, city: City) -> list[str]:
    """The units that an alert is for, without those that are made of others."""
    larger = larger_units(city)
    units = city.units if reach.everywhere else reach.units
    return [unit for unit in units if unit not in larger and unit in city.units]


def _shape(area: Area) -> Geometry | None:
    """The polygon or circle, if it is one. Raises `Invalid`."""
    given = [
        name
        for name, there in (
            ("units", area.units is not None),
            ("polygon", area.polygon is not None),
            ("circle", area.circle is not None),
            ("everywhere", area.everywhere),
        )
        if there
    ]
    if len(given) != 1:
        raise Invalid(FieldError("area", "one_of_units_polygon_circle_everywhere"))
    if area.circle is not None:
        return shapes.circle((area.circle.lon, area.circle.lat), area.circle.radius_m)
    if area.polygon is None:
        return None
    shape = shapes.ring(area.polygon)
    if shapes.area_m2(shape) < SMALLEST_M2 or shapes.why_invalid(shape) is not None:
        raise Invalid(FieldError("area.polygon", "not_a_polygon"))
    return shape


def _closed(units: tuple[str, ...] | list[str], city: City) -> tuple[str, ...]:
    named = set(units)
    below = {code for code in city.units if not named.isdisjoint(_above(code, city))}
    every = {above for code in named | below for above in _above(code, city)}
    return tuple(sorted(every))


def _above(code: str, city: City) -> Iterator[str]:
    """The unit and those that it lies in."""
    at: str | None = code
    while at is not None:
        yield at
        at = city.units[at].parent


def _outside(city: City) -> OutsideCity:
    bounds = city.bounds
    return OutsideCity(west=bounds.west, south=bounds.south, east=bounds.east, north=bounds.north)
