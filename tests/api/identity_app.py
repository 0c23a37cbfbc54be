"""A small app with devices and sessions only, put together as the real one is."""

from typing import Any, cast

import httpx
from litestar import Litestar, get
from litestar.di import Provide

from api.addresses import Addresses
from api.agency.sessions import SessionController
from api.auth import Authentication, provide_actor
from api.citizen.devices import DeviceController
from api.errors import Problems
from api.limits import RateLimits
from api.permissions import permissions
from tests.unit.identity_parts import CITY, Identity


@get("/v1/city", operation_id="GetCity")
async def city() -> str:
    return "Smallville"


@get("/v1/agency/queue", operation_id="GetQueue")
async def queue() -> str:
    return "empty"


@get("/v1/forgotten", operation_id="ForgottenInTheTable")
async def forgotten() -> str:
    return "nobody sees this"


def identity_app(identity: Identity) -> Litestar:
    addresses = Addresses(identity.settings.trusted_proxies)
    limits = RateLimits(identity.settings, addresses)
    parts: dict[str, Any] = {
        "city": CITY,
        "settings": identity.settings,
        "devices": identity.devices,
        "sessions": identity.sessions,
        "identity_tokens": identity.tokens,
        "credentials": identity.credentials,
        "limits": limits,
    }
    return Litestar(
        [DeviceController, SessionController, city, queue, forgotten],
        middleware=[
            Authentication(identity.credentials, identity.settings),
            limits,
            permissions,
        ],
        before_send=[limits.announce],
        exception_handlers=Problems(CITY).handlers,
        dependencies={
            "actor": Provide(provide_actor, sync_to_thread=False),
            "address": Provide(addresses.provide, sync_to_thread=False),
            **{name: Provide(_always(part), sync_to_thread=False) for name, part in parts.items()},
        },
        openapi_config=None,
        logging_config=None,
    )


def _always(part: Any) -> Any:
    def provide() -> Any:
        return part

    return provide


def client(app: Litestar, address: str = "203.0.113.7", **headers: str) -> httpx.AsyncClient:
    """A caller from an address."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(cast("Any", app), client=(address, 40_000)),
        base_url="http://city.example",
        headers=headers,
    )


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
