"""Callers as letters know them: who they are, and at which number they take text messages."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from smartcity.identifiers import is_keyed
from smartcity.identity.consents.service import CONTACT, Consents
from smartcity.identity.phones import Phones
from smartcity.notifications.letters.model import Letter
from smartcity.notifications.letters.post import Destination, Reader
from smartcity.reports.personal.reporters import Reporters
from smartcity.reports.personal.store import PersonalStore
from smartcity.reports.receipts import Receipts
from smartcity.reports.store import ReportStore


class SmsReaders:
    """Who called and left a number (`notifications.letters.post.Readers`): they have no app."""

    def __init__(self, reports: PersonalStore) -> None:
        self._reports = reports

    async def of(self, hearers: Collection[UUID], /) -> Mapping[UUID, Reader]:
        callers = [person for person in hearers if is_keyed(person)]
        if not callers:
            return {}
        reached = await self._reports.with_contact(callers, but=())
        return {person: Reader(person=person, ids=frozenset({person})) for person in reached}


class SmsAddresses:
    """Where text messages go (`notifications.letters.post.Addresses`): to the mobile number that
    an operator wrote down for the report's caller, for as long as they agree that it is kept.
    """

    def __init__(
        self,
        reports: ReportStore,
        reporters: Reporters,
        consents: Consents,
        receipts: Receipts,
        phones: Phones,
    ) -> None:
        self._reports = reports
        self._reporters = reporters
        self._consents = consents
        self._receipts = receipts
        self._phones = phones

    async def of(self, letters: Sequence[Letter], /) -> Mapping[UUID, Destination]:
        found = {letter.id: await self._destination(letter) for letter in letters}
        return {letter: to for letter, to in found.items() if to is not None}

    async def fail(self, letter: Letter, address: str, /) -> None:
        """A number that the gateway refuses may be right tomorrow, and nobody could confirm it."""

    async def _destination(self, letter: Letter) -> Destination | None:
        report = await self._reports.find(letter.subject)
        if report is None or report.reporter.id != letter.recipient or report.reporter.by is None:
            return None
        if not await self._consents.holds(letter.recipient, CONTACT):
            return None
        contact = await self._reporters.contact(report)
        phone = self._phones.mobile((contact or {}).get("phone") or "")
        return Destination(phone, self._receipts.secret_of(report)) if phone else None
