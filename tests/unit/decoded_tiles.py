# pyright: reportUnknownVariableType=false
"""Vector tiles as a client reads them."""

from typing import Any

from mapbox_vector_tile import decode


def layers(body: bytes) -> dict[str, Any]:
    """The layers of a tile by name; in each the y axis points up."""
    return decode(body)
