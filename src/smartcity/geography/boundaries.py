"""Boundaries of a city's units from a GeoJSON file (RFC 7946), read and checked."""

import gzip
import io
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from smartcity.city.model import Bounds, City
from smartcity.geography import shapes
from smartcity.geography.shapes import Geometry

FILE_BYTES: Final = 128 * 1024 * 1024
"""A file, unpacked, at the most."""

UNIT_VERTICES: Final = 500_000
"""One unit, at the most: 8 MB, which the database still takes as one document."""

SLIVER_M2: Final = 900.0
"""Gaps and overlaps below this come from rounding and simplifying, and move nobody further than
`polygons.REACH_M`, its root."""


class Boundary(msgspec.Struct, frozen=True):
    """The area of one unit: polygons in WGS 84 degrees."""

    code: str
    shape: Geometry


class Flaw(msgspec.Struct, frozen=True):
    """Where boundaries do not meet: an overlap of two units or a gap among several."""

    kind: Literal["overlap", "gap"]
    units: tuple[str, ...]
    area_m2: float
    lon: float
    lat: float

    def __str__(self) -> str:
        between = ", ".join(self.units)
        at = f"{self.lat:.6f}, {self.lon:.6f}"
        return f"{self.kind} of {self.area_m2:,.1f} m² between {between} at {at}"


class Survey(msgspec.Struct, frozen=True):
    """A file that was accepted: the boundaries by code, and what was found and tolerated."""

    boundaries: tuple[Boundary, ...]
    slivers: tuple[Flaw, ...] = ()
    mended: tuple[str, ...] = ()
    """Units whose shape broke the rules (say, a border that crosses itself) and was put right."""


class BoundaryError(Exception):
    """A file that cannot be taken, with every mistake in it."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class _Feature(msgspec.Struct):
    geometry: msgspec.Raw = msgspec.Raw(b"null")
    properties: Mapping[str, Any] | None = None
    id: str | int | None = None


class _Collection(msgspec.Struct, tag_field="type", tag="FeatureCollection"):
    features: list[_Feature]


def larger_units(city: City) -> frozenset[str]:
    """The codes of units that are made of others; points belong to the smallest."""
    return frozenset(unit.parent for unit in city.units.values() if unit.parent is not None)


def read_boundaries(file: Path, city: City, sliver_m2: float = SLIVER_M2) -> Survey:
    """Read the boundaries of all the smallest units. Raises `BoundaryError` with every mistake.

    A feature's code is its property `code`, or else its `id`. Larger units are left out: they are
    the sum of those in them. Gaps and overlaps below `sliver_m2` are tolerated.
    """
    larger = larger_units(city)
    wanted = [code for code in city.units if code not in larger]
    features = [(c, f) for c, f in _features(file) if c not in larger]
    mistakes = list(_wrong_codes([code for code, _ in features], wanted))
    boundaries: list[Boundary] = []
    mended: list[str] = []
    for code, feature in features:
        if code not in city.units:
            continue
        try:
            shape, was_valid = _shape(feature, city.bounds)
        except shapes.ShapeError as error:
            mistakes.append(f"{code}: {error}")
            continue
        boundaries.append(Boundary(code, shape))
        if not was_valid:
            mended.append(code)
    boundaries.sort(key=lambda boundary: boundary.code)
    flaws = [*_overlaps(boundaries), *_gaps(boundaries)]
    mistakes += [str(flaw) for flaw in flaws if flaw.area_m2 >= sliver_m2]
    if mistakes:
        raise BoundaryError(mistakes)
    return Survey(tuple(boundaries), tuple(flaws), tuple(mended))


def _features(file: Path) -> list[tuple[str, _Feature]]:
    """The file's features with their codes."""
    try:
        collection = msgspec.json.decode(_unpacked(file), type=_Collection)
    except (OSError, EOFError, msgspec.DecodeError) as error:
        raise BoundaryError([f"{file.name}: {error}"]) from error
    return [(_code(feature), feature) for feature in collection.features]


def _unpacked(file: Path) -> bytes:
    with file.open("rb") as opened:
        packed = opened.peek(2)[:2] == b"\x1f\x8b"
        source: io.BufferedIOBase = gzip.GzipFile(fileobj=opened) if packed else opened
        content = source.read(FILE_BYTES + 1)
    if len(content) > FILE_BYTES:
        raise BoundaryError([f"{file.name}: more than {FILE_BYTES:,} bytes"])
    return content


def _code(feature: _Feature) -> str:
    given = (feature.properties or {}).get("code", feature.id)
    return "" if given is None else str(given)


def _wrong_codes(codes: Sequence[str], wanted: Sequence[str]) -> Iterator[str]:
    """What is wrong with the set of codes as a whole."""
    for code, times in Counter(codes).items():
        if not code:
            yield f"{times} features without a code"
        elif code not in wanted:
            yield f"{code}: not a unit of this city"
        elif times > 1:
            yield f"{code}: {times} features, instead of one with several polygons"
    for code in wanted:
        if code not in codes:
            yield f"{code}: no boundary"


def _shape(feature: _Feature, bounds: Bounds) -> tuple[Geometry, bool]:
    """A feature's valid shape, and whether it was valid as it stood. Raises `ShapeError`."""
    shape = shapes.from_geojson(bytes(feature.geometry))
    if not shapes.is_polygonal(shape):
        raise shapes.ShapeError("not a polygon")
    if shapes.vertices(shape) > UNIT_VERTICES:
        raise shapes.ShapeError(f"more than {UNIT_VERTICES:,} vertices")
    west, south, east, north = box = shapes.box_of([shape])
    if not all(map(math.isfinite, box)) or west < -180 or south < -90 or east > 180 or north > 90:
        raise shapes.ShapeError("coordinates that are no degrees of WGS 84")
    if east < bounds.west or west > bounds.east or north < bounds.south or south > bounds.north:
        raise shapes.ShapeError("outside the city's bounds (are lon and lat in this order?)")
    why = shapes.why_invalid(shape)
    if why is None:
        return shape, True
    better = shapes.mended(shape)
    if not shapes.is_polygonal(better):
        raise shapes.ShapeError(why)
    return better, False


def _overlaps(boundaries: Sequence[Boundary]) -> Iterator[Flaw]:
    for first, second, shared in shapes.overlaps([boundary.shape for boundary in boundaries]):
        units = (boundaries[first].code, boundaries[second].code)
        yield Flaw("overlap", units, shapes.area_m2(shared), *shapes.inner_point(shared))


def _gaps(boundaries: Sequence[Boundary]) -> Iterator[Flaw]:
    every = [boundary.shape for boundary in boundaries]
    for gap in shapes.holes(every):
        units = tuple(boundaries[number].code for number in shapes.touching(gap, every))
        yield Flaw("gap", units, shapes.area_m2(gap), *shapes.inner_point(gap))
