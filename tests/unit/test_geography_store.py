import pytest

from smartcity.errors import NotFound, OutsideCity
from smartcity.geography.boundaries import Boundary
from smartcity.geography.current import CurrentAreas
from smartcity.geography.shapes import to_wkb
from smartcity.geography.store import BoundaryStore
from smartcity.geography.units import Located
from smartcity.storage.mongo import Database
from tests.unit.small_cities import boundary, rectangle, small_city, unit

pytestmark = pytest.mark.anyio

HALVES = [boundary("1", rectangle(0, 0, 0.5, 1)), boundary("2", rectangle(0.5, 0, 1, 1))]
SLICES = [boundary("1", rectangle(0, 0, 0.1, 1)), boundary("2", rectangle(0.1, 0, 1, 1))]
CITY = small_city([unit("1", 0.25, 0.5), unit("2", 0.75, 0.5)])


def encoded(boundaries: list[Boundary]) -> list[tuple[str, bytes]]:
    return [(b.code, to_wkb(b.shape)) for b in boundaries]


async def test_boundaries_come_back_as_they_were_saved_and_old_ones_are_kept(
    database: Database,
) -> None:
    store = BoundaryStore(database)
    assert await store.current_version() is None
    first = await store.save(list(reversed(HALVES)), "halves.geojson")
    second = await store.save(SLICES, "slices.geojson")
    assert await store.current_version() == second
    assert encoded(await store.load(second)) == encoded(SLICES)
    assert encoded(await store.load(first)) == encoded(HALVES)


async def test_the_same_boundaries_again_are_the_same_version(database: Database) -> None:
    store = BoundaryStore(database)
    first = await store.save(HALVES, "halves.geojson")
    second = await store.save(SLICES, "slices.geojson")
    assert await store.save(list(reversed(HALVES)), "again.geojson") == first != second
    assert await store.current_version() == first
    assert await database["boundaries"].count_documents({}) == 4


async def test_half_an_import_is_never_seen_and_repeating_completes_it(database: Database) -> None:
    store = BoundaryStore(database)
    old = await store.save(SLICES, "slices.geojson")
    new = await store.save(HALVES, "halves.geojson")
    # As after a death in the middle of the second import.
    await database["boundary_versions"].delete_one({"_id": new})
    await database["boundary_versions"].update_one({"_id": "current"}, {"$set": {"version": old}})
    await database["boundaries"].delete_one({"_id": f"{new}:2"})
    assert await store.current_version() == old
    assert await store.save(HALVES, "halves.geojson") == new
    assert encoded(await store.load(new)) == encoded(HALVES)


async def test_a_version_that_was_never_imported_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        await BoundaryStore(database).load("none")


async def test_areas_are_approximate_until_boundaries_are_imported_and_then_follow_them(
    database: Database,
) -> None:
    store = BoundaryStore(database)
    current = CurrentAreas(CITY, store)
    assert not await current.refresh()
    assert current.version is None
    assert current.locate_or_refuse(0.3, 0.5) == Located("1", approximate=True, near_edge=False)
    held = current.areas
    version = await store.save(SLICES, "slices.geojson")
    assert await current.refresh()
    assert current.version == version
    assert current.locate_or_refuse(0.3, 0.5) == Located("2", approximate=False, near_edge=False)
    assert held.locate(0.3, 0.5) == Located("1", approximate=True, near_edge=False)
    assert not await current.refresh()


async def test_a_unit_that_the_city_no_longer_has_is_not_found_in_old_boundaries(
    database: Database,
) -> None:
    store = BoundaryStore(database)
    await store.save(HALVES, "halves.geojson")
    current = CurrentAreas(small_city([unit("1", 0.25, 0.5)]), store)
    await current.refresh()
    assert current.areas.locate(0.25, 0.5) is not None
    assert current.areas.locate(0.75, 0.5) is None


async def test_a_point_outside_the_city_is_refused_with_the_citys_bounds(
    database: Database,
) -> None:
    current = CurrentAreas(CITY, BoundaryStore(database))
    with pytest.raises(OutsideCity) as caught:
        current.locate_or_refuse(2.0, 0.5)
    assert caught.value.details == {"west": 0, "south": 0, "east": 1, "north": 1}
