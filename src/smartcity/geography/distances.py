"""How far apart two points are."""

import math
from typing import Final

EARTH_RADIUS_M: Final = 6_371_008.8
"""The mean radius of the WGS 84 ellipsoid (IUGG)."""

METRES_PER_DEGREE: Final = math.radians(1) * EARTH_RADIUS_M
"""Along a meridian; along a parallel times the cosine of the latitude."""

Point = tuple[float, float]
"""lon, lat in WGS 84 degrees."""


def distance_m(a: Point, b: Point) -> float:
    """The great-circle distance (haversine) in metres, within 0.6 % of the ellipsoid's."""
    south, north = math.radians(a[1]), math.radians(b[1])
    across = math.sin(math.radians(b[0] - a[0]) / 2)
    along = math.sin((north - south) / 2)
    share = along * along + math.cos(south) * math.cos(north) * across * across
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(share)))
