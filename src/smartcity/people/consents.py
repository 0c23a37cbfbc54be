"""Taking back a consent, and what follows from it in the slices."""

from smartcity.identity.consents.service import CONTACT, EMAIL, Consents
from smartcity.identity.emails.service import Emails
from smartcity.identity.roles import Actor
from smartcity.reports.personal.store import PersonalStore


class Withdrawals:
    def __init__(self, consents: Consents, reports: PersonalStore, emails: Emails) -> None:
        self._consents = consents
        self._reports = reports
        self._emails = emails

    async def withdraw(self, actor: Actor, purpose: str) -> None:
        """Write it down, so that nothing new is kept; then drop what is kept. Idempotent.

        Raises `NotFound` for a purpose that the city does not ask for.
        """
        for person in sorted(actor.own_ids):
            await self._consents.withdraw(person, purpose)
        if purpose == CONTACT:
            await self._reports.drop_contacts(actor.own_ids)
        if purpose == EMAIL and actor.account is not None:
            await self._emails.remove(actor.account)
