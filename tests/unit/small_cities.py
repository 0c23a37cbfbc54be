"""Cities of a few units, made by hand, for tests that need to see the whole of one."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from smartcity.city.model import Bounds, City, FormerUnit, Unit
from smartcity.city.policies import Escalation, Windows
from smartcity.city.texts import Messages
from smartcity.geography.boundaries import Boundary
from smartcity.geography.shapes import from_geojson


def small_city(
    units: Iterable[Unit] = (), former_units: Iterable[FormerUnit] = (), **others: Any
) -> City:
    """A city between 0 and 1 degree east and north."""
    given: dict[str, Any] = {
        "code": "small",
        "name": {"en": "Smallville"},
        "zone": ZoneInfo("UTC"),
        "languages": ("en",),
        "region": "US",
        "identity_pattern": "",
        "bounds": Bounds(west=0, south=0, east=1, north=1),
        "centre": (0.5, 0.5),
        "windows": Windows(
            reopen_days=15,
            reopen_limit=2,
            close_days=10,
            lapse_days=10,
            remind_days=2,
            transfer_limit=3,
        ),
        "escalation": Escalation(warn_share=0.75, level_h=8),
        "fields": {},
        "categories": {},
        "agencies": {},
        "units": {unit.code: unit for unit in units},
        "former_units": tuple(former_units),
        "rules": (),
        "limits": (),
        "calendars": {},
        "reasons": {},
        "procedures": {},
        "dispatch": "dispatch",
        "messages": Messages({"en": {}}),
    }
    return City(**{**given, **others})


def unit(code: str, lon: float, lat: float, parent: str | None = None, name: str = "") -> Unit:
    return Unit(
        code=code, name={"en": name or f"Unit {code}"}, kind="ward", lon=lon, lat=lat, parent=parent
    )


def polygon(*corners: tuple[float, float]) -> dict[str, Any]:
    """A GeoJSON polygon without holes; the ring is closed here."""
    return {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}


def rectangle(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    return polygon((west, south), (east, south), (east, north), (west, north))


def boundary(code: str, geometry: dict[str, Any]) -> Boundary:
    return Boundary(code, from_geojson(msgspec.json.encode(geometry)))
