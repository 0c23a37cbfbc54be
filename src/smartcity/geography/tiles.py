"""Web-Mercator tile arithmetic over numpy columns.

World coordinates are integers: x grows eastwards from longitude -180, y southwards from the
northern edge of the projection, both 0 … 2**32 - 1 (at the equator a step is 9 mm). A tile
(z, x, y) is then a prefix: the top z bits of both. A Morton code interleaves the two, so that the
points of a tile are one run of a column sorted by code.
"""

import math
from typing import Final

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from smartcity.city.model import Bounds

World = NDArray[np.uint32]
Codes = NDArray[np.uint64]

WORLD_BITS: Final = 32
WORLD: Final = 1 << WORLD_BITS
EXTENT: Final = 4096
"""Pixels along the side of a vector tile (MVT 2.1)."""

MAX_LATITUDE: Final = math.degrees(math.atan(math.sinh(math.pi)))
"""Where the projection's square ends; points beyond are drawn on its edge."""

_SPREAD: Final = (
    (np.uint64(16), np.uint64(0x0000FFFF0000FFFF)),
    (np.uint64(8), np.uint64(0x00FF00FF00FF00FF)),
    (np.uint64(4), np.uint64(0x0F0F0F0F0F0F0F0F)),
    (np.uint64(2), np.uint64(0x3333333333333333)),
    (np.uint64(1), np.uint64(0x5555555555555555)),
)
"""Halving steps that move bit n of 32 to bit 2n of 64: shift, then keep."""


def to_world(lon: ArrayLike, lat: ArrayLike) -> tuple[World, World]:
    """World coordinates (x, y) of WGS 84 degrees; what lies outside the square goes to its edge."""
    radians = np.radians(np.clip(np.asarray(lat, np.float64), -MAX_LATITUDE, MAX_LATITUDE))
    x = np.asarray(lon, np.float64) / 360 + 0.5
    y = 0.5 - np.arcsinh(np.tan(radians)) / (2 * math.pi)
    return _steps(x), _steps(y)


def to_lon_lat(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Degrees (lon, lat) of the north-western corner of world coordinates."""
    lon = (np.asarray(x, np.float64) / WORLD - 0.5) * 360
    lat = np.degrees(np.arctan(np.sinh((0.5 - np.asarray(y, np.float64) / WORLD) * 2 * math.pi)))
    return lon, lat


def interleave(x: World, y: World) -> Codes:
    """Morton codes: bit n of x at bit 2n, bit n of y at bit 2n + 1."""
    return _spread(x) | (_spread(y) << np.uint64(1))


def deinterleave(codes: Codes) -> tuple[World, World]:
    """The world coordinates (x, y) of Morton codes."""
    return _gather(codes), _gather(codes >> np.uint64(1))


class Tile(msgspec.Struct, frozen=True):
    """One tile of the XYZ scheme (y grows southwards). `exists` says whether there is such a one;
    everything else relies on it.
    """

    z: int
    x: int
    y: int

    @property
    def exists(self) -> bool:
        return 0 <= self.z < WORLD_BITS and all(0 <= n < 1 << self.z for n in (self.x, self.y))

    @property
    def side(self) -> int:
        """Its width and height in world coordinates, a power of two."""
        return 1 << (WORLD_BITS - self.z)

    def morton_range(self) -> tuple[np.uint64, np.uint64]:
        """The first and the last (inclusive) Morton code of its points.

        Numpy's own integers: a Python one would turn a search among uint64 into one of floats.
        """
        corner = np.array([self.x * self.side, self.y * self.side], np.uint32)
        first = int(interleave(corner[:1], corner[1:])[0])
        return np.uint64(first), np.uint64(first + self.side * self.side - 1)

    def run_in(self, codes: Codes) -> slice:
        """Where its points stand in a sorted column of codes."""
        first, last = self.morton_range()
        start, stop = codes.searchsorted(first, "left"), codes.searchsorted(last, "right")
        return slice(int(start), int(stop))

    def bounds(self) -> Bounds:
        """Its box in degrees."""
        west, north = to_lon_lat(self.x * self.side, self.y * self.side)
        east, south = to_lon_lat((self.x + 1) * self.side, (self.y + 1) * self.side)
        return Bounds(west=float(west), south=float(south), east=float(east), north=float(north))

    def pixels(
        self, x: World, y: World, extent: int = EXTENT
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pixel coordinates (right, down) of world coordinates: 0 … extent - 1 inside the tile,
        below or above that beside it.
        """
        right = (x.astype(np.int64) - self.x * self.side) * extent // self.side
        down = (y.astype(np.int64) - self.y * self.side) * extent // self.side
        return right, down


def tile_at(z: int, lon: float, lat: float) -> Tile:
    """The tile of a zoom that a point lies in."""
    x, y = to_world(lon, lat)
    shift = WORLD_BITS - z
    return Tile(z, int(x) >> shift, int(y) >> shift)


def _steps(share: NDArray[np.float64]) -> World:
    """Shares of the world's side as whole steps."""
    return np.clip(np.floor(share * WORLD), 0, WORLD - 1).astype(np.uint32)


def _spread(values: World) -> Codes:
    """The bits of each value with a zero before each."""
    wide = values.astype(np.uint64)
    for shift, mask in _SPREAD:
        wide = (wide | (wide << shift)) & mask
    return wide


def _gather(codes: Codes) -> World:
    """Every second bit of each code, put together: undoes `_spread`."""
    wide = codes & _SPREAD[-1][1]
    for (shift, _), (_, mask) in zip(reversed(_SPREAD), reversed(_SPREAD[:-1]), strict=False):
        wide = (wide | (wide >> shift)) & mask
    return ((wide | (wide >> _SPREAD[0][0])) & np.uint64(WORLD - 1)).astype(np.uint32)
