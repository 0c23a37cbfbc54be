"""What people do about their e-mail address: give it, prove that it is theirs, take it away.

An address is the account's, so that it outlives a phone, or the member of staff's. Nothing that a
citizen waits for calls another system: the mail with the code is a letter like any other.
"""

from datetime import timedelta
from uuid import UUID

import msgspec

from smartcity.audit.records import AuditRecords
from smartcity.city.model import City
from smartcity.clock import now
from smartcity.errors import AssuranceNeeded, NotFound
from smartcity.identity.attempts.service import EMAIL_ASKED, Attempts
from smartcity.identity.consents.service import EMAIL, Consents
from smartcity.identity.emails.model import EmailAddress, EmailState, NewEmail, masked
from smartcity.identity.emails.service import Emails
from smartcity.identity.roles import Actor, Assurance
from smartcity.notifications.letters.model import FILLED_IN_LAST, Letter, letter_id
from smartcity.notifications.letters.store import LetterStore
from smartcity.notifications.model import Channel, Push, PushState, Urgency

CONFIRMATION = "confirm_email"


class OwnEmail(msgspec.Struct, frozen=True, kw_only=True):
    """As its owner sees it."""

    address: str
    state: EmailState


class EmailOwners:
    """Each method is about the actor's own address. Raises `AssuranceNeeded` for a device without
    an account.
    """

    def __init__(
        self,
        city: City,
        emails: Emails,
        letters: LetterStore,
        consents: Consents,
        attempts: Attempts,
        audit: AuditRecords,
        *,
        keep: timedelta,
    ) -> None:
        self._city = city
        self._emails = emails
        self._letters = letters
        self._consents = consents
        self._attempts = attempts
        self._audit = audit
        self._keep = keep

    async def get(self, actor: Actor) -> OwnEmail:
        """Raises `NotFound`."""
        email = await self._emails.of(_person(actor))
        address = email and await self._emails.address(email)
        if not email or address is None:
            raise NotFound
        return OwnEmail(address=masked(address), state=email.state)

    async def ask(self, actor: Actor, new: NewEmail, language: str) -> OwnEmail:
        """Send a code to an address; nothing else goes there until it comes back. One that is
        confirmed already only takes the language.

        Raises `ConsentMissing` where the city asks for consent, and `TooManyRequests` for who asks,
        or whose address is asked for, too often: it may be somebody else's.
        """
        person = _person(actor)
        if not actor.is_staff:
            await self._agreed(actor, new)
        of_person, of_address = (EMAIL_ASKED, str(person)), (EMAIL_ASKED, new.address.casefold())
        # Each in turn: many at once would all pass before the first of them has counted.
        async with self._attempts.in_turn(of_person), self._attempts.in_turn(of_address):
            if actor.is_staff:
                await self._audit.write(actor, "staff_email_changed", person)
            email = await self._emails.ask(person, new.address, language)
            if email is None:
                return OwnEmail(address=masked(new.address), state=EmailState.CONFIRMED)
            for kind, key in (of_person, of_address):
                await self._attempts.failed(kind, key)
        await self._letters.add([self._confirmation(email, language)])
        return OwnEmail(address=masked(new.address), state=email.state)

    async def confirm(self, actor: Actor, code: str) -> OwnEmail:
        """Raises `NotFound` for a code that is wrong or too late, `TooManyRequests` after many."""
        person = _person(actor)
        async with self._attempts.in_turn((CONFIRMATION, str(person))):
            await self._emails.confirm(person, code)
        return await self.get(actor)

    async def remove(self, actor: Actor) -> None:
        """Idempotent."""
        person = _person(actor)
        if actor.is_staff:
            await self._audit.write(actor, "staff_email_changed", person)
        await self._emails.remove(person)

    async def _agreed(self, actor: Actor, new: NewEmail) -> None:
        for purpose, version in new.consent.items():
            await self._consents.give(actor.own_id, purpose, version)
        if EMAIL not in new.consent:
            await self._consents.require(actor.own_id, EMAIL)

    def _confirmation(self, email: EmailAddress, language: str) -> Letter:
        render = self._city.messages.render
        at = now()
        return Letter(
            id=letter_id(email.asked, email.id, Channel.EMAIL),
            channel=Channel.EMAIL,
            recipient=email.id,
            event=email.asked,
            topic=None,
            subject=email.asked,
            action=CONFIRMATION,
            kind=None,
            title=render(language, "email.confirm_title", city=self._city.name[language]),
            body=render(language, "email.confirm_body", secret=FILLED_IN_LAST),
            language=language,
            created_at=at,
            expires_at=at + self._keep,
            sending=Push(state=PushState.PENDING, urgency=Urgency.HIGH, next_at=at),
        )


def _person(actor: Actor) -> UUID:
    if actor.is_staff:
        return actor.own_id
    if actor.account is None:
        raise AssuranceNeeded(needs=Assurance.ACCOUNT)
    return actor.account
