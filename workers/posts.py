"""The channels that letters go by, put together: a part of the workers' composition root."""

from smartcity.composition import Composition
from smartcity.notifications.letters.email.carrier import (
    NOT_CONFIGURED,
    EmailCarrier,
    sender_of,
    server_of,
)
from smartcity.notifications.letters.email.readers import EmailAddresses, EmailReaders
from smartcity.notifications.letters.email.writing import MailWriter
from smartcity.notifications.letters.post import Carrier, NoCarrier, Post
from smartcity.notifications.model import Channel


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


def _email_carrier(shared: Composition) -> Carrier:
    settings = shared.settings
    if not settings.smtp_url:
        return NoCarrier(NOT_CONFIGURED)
    server, sender = server_of(settings.smtp_url), sender_of(settings.smtp_from)
    writer = MailWriter(
        shared.city,
        sender,
        address=settings.public_url or f"http://{settings.host}:{settings.port}",
        link=settings.letter_link,
        token=shared.emails.token,
    )
    return EmailCarrier(server, sender, writer)
