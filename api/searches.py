"""The filters of lists and queues, as they stand in an address, read once for all of them."""

from typing import Annotated

import msgspec
from litestar.params import QueryParameter

from smartcity.city.model import Bounds
from smartcity.errors import FieldError, Invalid
from smartcity.reports.requests import ReportFilter
from smartcity.text import folded_words

Codes = Annotated[
    list[Annotated[str, msgspec.Meta(max_length=64)]] | None, QueryParameter(max_items=50)
]


Box = Annotated[
    str | None, QueryParameter(max_length=100, description="west,south,east,north in degrees.")
]


async def provide_wanted(
    status: Codes = None,
    category: Codes = None,
    field: Codes = None,
    unit: Codes = None,
    agency: Codes = None,
    bbox: Box = None,
    near: Annotated[
        str | None, QueryParameter(max_length=60, description="lat,lon in degrees.")
    ] = None,
    radius_m: Annotated[float, QueryParameter(gt=0, le=10_000)] = 500.0,
    text: Annotated[
        str | None,
        QueryParameter(
            min_length=2,
            max_length=200,
            description="Words or their beginnings, with or without accents; or a report's code.",
        ),
    ] = None,
) -> ReportFilter:
    """The dependency `wanted`. Raises `Invalid` for a place that is none, and for a text without a
    word.
    """
    if text is not None and not folded_words(text):
        raise Invalid(FieldError("text", "no_words"))
    return ReportFilter(
        status=frozenset(status or ()),
        category=frozenset(category or ()),
        field=frozenset(field or ()),
        unit=frozenset(unit or ()),
        agency=frozenset(agency or ()),
        bbox=None if bbox is None else parse_bbox(bbox),
        near=None if near is None else _near(near),
        radius_m=radius_m,
        text=text,
    )


def parse_bbox(text: str) -> Bounds:
    """`west,south,east,north`, not over the antimeridian. Raises `Invalid`."""
    west, south, east, north = _numbers(text, 4, "bbox")
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise Invalid(FieldError("bbox", "not_a_box"))
    return Bounds(west=west, south=south, east=east, north=north)


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
