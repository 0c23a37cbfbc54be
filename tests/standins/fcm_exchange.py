"""A request to the stand-in for FCM and its answer, whichever way they go."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

WAITING: Final = 4096
"""So many connections may wait to be taken, and requests to be answered."""

JSON: Final = ("content-type", "application/json")


class Request(msgspec.Struct, frozen=True):
    """What came in. `authorization` is empty where none was given; `http` is the version."""

    method: str
    path: str
    query: str
    authorization: str
    http: str
    body: bytes


class Answer(msgspec.Struct, frozen=True):
    """What is answered with."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


Answering = Callable[[Request], Awaitable[Answer | None]]
"""None: the connection breaks in the middle of the answer."""

CUT_OFF: Final = Answer(200, b"{")
"""One byte more is promised than comes."""


def in_json(value: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status, msgspec.json.encode(value), tuple(headers.items()))
