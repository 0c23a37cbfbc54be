"""The areas in use: the boundaries imported last, or approximate ones until then."""

import asyncio

from smartcity.city.model import City
from smartcity.errors import OutsideCity
from smartcity.geography.store import BoundaryStore
from smartcity.geography.units import Areas, Located


class CurrentAreas:
    """Areas that follow the database. Reading them costs nothing: they are always in memory."""

    def __init__(self, city: City, store: BoundaryStore) -> None:
        self._city = city
        self._store = store
        self._areas = Areas.from_pack(city)

    @property
    def areas(self) -> Areas:
        """The areas at this moment; hold on to them to see one version."""
        return self._areas

    @property
    def version(self) -> str | None:
        """The version of the boundaries; none while the areas are the pack's."""
        return self._areas.version

    async def refresh(self) -> bool:
        """Load what was imported since the last time; answers whether something was.

        The old areas stay in use until the new ones are built, in a thread.
        """
        version = await self._store.current_version()
        if version is None or version == self.version:
            return False
        # The pack may have lost a unit since the import; nothing must be found in it any more.
        known = [b for b in await self._store.load(version) if b.code in self._city.units]
        self._areas = await asyncio.to_thread(Areas.from_boundaries, known, version)
        return True

    def locate_or_refuse(self, lon: float, lat: float) -> Located:
        """The unit of a point. Raises `OutsideCity` with the city's bounds."""
        located = self._areas.locate(lon, lat)
        if located is None:
            bounds = self._city.bounds
            raise OutsideCity(
                west=bounds.west, south=bounds.south, east=bounds.east, north=bounds.north
            )
        return located
