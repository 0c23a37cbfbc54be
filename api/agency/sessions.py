"""Staff log in and out."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from api.auth import session_cookie
from smartcity.city.model import City
from smartcity.identity.credentials import Credentials
from smartcity.identity.oidc.issuers import Audience
from smartcity.identity.oidc.tokens import IdentityTokens, IdToken
from smartcity.identity.roles import Actor, Role
from smartcity.identity.staff.model import SESSION_LASTS, LogIn, Session, Staff
from smartcity.identity.staff.rules import acts_for
from smartcity.identity.staff.sessions import Demand, SessionService
from smartcity.settings import Settings


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """Who is logged in, until when, and the agencies they act for.

    `demands` is what must be done before the session opens anything else: `password`, a new one;
    `totp`, one-time codes set up.
    """

    id: UUID
    username: str
    name: str
    roles: list[Role]
    agencies: list[str]
    demands: list[Demand]
    totp: bool
    recovery_codes: int
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
        begun = await sessions.log_in(data, address)
        return _begun(begun, sessions, city, settings)

    @post("/oidc", operation_id="LogInByOidc")
    async def log_in_by_oidc(
        self,
        data: JSONBody[IdToken],
        sessions: NamedDependency[SessionService],
        identity_tokens: NamedDependency[IdentityTokens],
        city: NamedDependency[City],
        settings: NamedDependency[Settings],
        address: NamedDependency[str],
    ) -> Response[NewSession]:
        """Log in as the member of staff whom an identity provider names; a token opens one session
        after another from the same place, and none from elsewhere.
        """
        identity = await identity_tokens.identify(data, Audience.STAFF, address.encode())
        begun = await sessions.log_in_as(identity.digest)
        return _begun(begun, sessions, city, settings)

    @get("/current", operation_id="GetSession")
    async def current(
        self,
        sessions: NamedDependency[SessionService],
        city: NamedDependency[City],
        request: Request[Actor, str, Any],
    ) -> SessionView:
        """Who is logged in with this token."""
        session, staff = await sessions.current(request.auth)
        return _view(session, staff, sessions, city)

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


def _begun(
    begun: tuple[str, Session, Staff], sessions: SessionService, city: City, settings: Settings
) -> Response[NewSession]:
    token, session, staff = begun
    view = _view(session, staff, sessions, city)
    cookie = session_cookie(token, settings, lasts_s=int(SESSION_LASTS.total_seconds()))
    return Response(NewSession(token=token, **msgspec.structs.asdict(view)), cookies=[cookie])


def _view(session: Session, staff: Staff, sessions: SessionService, city: City) -> SessionView:
    return SessionView(
        id=staff.id,
        username=staff.username,
        name=staff.name,
        roles=sorted(staff.roles),
        agencies=sorted(acts_for(staff, city)),
        demands=sessions.demands(session, staff),
        totp=staff.totp is not None,
        recovery_codes=len(staff.recovery),
        expires_at=session.expires_at,
    )
