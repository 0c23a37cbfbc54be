"""In which language a caller is answered, and what an answer tells of it."""

from typing import Any

from litestar import Request

from smartcity.city.model import City
from smartcity.identity.roles import ANYONE, Actor


def language_of(request: Request[Any, Any, Any], city: City) -> str:
    """What the request asks for, else the caller's own language, else the city's first.

    Without a caller while it is not known yet who calls: of a token that is refused, say.
    """
    asked = request.headers.get("accept-language")
    actor: Actor = request.user if "user" in request.scope else ANYONE
    return city.language(asked or actor.language)


def said_in(language: str) -> dict[str, str]:
    """The headers of an answer in a language. It hangs on what the request asks for and on who
    asks, who has a language too and may see more or less.
    """
    return {"Content-Language": language, "Vary": "Accept-Language, Authorization, Cookie"}
