"""Which of many polygons covers a point, quickly."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from smartcity.geography import shapes
from smartcity.geography.shapes import Column, Geometry

SIDE: Final = 256
"""Cells along each side of the grid. Measured with Hanoi's 126 units (133,037 vertices): 80 % of
points lie in a cell of one unit, and the grid is made in half a second; twice as many cells a side
cost three times that for 10 % more."""

HAIR: Final = 1e-9
"""Degrees (0.1 mm) by which cells overlap, so that rounding puts no point outside its own."""

REACH_M: Final = 30.0
"""How far into a gap between them the polygons reach."""


class PolygonGrid:
    """A grid over the polygons' box. A cell knows the polygon that covers it whole, or those to
    try.

    Immutable; its build is heavy and may run in a thread.
    """

    def __init__(self, polygons: Sequence[Geometry]) -> None:
        self._polygons = tuple(polygons)
        self._gaps = tuple(shapes.holes(polygons))
        self._beside = [shapes.touching(gap, polygons) for gap in self._gaps]
        self._every = self._polygons + self._gaps
        shapes.prepare(self._every)
        self._west, self._south, self._east, self._north = shapes.box_of(polygons)
        self._per_lon = SIDE / (self._east - self._west)
        self._per_lat = SIDE / (self._north - self._south)
        self._cells = self._fill()

    def find(self, lon: float, lat: float) -> tuple[int, bool] | None:
        """The first polygon that covers the point, and whether it only reaches it over a gap."""
        if not (self._west <= lon <= self._east and self._south <= lat <= self._north):
            return None
        column = min(int((lon - self._west) * self._per_lon), SIDE - 1)
        row = min(int((lat - self._south) * self._per_lat), SIDE - 1)
        cell = self._cells[row * SIDE + column]
        if isinstance(cell, int):
            return cell, False
        for number in cell:
            if shapes.covers_point(self._every[number], lon, lat):
                if number < len(self._polygons):
                    return number, False
                return self._over_gap(number - len(self._polygons), lon, lat)
        return None

    def touching(self, shape: Geometry) -> list[int]:
        """The polygons that share a point with a shape."""
        return shapes.touching(shape, self._polygons)

    def _over_gap(self, gap: int, lon: float, lat: float) -> tuple[int, bool] | None:
        """The nearest polygon around a gap, if it is near enough."""
        nearest = min(
            (shapes.distance_to_m(self._polygons[number], lon, lat), number)
            for number in self._beside[gap]
        )
        return (nearest[1], True) if nearest[0] <= REACH_M else None

    def _fill(self) -> list[int | tuple[int, ...]]:
        """For each cell: the one polygon that covers it, or those (and gaps) to try in order."""
        to_try: list[list[int]] = [[] for _ in range(SIDE * SIDE)]
        boxes = self._boxes()
        for number, cell in shapes.boxes_meeting(boxes, self._every, "intersects"):
            to_try[cell].append(number)
        cells: list[int | tuple[int, ...]] = [tuple(numbers) for numbers in to_try]
        for number, cell in shapes.boxes_meeting(boxes, self._polygons, "covers"):
            # Another polygon may reach into the cell; only the first of all decides it.
            if to_try[cell][0] == number:
                cells[cell] = number
        return cells

    def _boxes(self) -> tuple[Column, Column, Column, Column]:
        """The cells' west, south, east and north, row by row."""
        column, row = np.tile(np.arange(SIDE), SIDE), np.repeat(np.arange(SIDE), SIDE)
        return (
            self._west + column / self._per_lon - HAIR,
            self._south + row / self._per_lat - HAIR,
            self._west + (column + 1) / self._per_lon + HAIR,
            self._south + (row + 1) / self._per_lat + HAIR,
        )
