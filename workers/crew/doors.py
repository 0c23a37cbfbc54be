"""The ways out of one process: to phones and to the city's other systems."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from smartcity.city.model import City
from smartcity.geography.geocoding import Geocoder
from smartcity.geography.nominatim import open_geocoder
from smartcity.notifications.fcm.opening import open_fcm
from smartcity.notifications.letters.sms.posting import GatewayDoor, open_gateway
from smartcity.notifications.push import PushSender
from smartcity.notifications.topics import Subscriber
from smartcity.settings import Settings
from smartcity.webhooks.courier import Receivers
from smartcity.webhooks.destinations import networks_of
from smartcity.webhooks.posting import open_doors


class Doors(msgspec.Struct, frozen=True, kw_only=True):
    """None where the settings name no other side."""

    sender: PushSender
    receivers: Receivers
    subscriber: Subscriber | None = None
    geocoder: Geocoder | None = None
    gateway: GatewayDoor | None = None


@asynccontextmanager
async def opened(settings: Settings, city: City) -> AsyncGenerator[Doors]:
    """The doors that the settings ask for. Raises `SettingsError`, `GatewayError`; `OSError` or
    `ValueError` for Firebase credentials that cannot be used.
    """
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        fcm = open_fcm(
            project=settings.fcm_project,
            credentials=settings.fcm_credentials,
            endpoint=settings.fcm_endpoint,
        )
        sender, subscriber = await enter(fcm)
        yield Doors(
            sender=sender,
            subscriber=subscriber,
            geocoder=await enter(open_geocoder(settings.geocoder_url, city)),
            receivers=await enter(open_doors(networks_of(settings.webhook_networks))),
            gateway=await enter(open_gateway(settings.sms_gateway, settings.sms_secret)),
        )
