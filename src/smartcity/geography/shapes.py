# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
"""Polygons: the one adapter to shapely, which has no types. Degrees of WGS 84, lon before lat."""

import math
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry as Geometry

from smartcity.geography.distances import METRES_PER_DEGREE, Point, distance_m

Box = tuple[float, float, float, float]
"""west, south, east, north."""


CIRCLE_CORNERS: Final = 64

Column = NDArray[np.float64]


class ShapeError(ValueError):
    """What is given is not the shape it should be; the message says why."""


def from_geojson(text: bytes) -> Geometry:
    """Read a GeoJSON geometry. Raises `ShapeError`."""
    try:
        return shapely.from_geojson(text)
    except (shapely.errors.GEOSException, UnicodeDecodeError) as error:
        raise ShapeError(str(error)) from error


def from_wkb(data: bytes) -> Geometry:
    return shapely.from_wkb(data)


def to_wkb(shape: Geometry) -> bytes:
    return shapely.to_wkb(shape)


def ring(corners: Sequence[Point]) -> Geometry:
    """The polygon with these corners; the last is joined to the first."""
    return shapely.Polygon(corners)


def circle(centre: Point, radius_m: float) -> Geometry:
    """A polygon around everything within so many metres of a point: none of it lies outside."""
    lon, lat = centre
    up = radius_m / METRES_PER_DEGREE / math.cos(math.pi / CIRCLE_CORNERS)
    # At its end nearer to the pole a degree of longitude is the shortest.
    across = up / max(0.01, math.cos(math.radians(min(89.0, abs(lat) + up))))
    turns = [2 * math.pi * number / CIRCLE_CORNERS for number in range(CIRCLE_CORNERS)]
    return shapely.Polygon(
        [(lon + across * math.cos(turn), lat + up * math.sin(turn)) for turn in turns]
    )


def box(west: float, south: float, east: float, north: float) -> Geometry:
    return shapely.box(west, south, east, north)


def shrunk(shape: Geometry, share: float) -> Geometry:
    """The shape with its longitudes multiplied."""
    return shapely.transform(shape, lambda points: points * (share, 1.0))


def nearest_areas(sites: Sequence[Point], within: Geometry) -> list[Geometry]:
    """For each of these points, which all differ, what is nearer to it than to any other, as far as
    that lies in a shape (Voronoi).
    """
    if len(sites) == 1:
        return [within]
    cells = shapely.voronoi_polygons(shapely.MultiPoint(sites), extend_to=within, ordered=True)
    return [shapely.intersection(cell, within) for cell in shapely.get_parts(cells)]


def is_polygonal(shape: Geometry) -> bool:
    """Whether it is a polygon or several, and not empty."""
    return shape.geom_type in {"Polygon", "MultiPolygon"} and not shape.is_empty


def why_invalid(shape: Geometry) -> str | None:
    """What breaks the rules of OGC Simple Features, with the place; none if nothing does."""
    return None if shape.is_valid else str(shapely.is_valid_reason(shape))


def mended(shape: Geometry) -> Geometry:
    """A valid shape of the same lines; it may have become something else than polygons."""
    return shapely.make_valid(shape)


def vertices(shape: Geometry) -> int:
    return int(shapely.get_num_coordinates(shape))


def box_of(shapes: Sequence[Geometry]) -> Box:
    """The box around all of them; not-a-number for none."""
    if not shapes:
        return math.nan, math.nan, math.nan, math.nan
    west, south, east, north = shapely.total_bounds(np.array(shapes, dtype=object)).tolist()
    return west, south, east, north


def area_m2(shape: Geometry) -> float:
    """Its area, within 1 %: small shapes are flat."""
    if shape.is_empty:
        return 0.0
    shrunk = math.cos(math.radians(shape.centroid.y))
    return float(shape.area) * METRES_PER_DEGREE**2 * shrunk


def inner_point(shape: Geometry) -> Point:
    """Some point on it."""
    point = shape.representative_point()
    return float(point.x), float(point.y)


def overlaps(shapes: Sequence[Geometry]) -> list[tuple[int, int, Geometry]]:
    """Every two (first < second) that share some area, with what they share."""
    column = np.array(shapes, dtype=object)
    first, second = shapely.STRtree(column).query(column, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    shared = shapely.intersection(column[first], column[second])
    thick = shapely.area(shared) > 0
    return list(
        zip(first[thick].tolist(), second[thick].tolist(), shared[thick].tolist(), strict=True)
    )


def holes(shapes: Sequence[Geometry]) -> list[Geometry]:
    """What all of them together enclose and none of them covers."""
    parts = shapely.get_parts(shapely.union_all(np.array(shapes, dtype=object)))
    return [shapely.Polygon(ring) for part in parts for ring in part.interiors]


def touching(shape: Geometry, others: Sequence[Geometry]) -> list[int]:
    """Which of the others share a point with it."""
    return np.flatnonzero(shapely.intersects(np.array(others, dtype=object), shape)).tolist()


def prepare(shapes: Sequence[Geometry]) -> None:
    """Index their segments, so that `covers_point` is quick."""
    shapely.prepare(np.array(shapes, dtype=object))


def covers_point(shape: Geometry, lon: float, lat: float) -> bool:
    """Whether the point lies inside or on the border. 2 µs for a prepared shape."""
    return bool(shapely.intersects_xy(shape, lon, lat))


def distance_to_m(shape: Geometry, lon: float, lat: float) -> float:
    """How far the nearest of its points is; 0 inside."""
    line = shapely.shortest_line(shape, shapely.Point(lon, lat))
    (from_lon, from_lat), (to_lon, to_lat) = line.coords
    return distance_m((from_lon, from_lat), (to_lon, to_lat))


def boxes_meeting(
    boxes: tuple[Column, Column, Column, Column],
    shapes: Sequence[Geometry],
    how: Literal["intersects", "covers"],
) -> list[tuple[int, int]]:
    """The numbers of every shape and box where the shape meets the box so, in order.

    `boxes` are four columns: west, south, east, north.
    """
    west, south, east, north = boxes
    tree = shapely.STRtree(shapely.box(west, south, east, north))
    pairs = tree.query(np.array(shapes, dtype=object), predicate=how)
    return sorted(zip(*pairs.tolist(), strict=True))
