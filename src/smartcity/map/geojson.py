"""The same marks as GeoJSON (RFC 7946), for clients that draw no vector tiles."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

import msgspec

from smartcity.city.model import Bounds
from smartcity.geography.tiles import Tile, tile_at, to_lon_lat
from smartcity.map.model import Filters, Mark
from smartcity.map.pins import MARKS, PinIndex

TILES: Final = 4
"""An answer is put together from so many tiles at the most, so it has at most 1,600 features."""

FEATURES: Final = TILES * MARKS

DIGITS: Final = 6
"""Digits after the point of a degree: a step is 11 cm."""


class Wire(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """The form of a GeoJSON object."""


class MarkProperties(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a report is about; of a cluster of `count` reports, the commonest words in it."""

    status: str
    category: str
    field: str
    count: int | None = None


class PointGeometry(Wire, frozen=True, tag="Point"):
    """Longitude, latitude in WGS 84 degrees."""

    coordinates: tuple[float, float]


class Feature(Wire, frozen=True, tag="Feature"):
    """A report, with its `id`, or a cluster."""

    geometry: PointGeometry
    properties: MarkProperties
    id: UUID | None = None


class FeatureCollection(Wire, frozen=True, tag="FeatureCollection"):
    """`zoom` is the one that was drawn: lower than asked for where the box is too large for it."""

    features: tuple[Feature, ...]
    zoom: int


def feature_collection(
    pins: PinIndex, box: Bounds, zoom: int, filters: Filters
) -> FeatureCollection:
    """The marks whose point lies in the box, clustered as the tiles of the zoom are."""
    tiles = covering(box, zoom)
    features = tuple(
        feature
        for tile in tiles
        for feature in map(_feature, pins.marks(tile, filters))
        if box.contains(*feature.geometry.coordinates)
    )
    return FeatureCollection(features=features, zoom=tiles[0].z)


def covering(box: Bounds, zoom: int) -> list[Tile]:
    """The tiles that a box touches, of the highest zoom where they are no more than `TILES`."""
    first, last = tile_at(zoom, box.west, box.north), tile_at(zoom, box.east, box.south)
    while (last.x - first.x + 1) * (last.y - first.y + 1) > TILES:
        first, last = _above(first), _above(last)
    return list(_between(first, last))


def _above(tile: Tile) -> Tile:
    return Tile(tile.z - 1, tile.x >> 1, tile.y >> 1)


def _between(first: Tile, last: Tile) -> Iterator[Tile]:
    for y in range(first.y, last.y + 1):
        for x in range(first.x, last.x + 1):
            yield Tile(first.z, x, y)


def _feature(mark: Mark) -> Feature:
    lon, lat = to_lon_lat(mark.x, mark.y)
    return Feature(
        id=mark.id,
        geometry=PointGeometry(
            coordinates=(round(float(lon), DIGITS), round(float(lat), DIGITS)),
        ),
        properties=MarkProperties(
            status=mark.status,
            category=mark.category,
            field=mark.field,
            count=None if mark.id is not None else mark.count,
        ),
    )
