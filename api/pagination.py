"""Cursors: where the next page begins, opaque to the caller and checked when it comes back."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import msgspec
from litestar.params import QueryParameter

from smartcity.errors import BadCursor

Position = TypeVar("Position")
Item = TypeVar("Item")

Cursor = Annotated[
    str | None,
    QueryParameter(max_length=400, description="`next_cursor` of the page before."),
]
Limit = Annotated[int, QueryParameter(ge=1, le=100, description="Items on the page.")]


def encode_cursor(position: Any) -> str:
    """A position as text."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(position)).decode().rstrip("=")


def decode_cursor(cursor: str | None, kind: type[Position]) -> Position | None:
    """The position that a cursor stands for. Raises `BadCursor` for one that we did not write."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        position = msgspec.msgpack.decode(base64.urlsafe_b64decode(padded), type=kind)
        ours = encode_cursor(position) == cursor
    except (binascii.Error, OverflowError, ValueError, msgspec.MsgspecError) as error:
        raise BadCursor from error
    if not ours:
        raise BadCursor
    return position


def page_of(found: Sequence[Item], limit: int) -> tuple[Sequence[Item], bool]:
    """One item more than the page was asked for; answers the page, and whether there is another."""
    return found[:limit], len(found) > limit
