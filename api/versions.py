"""Things that several people change: how a request names the version that it saw, and how an answer
tells the one that there is.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec
from litestar import Response
from litestar.params import HeaderParameter

from api.languages import said_in
from smartcity.errors import FieldError, Invalid
from smartcity.identifiers import digest_of

View = TypeVar("View", bound=msgspec.Struct)
One = TypeVar("One")

KEY: Final = HeaderParameter(
    name="Idempotency-Key",
    min_length=1,
    max_length=64,
    description="Made by the client for one request: sent again, it changes nothing.",
)


def version_of(if_match: str | None) -> int | None:
    """The version that an ETag of ours begins with."""
    return int(if_match.strip('"').partition(".")[0]) if if_match else None


def versioned(view: View, version: int, language: str, *, status_code: int = 200) -> Response[View]:
    """A view with an ETag of the version, which `If-Match` names, and of the content."""
    etag = f'"{version}.{digest_of(msgspec.json.encode(view)).hex()}"'
    return Response(view, status_code=status_code, headers=said_in(language) | {"ETag": etag})


def bounded(steps: Sequence[One], limit: int) -> Sequence[One]:
    """The steps of a body. Raises `Invalid`: Litestar forgets the bounds of a body that is a choice
    of two forms.
    """
    if not 1 <= len(steps) <= limit:
        raise Invalid(FieldError("", f"not_1_to_{limit}_steps"))
    return steps
