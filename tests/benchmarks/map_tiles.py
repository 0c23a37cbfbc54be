"""The map with a million pins: how long a tile takes, and what the columns weigh.

`python -m tests.benchmarks.map_tiles` prints what `measure` returns.
"""

import asyncio
import json
import random
import resource
import sys
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from smartcity.geography.tiles import Tile, tile_at
from smartcity.identifiers import new_id
from smartcity.map.model import Filters, Pin
from smartcity.map.pins import SORT_AT, PinIndex
from smartcity.map.tiles import MapTiles
from smartcity.statistics.facts import Facts, When
from smartcity.statistics.tally import rows

PINS = 1_000_000
TILES_PER_ZOOM = 60
START = datetime(2026, 1, 1, tzinfo=UTC)
STATUSES = ("submitted", "received", "in_progress", "waiting", "resolved", "rejected", "closed")
CATEGORIES = tuple((f"category_{number}", f"field_{number % 8}") for number in range(40))
CENTRES = ((105.85, 21.03, 0.03), (105.78, 21.03, 0.04), (105.80, 20.98, 0.05), (105.7, 21.0, 0.2))


class Synthetic:
    """So many reports, most of them in a dense centre and some far out, as in a city."""

    def __init__(self, count: int, seed: int = 1) -> None:
        self._count = count
        self._random = random.Random(seed)

    async def pins(self) -> AsyncIterator[Sequence[Pin]]:
        for _ in range(self._count // 5_000):
            yield [self.pin() for _ in range(5_000)]

    async def batch(self, batch: UUID) -> AsyncIterator[Sequence[Pin]]:
        raise KeyError(batch)
        yield

    def pin(self) -> Pin:
        draw = self._random
        lon, lat, spread = draw.choice(CENTRES)
        category, field = draw.choice(CATEGORIES)
        status = draw.choice(STATUSES)
        submitted = START + timedelta(minutes=draw.randrange(250_000))
        return Pin(
            id=new_id(),
            version=1,
            status=status,
            category=category,
            field=field,
            agency=f"agency_{draw.randrange(140)}",
            unit=f"{draw.randrange(126):05}",
            lon=draw.gauss(lon, spread),
            lat=draw.gauss(lat, spread),
            public=status != "submitted",
            submitted_at=submitted,
            received_at=submitted + timedelta(hours=5),
            finished_at=submitted + timedelta(hours=draw.randrange(200)),
            receive_by=submitted + timedelta(hours=8),
            due_at=submitted + timedelta(hours=80),
            risk_at=submitted + timedelta(hours=60),
            first_resolve_by=submitted + timedelta(hours=80),
        )


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def measure(pins: int = PINS) -> dict[str, Any]:
    """Milliseconds of an uncached tile by zoom, tiles a second from the cache, megabytes."""
    return asyncio.run(_measure(pins))


async def _measure(count: int) -> dict[str, Any]:
    source = Synthetic(count)
    before_mb = resident_mb()
    index = PinIndex(source)
    started = time.perf_counter()
    await index.load()
    loaded_s = time.perf_counter() - started
    loaded_mb = resident_mb()
    put_us = _timed_puts(index, [source.pin() for _ in range(SORT_AT - 1)])
    started = time.perf_counter()
    await index.sort()
    sorted_s = time.perf_counter() - started
    _timed_puts(index, [source.pin() for _ in range(SORT_AT - 1)])  # a full tail to look through
    filtered = Filters(fields=frozenset({"field_1", "field_2"}))
    return {
        "pins": len(index),
        "load_s": round(loaded_s, 1),
        "put_us": round(put_us, 1),
        "sort_s": round(sorted_s, 2),
        "resident_mb": round(resident_mb()),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
        "bytes_per_pin": round((loaded_mb - before_mb) * 1e6 / count),
        "uncached_ms": _uncached(index, Filters()),
        "uncached_filtered_ms": _uncached(index, filtered),
        "cached_per_s": _cached(index),
        "overview_ms": _overview(index),
    }


def _timed_puts(index: PinIndex, pins: Sequence[Pin]) -> float:
    started = time.perf_counter()
    for pin in pins:
        index.put([pin])
    return (time.perf_counter() - started) / len(pins) * 1e6


def _uncached(index: PinIndex, filters: Filters) -> dict[str, Any]:
    """The tiles that people look at: each holds the place of some report."""
    source = Synthetic(0, seed=2)
    by_zoom: dict[str, Any] = {}
    every: list[float] = []
    for zoom in range(5, 21):
        times: list[float] = []
        for _ in range(TILES_PER_ZOOM):
            pin = source.pin()
            assert pin.lon is not None
            assert pin.lat is not None
            tile = tile_at(zoom, pin.lon, pin.lat)
            fresh = MapTiles(index)
            started = time.perf_counter()
            fresh.tile(tile, filters)
            times.append((time.perf_counter() - started) * 1e3)
        every += times
        by_zoom[str(zoom)] = _percentiles(times)
    return by_zoom | {"all": _percentiles(every)}


def _percentiles(times: Sequence[float]) -> dict[str, float]:
    p50, p99 = np.percentile(times, (50, 99))
    return {"p50": round(float(p50), 2), "p99": round(float(p99), 2)}


def _cached(index: PinIndex) -> int:
    tiles = MapTiles(index)
    tiles.tile(Tile(0, 0, 0), Filters())
    started = time.perf_counter()
    for _ in range(20_000):
        tiles.tile(Tile(0, 0, 0), Filters())
    return round(20_000 / (time.perf_counter() - started))


def _overview(index: PinIndex) -> int:
    """All figures of every agency, as a thread counts them."""
    when = When(datetime(2026, 6, 1, tzinfo=UTC), 30)
    started = time.perf_counter()
    tables = index.rows()
    rows([Facts(table, "agency", when) for table in tables], tables[0].words("agency"))
    return round((time.perf_counter() - started) * 1e3)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(), indent=1) + "\n")
