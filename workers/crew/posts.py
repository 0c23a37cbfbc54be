"""The channels that letters go by, put together: e-mail and text messages."""

from typing import Final

from smartcity.composition import Composition
from smartcity.notifications.letters.email.carrier import NOT_CONFIGURED as NO_SERVER
from smartcity.notifications.letters.email.carrier import EmailCarrier, sender_of, server_of
from smartcity.notifications.letters.email.readers import EmailAddresses, EmailReaders
from smartcity.notifications.letters.email.writing import MailWriter
from smartcity.notifications.letters.post import Carrier, Manner, NoCarrier, Post
from smartcity.notifications.letters.sms.carrier import NOT_CONFIGURED as NO_GATEWAY
from smartcity.notifications.letters.sms.carrier import SmsCarrier
from smartcity.notifications.letters.sms.posting import GatewayDoor
from smartcity.notifications.letters.sms.wording import words
from smartcity.notifications.model import Channel
from smartcity.people.sms import SmsAddresses, SmsReaders

RECORDED_A_SECOND: Final = 100.0
"""So fast letters are recorded as not sent where there is no gateway."""


def email_post(shared: Composition) -> Post:
    """E-mail. Raises `SettingsError`."""
    emails, citizens, staff = shared.emails, shared.citizen_store, shared.staff_store
    return Post(
        channel=Channel.EMAIL,
        readers=EmailReaders(emails, citizens, shared.devices, staff),
        addresses=EmailAddresses(emails, citizens, staff),
        carrier=_email_carrier(shared),
        per_second=shared.settings.smtp_per_second,
        together=True,
    )


def sms_post(shared: Composition, door: GatewayDoor | None) -> Post | None:
    """Text messages; none in a city that pays for none."""
    if not shared.city.sms.monthly_parts:
        return None
    return Post(
        channel=Channel.SMS,
        readers=SmsReaders(shared.personal_store),
        addresses=SmsAddresses(
            shared.report_store, shared.reporters, shared.consents, shared.receipts, shared.phones
        ),
        carrier=_sms_carrier(shared, door),
        per_second=door.per_second if door else RECORDED_A_SECOND,
        together=False,
        manner=Manner(words=words, waits=False),
    )


def _email_carrier(shared: Composition) -> Carrier:
    settings = shared.settings
    if not settings.smtp_url:
        return NoCarrier(NO_SERVER)
    server, sender = server_of(settings.smtp_url), sender_of(settings.smtp_from)
    writer = MailWriter(
        shared.city,
        sender,
        address=settings.public_url or f"http://{settings.host}:{settings.port}",
        link=settings.letter_link,
        token=shared.emails.token,
    )
    return EmailCarrier(server, sender, writer)


def _sms_carrier(shared: Composition, door: GatewayDoor | None) -> Carrier:
    if door is None:
        return NoCarrier(NO_GATEWAY)
    return SmsCarrier(door, shared.sms_budget, shared.city, repeats_dropped=door.repeats_dropped)
