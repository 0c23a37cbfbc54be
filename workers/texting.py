"""Text messages: the doors that letters leave through to callers' phones."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from smartcity.composition import Composition
from smartcity.notifications.letters.post import Carrier, Manner, NoCarrier, Post
from smartcity.notifications.letters.sms.carrier import NOT_CONFIGURED, SmsCarrier
from smartcity.notifications.letters.sms.gateway import load_gateway
from smartcity.notifications.letters.sms.posting import GatewayDoor, open_door
from smartcity.notifications.letters.sms.wording import words
from smartcity.notifications.model import Channel
from smartcity.people.sms import SmsAddresses, SmsReaders
from smartcity.settings import Settings

RECORDED_A_SECOND: Final = 100.0
"""So fast letters are recorded as not sent where there is no gateway."""


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncGenerator[GatewayDoor | None]:
    """The way to the gateway, if the settings name one. Raises `GatewayError`."""
    opened = load_gateway(settings.sms_gateway, settings.sms_secret)
    if opened is None:
        yield None
        return
    async with open_door(opened) as door:
        yield door


def texting(shared: Composition, door: GatewayDoor | None) -> tuple[Post, ...]:
    """The channel with its doors; none in a city that pays for no text message."""
    if not shared.city.sms.monthly_parts:
        return ()
    carrier: Carrier = NoCarrier(NOT_CONFIGURED)
    if door is not None:
        carrier = SmsCarrier(
            door, shared.sms_budget, shared.city, repeats_dropped=door.repeats_dropped
        )
    post = Post(
        channel=Channel.SMS,
        readers=SmsReaders(shared.personal_store),
        addresses=SmsAddresses(
            shared.report_store, shared.reporters, shared.consents, shared.receipts, shared.phones
        ),
        carrier=carrier,
        per_second=door.per_second if door else RECORDED_A_SECOND,
        together=False,
        manner=Manner(words=words, waits=False),
    )
    return (post,)
