"""Staff log in and out."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from api.auth import session_cookie
from smartcity.city.model import City
from smartcity.identity.credentials import Credentials
from smartcity.identity.roles import Actor, Role
from smartcity.identity.staff.model import SESSION_LASTS, LogIn, Session, Staff
from smartcity.identity.staff.rules import acts_for
from smartcity.identity.staff.sessions import SessionService
from smartcity.settings import Settings


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """Who is logged in, until when, and the agencies they act for."""

    username: str
    name: str
    roles: list[Role]
    agencies: list[str]
    expires_at: datetime


class NewSession(SessionView, frozen=True, kw_only=True):
    """`token` goes into `Authorization: Bearer …`, and is told once."""

    token: str


class SessionController(Controller):
    path = "/v1/sessions"
    tags = ("Sessions",)

    @post(operation_id="LogIn")
    async def log_in(
        self,
        data: JSONBody[LogIn],
        sessions: NamedDependency[SessionService],
        city: NamedDependency[City],
        settings: NamedDependency[Settings],
        address: NamedDependency[str],
    ) -> Response[NewSession]:
        """Log in as staff: with the token of the answer or, in a browser, with its cookie."""
        token, session, staff = await sessions.log_in(data, address)
        view = _view(session, staff, city)
        cookie = session_cookie(token, settings, lasts_s=int(SESSION_LASTS.total_seconds()))
        return Response(
            NewSession(token=token, **msgspec.structs.asdict(view)),
            cookies=[cookie],
        )

    @get("/current", operation_id="GetSession")
    async def current(
        self,
        sessions: NamedDependency[SessionService],
        city: NamedDependency[City],
        request: Request[Actor, str, Any],
    ) -> SessionView:
        """Who is logged in with this token."""
        session, staff = await sessions.current(request.auth)
        return _view(session, staff, city)

    @delete("/current", operation_id="LogOut")
    async def log_out(
        self,
        sessions: NamedDependency[SessionService],
        credentials: NamedDependency[Credentials],
        settings: NamedDependency[Settings],
        request: Request[Actor, str, Any],
    ) -> Response[None]:
        """Log out: the token opens nothing any more, everywhere within five seconds."""
        await sessions.log_out(request.auth)
        credentials.forget(request.auth)
        return Response(None, cookies=[session_cookie("", settings, lasts_s=0)])


def _view(session: Session, staff: Staff, city: City) -> SessionView:
    return SessionView(
        username=staff.username,
        name=staff.name,
        roles=sorted(staff.roles),
        agencies=sorted(acts_for(staff, city)),
        expires_at=session.expires_at,
    )
