"""Vector tiles of the reports that everybody may see."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec
import numpy as np

from smartcity.geography.tiles import Tile
from smartcity.map.model import Filters, Mark
from smartcity.map.mvt import Point, Property, encode_points
from smartcity.map.pins import PinIndex

LAYER: Final = "reports"

MAX_ZOOM: Final = 20

FRESH_S: Final = 2.0
"""A tile is not drawn anew sooner, however much happens in the city."""

CACHE_BYTES: Final = 16_000_000

ENTRY_BYTES: Final = 700
"""What a kept tile takes beside its content and the words of its filters."""

WORD_BYTES: Final = 150


class EncodedTile(msgspec.Struct, frozen=True):
    """A tile as it is sent. `etag` is strong: it names the content."""

    body: bytes
    etag: str


class _Kept(msgspec.Struct, frozen=True):
    tile: EncodedTile
    revision: int
    until: float
    weight: int


class MapTiles:
    """Draws tiles and keeps those that were asked for last."""

    def __init__(
        self,
        pins: PinIndex,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._pins = pins
        self._monotonic = monotonic
        self._cache_bytes = cache_bytes
        self._kept: OrderedDict[tuple[Tile, Filters], _Kept] = OrderedDict()
        self._bytes = 0

    def tile(self, tile: Tile, filters: Filters) -> EncodedTile:
        """A tile that exists, at most `FRESH_S` old."""
        key = (tile, filters)
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            if kept.revision == self._pins.revision or self._monotonic() < kept.until:
                return kept.tile
            self._forget(key)
        revision = self._pins.revision
        body = encode_points(LAYER, _points(tile, self._pins.marks(tile, filters)))
        encoded = EncodedTile(body, f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"')
        weight = len(body) + ENTRY_BYTES + WORD_BYTES * filters.size
        self._keep(key, _Kept(encoded, revision, self._monotonic() + FRESH_S, weight))
        return encoded

    def _keep(self, key: tuple[Tile, Filters], kept: _Kept) -> None:
        self._kept[key] = kept
        self._bytes += kept.weight
        while self._bytes > self._cache_bytes:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: tuple[Tile, Filters]) -> None:
        self._bytes -= self._kept.pop(key).weight


def _points(tile: Tile, marks: Iterable[Mark]) -> Iterator[Point]:
    marks = list(marks)
    xs = np.array([mark.x for mark in marks], np.uint32)
    ys = np.array([mark.y for mark in marks], np.uint32)
    right, down = tile.pixels(xs, ys)
    for mark, x, y in zip(marks, right.tolist(), down.tolist(), strict=True):
        yield x, y, properties(mark)


def properties(mark: Mark) -> dict[str, Property]:
    """What a client is told of a mark: a report has an `id`, a cluster a `count`."""
    words: dict[str, Property] = {
        "status": mark.status,
        "category": mark.category,
        "field": mark.field,
    }
    return words | ({"count": mark.count} if mark.id is None else {"id": str(mark.id)})
