"""The e-mail addresses of accounts and staff, and what proves that somebody reads one.

No code is kept: it follows from the installation's secret and from the moment when the address was
given. Nor is a token of a mail's unsubscribe link, which follows from person and address.
"""

import base64
import binascii
import hmac
from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from smartcity.clock import now
from smartcity.errors import FieldError, NotFound
from smartcity.identifiers import new_id, readable, same_secret
from smartcity.identity.emails.model import (
    CODE_LENGTH,
    CONFIRM_WITHIN,
    EmailAddress,
    EmailState,
)
from smartcity.identity.emails.store import EmailStore
from smartcity.identity.personal import UnreadableError, derived
from smartcity.identity.persons.service import PersonKeys

SEAL_BYTES: Final = 16


class Emails:
    """`secret` is the installation's."""

    def __init__(self, store: EmailStore, persons: PersonKeys, secret: bytes) -> None:
        self._store = store
        self._persons = persons
        self._codes = derived(secret, b"e-mail codes")
        self._links = derived(secret, b"unsubscribe links")

    async def of(self, person: UUID) -> EmailAddress | None:
        return await self._store.get(person)

    async def confirmed(self, persons: Collection[UUID]) -> Mapping[UUID, EmailAddress]:
        """Those that may be written to."""
        return {
            email.id: email
            for email in await self._store.several(persons)
            if email.state is EmailState.CONFIRMED
        }

    async def address(self, email: EmailAddress) -> str | None:
        """None if its person was erased, perhaps at this moment."""
        try:
            return await self._persons.decrypt(email.id, email.kept)
        except UnreadableError:
            return None

    async def ask(self, person: UUID, address: str, language: str | None) -> EmailAddress | None:
        """An address that is to be confirmed, in the place of any other; none if it is the one that
        is confirmed already.
        """
        present = (await self.confirmed([person])).get(person)
        if present is not None and await self.address(present) == address:
            await self._store.change(present, {"language": language})
            return None
        at = now()
        return await self._put(
            EmailAddress(
                id=person,
                kept=await self._persons.encrypt(person, address),
                state=EmailState.UNCONFIRMED,
                language=language,
                asked=new_id(),
                asked_at=at,
                expires_at=at + CONFIRM_WITHIN,
            )
        )

    async def give(self, person: UUID, address: str) -> None:
        """One that needs no confirmation: whoever manages an account vouches for it."""
        at = now()
        await self._put(
            EmailAddress(
                id=person,
                kept=await self._persons.encrypt(person, address),
                state=EmailState.CONFIRMED,
                asked=new_id(),
                asked_at=at,
                confirmed_at=at,
            )
        )

    def code(self, email: EmailAddress) -> str:
        """What confirms an address."""
        text = email.id.bytes + email.asked.bytes
        return readable(hmac.digest(self._codes, text, "sha256"), CODE_LENGTH)

    async def confirm(self, person: UUID, code: str) -> None:
        """Raises `NotFound` for a code that is wrong or too late; repeating the right one changes
        nothing.
        """
        email = await self._store.get(person)
        if email is None or not same_secret(code, self.code(email)):
            raise NotFound(FieldError("code", "wrong"))
        if email.state is EmailState.CONFIRMED:
            return
        at = now()
        if email.state is not EmailState.UNCONFIRMED or email.asked_at < at - CONFIRM_WITHIN:
            raise NotFound(FieldError("code", "expired"))
        fields = {
            "state": EmailState.CONFIRMED.value,
            "confirmed_at": at,
            "expires_at": None,
        }
        if not await self._store.change(email, fields):  # another was given at this moment
            raise NotFound(FieldError("code", "wrong"))

    async def fail(self, person: UUID, address: str) -> None:
        """Nobody has it: write there no more, unless it is another one by now."""
        email = await self._store.get(person)
        if email is not None and await self.address(email) == address:
            await self._store.change(email, {"state": EmailState.FAILING.value})

    async def remove(self, person: UUID) -> None:
        """Idempotent."""
        await self._store.remove([person])

    # --- unsubscribing ---------------------------------------------------------------------------

    def token(self, person: UUID, address: str) -> str:
        """What an unsubscribe link of a mail to this address holds."""
        sealed = person.bytes + self._seal(person, address)
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    async def opened(self, token: str) -> EmailAddress:
        """Whose address a token stops. Raises `NotFound` for one that was not made here, or for an
        address that is not kept any more.
        """
        try:
            sealed = base64.b64decode(
                token + "=" * (-len(token) % 4), altchars=b"-_", validate=True
            )
            person = UUID(bytes=sealed[:16])
        except (binascii.Error, ValueError):
            raise NotFound from None
        email = await self._store.get(person)
        address = email and await self.address(email)
        if not email or address is None:
            raise NotFound
        if not hmac.compare_digest(sealed[16:], self._seal(person, address)):
            raise NotFound
        return email

    async def stop(self, token: str) -> None:
        """Write to the token's address no more until it is confirmed anew. Idempotent. Raises
        `NotFound`.
        """
        email = await self.opened(token)
        await self._store.change(email, {"state": EmailState.STOPPED.value})

    # ---------------------------------------------------------------------------------------------

    async def _put(self, email: EmailAddress) -> EmailAddress:
        await self._store.put(email)
        return email

    def _seal(self, person: UUID, address: str) -> bytes:
        return hmac.digest(self._links, person.bytes + address.encode(), "sha256")[:SEAL_BYTES]
