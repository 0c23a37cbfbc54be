"""Who calls: from the `Authorization` header or the session cookie to an `Actor`.

What the actor may then do is the table in `permissions`.
"""

from typing import Any, Final, cast
from urllib.parse import urlsplit

from litestar import Request
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from smartcity.errors import Forbidden, Unauthenticated
from smartcity.identity.credentials import Credentials
from smartcity.identity.roles import ANYONE, Actor
from smartcity.settings import Settings

COOKIE: Final = "smartcity"
COOKIE_BEGINS: Final = f"{COOKIE}=".encode()

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110, section 9.2.1): another site may cause them."""

SIGNING_IN: Final = frozenset({"LogIn", "LogInByOidc", "RegisterDevice"})
"""They give a new cookie, so one that has expired must not stand in their way."""

UNSUBSCRIBING: Final = frozenset({"AskToUnsubscribe", "Unsubscribe"})
"""The link itself says whose mail it stops: no cookie of the browser's matters, nor whose page it
was clicked on.
"""

OUR_PAGES: Final = frozenset({b"same-origin", b"none"})
"""`Sec-Fetch-Site` of what our own pages, or the person's own hand, made the browser send."""


class Authentication:
    """Puts the actor in `scope["user"]` and the token in `scope["auth"]`: the first middleware.

    A token that is unknown, expired or taken back is refused, never taken for nobody's. A browser
    adds the cookie whoever made it send the request; so a change by cookie needs the browser's word
    that our own pages asked for it, and nobody is signed in by another site (OWASP, Cross-Site
    Request Forgery Prevention: Fetch Metadata, Origin).
    """

    def __init__(self, credentials: Credentials, settings: Settings) -> None:
        self._credentials = credentials
        self._host = urlsplit(settings.public_url).netloc.lower().encode()

    def __call__(self, app: ASGIApp) -> ASGIApp:
        async def authenticated(scope: Scope, receive: Receive, send: Send) -> None:
            token = _bearer(scope)
            if token is None:
                token = self._cookie(cast("HTTPScope", scope))
            scope["auth"] = token
            scope["user"] = ANYONE if token is None else await self._actor(token)
            await app(scope, receive, send)

        return authenticated

    async def _actor(self, token: str) -> Actor:
        actor = await self._credentials.actor(token)
        if actor is None:
            raise Unauthenticated
        return actor

    def _cookie(self, scope: HTTPScope) -> str | None:
        """The token in the cookie, if there is one. Raises `Forbidden` for another site's doing."""
        handler = scope["route_handler"]
        operation = handler.operation_id if isinstance(handler, HTTPRouteHandler) else None
        if operation in UNSUBSCRIBING:
            return None
        signing_in = operation in SIGNING_IN
        cookie = None if signing_in else _cookie(scope)
        if scope["method"] in SAFE or not (signing_in or cookie):
            return cookie
        ours = self._is_from_our_pages(scope)
        if ours is False or (cookie and not ours):
            raise Forbidden
        return cookie

    def _is_from_our_pages(self, scope: HTTPScope) -> bool | None:
        """What the browser says; none if it says nothing, as programs that are no browsers do."""
        headers = dict(scope["headers"])
        if site := headers.get(b"sec-fetch-site"):
            return site in OUR_PAGES
        if origin := headers.get(b"origin"):
            host = self._host or headers.get(b"host", b"").lower()
            return origin.lower().partition(b"://")[2] == host
        return None


def provide_actor(request: Request[Actor, str | None, Any]) -> Actor:
    """The dependency `actor`."""
    return request.user


def session_cookie(token: str, settings: Settings, *, lasts_s: int) -> Cookie:
    """What a browser keeps of a token: unreadable to scripts, not sent along from other sites."""
    return Cookie(
        key=COOKIE,
        value=token,
        max_age=lasts_s,
        httponly=True,
        samesite="lax",
        secure=settings.public_url.startswith("https://"),
    )


def _bearer(scope: Scope) -> str | None:
    """The token of the `Authorization` header; one of another scheme opens nothing."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.partition(b" ")
            return token.strip().decode("latin-1") if scheme.lower() == b"bearer" else ""
    return None


def _cookie(scope: HTTPScope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"cookie":
            for pair in value.split(b";"):
                if (cookie := pair.strip()).startswith(COOKIE_BEGINS):
                    return cookie[len(COOKIE_BEGINS) :].decode("latin-1") or None
    return None
