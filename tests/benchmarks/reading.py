"""What is only read: dossiers and the map."""

import itertools
from collections.abc import AsyncIterator
from typing import Final

from smartcity.geography.tiles import tile_at
from smartcity.reports.store import COLLECTION
from smartcity.storage.mongo import Database
from tests.benchmarks.bare import BARE
from tests.benchmarks.bench import Bench, Rows
from tests.benchmarks.load import each, one_by_one
from tests.benchmarks.requests import request
from tests.benchmarks.table import cost, floor, rate, times

ZOOMS: Final = range(9, 18)
TILES: Final = 1000


async def dossiers(bench: Bench) -> Rows:
    bare = bench.database[BARE]
    template = await bare.find_one({}, {"_id": 1})
    assert template is not None, "the population has made it"
    driver = await bench.driver(lambda: bare.find_one(template))
    yield floor("driver, find one", driver)
    find = each(itertools.repeat(request("GET", f"/documents/{template['_id']}")))
    both = await bench.floor(find)

    bodies = itertools.cycle(bench.people.lookups)
    load = each(request("POST", "/v1/dossiers/lookup", body) for body in bodies)
    full = await bench.full(load)
    yield rate("look up a dossier", full, both)
    yield cost(full, both)
    bare_half = await bench.floor_half(find, full)
    yield times("  at half that load", await bench.half(load, full), bare_half, p99_ms=10)


async def tiles(bench: Bench) -> Rows:
    framework = await bench.floor(each(itertools.repeat(request("GET", "/tile"))))
    asks = [ask async for ask in _tiles(bench.database)]
    yield times("map tile, not cached", await one_by_one(bench.system[0], asks), p99_ms=10)
    full = await bench.full(each(itertools.repeat(asks[0])))
    yield rate("map tile, cached", full, framework, share=0.6)
    yield cost(full, framework)


async def _tiles(database: Database) -> AsyncIterator[bytes]:
    """Each once, and somewhere in it a report."""
    asked: set[str] = set()
    async for report in database[COLLECTION].find({}, {"place": 1}).limit(TILES):
        for zoom in ZOOMS:
            tile = tile_at(zoom, report["place"]["lon"], report["place"]["lat"])
            path = f"/v1/map/tiles/{tile.z}/{tile.x}/{tile.y}.mvt"
            if path not in asked and len(asked) < TILES:
                asked.add(path)
                yield request("GET", path)
