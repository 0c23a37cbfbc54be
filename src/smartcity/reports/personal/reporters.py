"""The reporter of a report: from whom, under which consent, and how to reach them."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from smartcity.identifiers import new_id
from smartcity.identity.consents.service import CONTACT, Consents
from smartcity.identity.personal import UnreadableError
from smartcity.identity.persons.service import PersonKeys
from smartcity.identity.phones import Phones
from smartcity.identity.roles import Actor, Role
from smartcity.reports.model import Report, Reporter
from smartcity.reports.requests import NewReport
from smartcity.reports.submission import assurance

PHONE = "contact.phone"
"""Where a submission says the number."""


class Reporters:
    def __init__(self, persons: PersonKeys, phones: Phones, consents: Consents) -> None:
        self._persons = persons
        self._phones = phones
        self._consents = consents

    async def of(self, data: NewReport, actor: Actor) -> Reporter:
        """Who sends this. For an operator it is the caller: the same person each time they call
        from a number, and a stranger without one.

        Raises `Invalid` for a number that is none, `ConsentMissing` for contact details that nobody
        agreed to be kept. Without contact details the database is asked nothing.
        """
        by = actor.own_id if Role.OPERATOR in actor.roles else None
        typed = data.contact and data.contact.phone
        phone = self._phones.hash(typed, PHONE) if typed else None
        person = actor.own_id if by is None else self._caller(typed)
        contact = await self._contact(data, person, by)
        return Reporter(
            id=person,
            contact=contact,
            share_contact=data.share_contact,
            phone=phone,
            by=by,
            assurance=assurance(data, actor),
        )

    def digest(self, data: NewReport) -> bytes:
        """Names all that was sent, contact details with it, and tells nothing of them."""
        return self._phones.digest(msgspec.json.encode(data, order="deterministic"))

    async def contact(self, report: Report) -> Mapping[str, str] | None:
        """How to reach the reporter, if it is kept. Whether they agreed that handlers know is for
        the caller to ask.
        """
        reporter = report.reporter
        if reporter.contact is None:
            return None
        try:
            text = await self._persons.decrypt(reporter.id, reporter.contact)
        except UnreadableError:  # erased, perhaps at this moment
            return None
        return msgspec.json.decode(text, type=dict[str, str])

    def _caller(self, typed: str | None) -> UUID:
        return self._phones.caller(typed, PHONE) if typed else new_id()

    async def _contact(self, data: NewReport, person: UUID, by: UUID | None) -> bytes | None:
        for purpose, version in data.consent.items():
            await self._consents.give(person, purpose, version, by=by)
        if data.contact is None:
            return None
        if CONTACT not in data.consent:
            await self._consents.require(person, CONTACT)
        return await self._persons.encrypt(person, msgspec.json.encode(data.contact).decode())
