"""In which unit a point lies."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from smartcity.city.model import Bounds, City
from smartcity.geography.boundaries import Boundary, larger_units
from smartcity.geography.nearest import NearestSites, Site
from smartcity.geography.polygons import PolygonGrid
from smartcity.geography.shapes import Geometry

WORLD = Bounds(west=-180, south=-90, east=180, north=90)

Find = Callable[[float, float], tuple[int, bool] | None]
"""lon, lat → the number of a unit and whether that is doubtful; none where there is no unit."""

Touch = Callable[[Geometry], Sequence[int]]
"""The numbers of the units that share a point with a shape."""


class Located(msgspec.Struct, frozen=True):
    """Where in the city a point lies.

    `unit` is none only in a city that has no units. `approximate`: the areas are not the true
    boundaries. `near_edge`: another unit is nearly as likely.
    """

    unit: str | None
    approximate: bool
    near_edge: bool


class Areas:
    """The areas of a city's units. Immutable: whoever holds one sees one version throughout."""

    def __init__(
        self,
        codes: Sequence[str],
        find: Find,
        touch: Touch,
        *,
        approximate: bool,
        within: Bounds = WORLD,
        elsewhere: Located | None = None,
        version: str | None = None,
    ) -> None:
        self.approximate = approximate
        self.version = version
        self._find = find
        self._touch = touch
        self._codes = tuple(codes)
        self._within = within
        self._elsewhere = elsewhere
        self._answers = [
            (Located(c, approximate, False), Located(c, approximate, True)) for c in codes
        ]

    @classmethod
    def from_pack(cls, city: City) -> "Areas":
        """Approximate areas: the nearest point of a unit, or of a former one now part of it."""
        sites = NearestSites(_sites(city))
        return cls(
            sites.codes,
            sites.find,
            lambda shape: sites.touching(shape, city.bounds),
            approximate=bool(sites.codes),
            within=city.bounds,
            elsewhere=None if sites.codes else Located(None, approximate=False, near_edge=False),
        )

    @classmethod
    def from_boundaries(cls, boundaries: Sequence[Boundary], version: str) -> "Areas":
        """The true areas. Takes half a second for a large city: build it in a thread."""
        # By code, so that a point on a border belongs to the unit with the smallest.
        in_order = sorted(boundaries, key=lambda boundary: boundary.code)
        grid = PolygonGrid([boundary.shape for boundary in in_order])
        codes = [boundary.code for boundary in in_order]
        return cls(codes, grid.find, grid.touching, approximate=False, version=version)

    def locate(self, lon: float, lat: float) -> Located | None:
        """The unit of a point; none outside the city. A few µs."""
        if not self._within.contains(lon, lat):
            return None
        found = self._find(lon, lat)
        if found is None:
            return self._elsewhere
        number, doubtful = found
        return self._answers[number][doubtful]

    def touching(self, shape: Geometry) -> list[str]:
        """The codes of the units that share a point with a shape."""
        return [self._codes[number] for number in self._touch(shape)]


def _sites(city: City) -> Iterator[Site]:
    smallest = city.units.keys() - larger_units(city)
    for code in smallest:
        yield code, city.units[code].lon, city.units[code].lat
    for former in city.former_units:
        if former.now and former.now[0] in smallest:
            yield former.now[0], former.lon, former.lat
