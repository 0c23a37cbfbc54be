"""Installed apps and browsers: the first thing that a citizen's phone calls."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from api.auth import session_cookie
from smartcity.identity.credentials import Credentials
from smartcity.identity.devices.model import (
    SILENT_DAYS,
    Device,
    DeviceChange,
    NewDevice,
    Platform,
    PushAddress,
    QuietHours,
)
from smartcity.identity.devices.service import DeviceService
from smartcity.identity.roles import Actor
from smartcity.settings import Settings


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What a device is given: `token` goes into `Authorization: Bearer …`, and is told once."""

    id: UUID
    token: str


class DeviceView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A device as it sees itself. `units` are the codes of those it follows, and `categories` those
    of the categories or fields whose reports there it is told of.
    """

    id: UUID
    platform: Platform
    language: str
    push: PushAddress | None = None
    units: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    quiet_hours: QuietHours | None = None
    created_at: datetime


class DeviceController(Controller):
    path = "/v1/devices"
    tags = ("Devices",)

    @post(operation_id="RegisterDevice")
    async def register(
        self,
        data: JSONBody[NewDevice],
        devices: NamedDependency[DeviceService],
        settings: NamedDependency[Settings],
    ) -> Response[Registration]:
        """Register an app or a browser; no account is needed. A browser also gets a cookie."""
        device, token = await devices.register(data)
        cookie = session_cookie(token, settings, lasts_s=SILENT_DAYS * 86_400)
        return Response(
            Registration(id=device.id, token=token),
            cookies=[cookie] if device.platform is Platform.WEB else [],
        )

    @get("/me", operation_id="GetDevice")
    async def me(
        self, actor: NamedDependency[Actor], devices: NamedDependency[DeviceService]
    ) -> DeviceView:
        """What the city knows of the calling device."""
        return _view(await devices.get(actor.own_id))

    @patch("/me", operation_id="UpdateDevice")
    async def update(
        self,
        data: JSONBody[DeviceChange],
        actor: NamedDependency[Actor],
        devices: NamedDependency[DeviceService],
        credentials: NamedDependency[Credentials],
        request: Request[Actor, str, Any],
    ) -> DeviceView:
        """Change the push address, language, followed units and categories or quiet hours of the
        calling device. Of reports in the followed units it is told what becomes of those in the
        followed categories; of alerts for these units, always.

        What is not given stays; `null` takes the push address or the quiet hours away.
        """
        device = await devices.update(actor.own_id, data)
        credentials.forget(request.auth)
        return _view(device)


def _view(device: Device) -> DeviceView:
    return msgspec.convert(device, DeviceView, from_attributes=True)
