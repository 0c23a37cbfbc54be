"""A citizen's account: what makes one person's phones and browsers one."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from api.auth import session_cookie
from api.citizen.devices import Registration
from smartcity.identity.citizens.model import Citizen
from smartcity.identity.citizens.service import CitizenService
from smartcity.identity.credentials import Credentials
from smartcity.identity.devices.model import SILENT_DAYS, Platform
from smartcity.identity.oidc.tokens import IdToken
from smartcity.identity.roles import Actor, Assurance
from smartcity.notifications.choices.service import ChoiceService
from smartcity.settings import Settings


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """An account as its holder sees it. `devices` counts all that were ever linked."""

    issuer: str
    assurance: Assurance
    devices: int
    created_at: datetime


class AccountController(Controller):
    path = "/v1/me/account"
    tags = ("Devices",)

    @post(operation_id="LinkAccount", status_code=200)
    async def link(
        self,
        data: JSONBody[IdToken],
        actor: NamedDependency[Actor],
        citizens: NamedDependency[CitizenService],
        choices: NamedDependency[ChoiceService],
        credentials: NamedDependency[Credentials],
        request: Request[Actor, str, Any],
    ) -> AccountView:
        """Log in as a citizen: link this device to one's account, and see what one's other devices
        sent. What this one sent before goes with it, and what it chose to be told through, if
        nothing was chosen for the account.
        """
        citizen = await citizens.link(actor.own_id, data)
        await choices.hand_over(actor.own_id, citizen.id)
        credentials.forget(request.auth)
        return _view(citizen)

    @get(operation_id="GetAccount")
    async def account(
        self, actor: NamedDependency[Actor], citizens: NamedDependency[CitizenService]
    ) -> AccountView:
        """Show the account to which this device is linked."""
        return _view(await citizens.of(actor))

    @delete(operation_id="UnlinkAccount", status_code=200)
    async def unlink(
        self,
        actor: NamedDependency[Actor],
        citizens: NamedDependency[CitizenService],
        credentials: NamedDependency[Credentials],
        settings: NamedDependency[Settings],
        request: Request[Actor, str, Any],
    ) -> Response[Registration]:
        """Log out as a citizen. The device goes on as a new one, with the token of the answer or,
        in a browser, its cookie; what it sent and followed stays with the account.
        """
        device, token = await citizens.unlink(actor)
        credentials.forget(request.auth)
        cookie = session_cookie(token, settings, lasts_s=SILENT_DAYS * 86_400)
        return Response(
            Registration(id=device.id, token=token),
            status_code=200,
            cookies=[cookie] if device.platform is Platform.WEB else [],
        )


def _view(citizen: Citizen) -> AccountView:
    return AccountView(
        issuer=citizen.issuer,
        assurance=citizen.assurance,
        devices=len(citizen.devices),
        created_at=citizen.created_at,
    )
