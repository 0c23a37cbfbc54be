"""The public map: where reports are and how they stand, for everybody."""

from typing import Annotated, Final

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from api.searches import Codes, parse_bbox
from smartcity.errors import FieldError, Invalid
from smartcity.geography.tiles import Tile
from smartcity.map.geojson import FeatureCollection, feature_collection
from smartcity.map.model import Filters
from smartcity.map.pins import PinIndex
from smartcity.map.tiles import MAX_ZOOM, MapTiles

MVT: Final = "application/vnd.mapbox-vector-tile"
GEOJSON: Final = "application/geo+json"

FOR_A_MOMENT: Final = {"Cache-Control": "public, max-age=5"}

Zoom = Annotated[int, PathParameter(ge=0, le=MAX_ZOOM)]
Column = Annotated[int, PathParameter(ge=0, lt=1 << MAX_ZOOM)]
Row = Annotated[
    str,  # Litestar's paths have no parameter with a suffix
    PathParameter(pattern=r"^[0-9]{1,7}\.mvt$", description="The row and `.mvt`, as `7203.mvt`."),
]
Box = Annotated[
    str, QueryParameter(max_length=100, description="west,south,east,north in degrees.")
]


class MapController(Controller):
    path = "/v1/map"
    tags = ("Map",)

    @get("/tiles/{z:int}/{x:int}/{y:str}", operation_id="GetTile", media_type=MVT)
    async def tile(
        self,
        z: Zoom,
        x: Column,
        y: Row,
        tiles: NamedDependency[MapTiles],
        status: Codes = None,
        category: Codes = None,
        field: Codes = None,
    ) -> Response[bytes]:
        """Draw a vector tile (XYZ scheme) of the layer `reports`: 400 points at the most.

        A report has `id`, `status`, `category`, `field`; a cluster has a `count` and the commonest
        words. Up to zoom 10 there are clusters only. The tiles of a zoom count every report once.
        """
        drawn = tiles.tile(_tile(z, x, y), _filters(status, category, field))
        return Response(drawn.body, media_type=MVT, headers=FOR_A_MOMENT | {"ETag": drawn.etag})

    @get("/reports.geojson", operation_id="GetReportsGeoJson", media_type=GEOJSON)
    async def reports(
        self,
        bbox: Box,
        pins: NamedDependency[PinIndex],
        zoom: Annotated[int, QueryParameter(ge=0, le=MAX_ZOOM)] = MAX_ZOOM,
        status: Codes = None,
        category: Codes = None,
        field: Codes = None,
    ) -> Response[FeatureCollection]:
        """List what the tiles of a zoom show in a box, as GeoJSON (RFC 7946).

        Without a `zoom`, or with one too high for the box, the highest that fits is taken; the
        answer names it and has 1,600 features at the most.
        """
        filters = _filters(status, category, field)
        found = feature_collection(pins, parse_bbox(bbox), zoom, filters)
        return Response(found, media_type=GEOJSON, headers=FOR_A_MOMENT)


def _tile(z: int, x: int, y: str) -> Tile:
    """Raises `Invalid` for one that its zoom does not have."""
    row = int(y.partition(".")[0])
    beyond = [FieldError(name, "range") for name, n in (("x", x), ("y", row)) if n >= 1 << z]
    if beyond:
        raise Invalid(*beyond)
    return Tile(z, x, row)


def _filters(
    status: list[str] | None, category: list[str] | None, field: list[str] | None
) -> Filters:
    return Filters(frozenset(status or ()), frozenset(category or ()), frozenset(field or ()))
