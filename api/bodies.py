"""How a body is read: JSON in UTF-8, said to be JSON, of a depth that a person would write."""

from typing import Any

from litestar import Request
from litestar.datastructures.state import State

from smartcity.errors import FieldError, Invalid, UnsupportedMedia
from smartcity.identity.roles import Actor


class JsonRequest(Request[Actor, str | None, State]):
    """The app's kind of request."""

    async def json(self) -> Any:
        """The body. Raises `Invalid` for text that is no JSON, `UnsupportedMedia` for what is not
        even said to be: a page of another site cannot send that type without asking first.
        """
        media_type, _ = self.content_type
        if media_type and media_type != "application/json":
            raise UnsupportedMedia
        try:
            return await super().json()
        except UnicodeDecodeError:
            raise Invalid(FieldError("", "not_utf8")) from None
        except RecursionError:
            raise Invalid(FieldError("", "too_deep")) from None
