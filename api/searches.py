"""The filters of lists and queues, as they stand in an address, read once for all of them."""

from typing import Annotated

import msgspec
from litestar.params import QueryParameter

from smartcity.errors import FieldError, Invalid
from smartcity.reports.requests import ReportFilter

Codes = Annotated[
    list[Annotated[str, msgspec.Meta(max_length=64)]] | None, QueryParameter(max_items=50)
]


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters as given."""

    status: list[str] | None
    category: list[str] | None
    field: list[str] | None
    unit: list[str] | None
    agency: list[str] | None
    bbox: str | None
    near: str | None
    radius_m: float
    text: str | None


async def provide_searched(
    status: Codes = None,
    category: Codes = None,
    field: Codes = None,
    unit: Codes = None,
    agency: Codes = None,
    bbox: Annotated[
        str | None, QueryParameter(max_length=100, description="west,south,east,north in degrees.")
    ] = None,
    near: Annotated[
        str | None, QueryParameter(max_length=60, description="lat,lon in degrees.")
    ] = None,
    radius_m: Annotated[float, QueryParameter(gt=0, le=10_000)] = 500.0,
    text: Annotated[
        str | None,
        QueryParameter(min_length=2, max_length=200, description="Words, with or without accents."),
    ] = None,
) -> Searched:
    return Searched(
        status=status,
        category=category,
        field=field,
        unit=unit,
        agency=agency,
        bbox=bbox,
        near=near,
        radius_m=radius_m,
        text=text,
    )


def search(given: Searched) -> ReportFilter:
    """The filter that the parameters mean. Raises `Invalid` for a place that is none."""
    return ReportFilter(
        status=frozenset(given.status or ()),
        category=frozenset(given.category or ()),
        field=frozenset(given.field or ()),
        unit=frozenset(given.unit or ()),
        agency=frozenset(given.agency or ()),
        bbox=parse_bbox(given.bbox) if given.bbox is not None else None,
        near=_near(given.near) if given.near is not None else None,
        radius_m=given.radius_m,
        text=given.text,
    )


def parse_bbox(text: str) -> tuple[float, float, float, float]:
    """`west,south,east,north`, not over the antimeridian. Raises `Invalid`."""
    west, south, east, north = _numbers(text, 4, "bbox")
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise Invalid(FieldError("bbox", "not_a_box"))
    return west, south, east, north


def _near(text: str) -> tuple[float, float]:
    lat, lon = _numbers(text, 2, "near")
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise Invalid(FieldError("near", "not_a_point"))
    return lon, lat


def _numbers(text: str, count: int, name: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise Invalid(FieldError(name, f"not_{count}_numbers"))
    return numbers
