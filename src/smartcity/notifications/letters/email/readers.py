"""Whom e-mail reaches, and where: accounts and staff with a confirmed address."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import UNSET

from smartcity.identity.citizens.store import CitizenStore
from smartcity.identity.devices.service import DeviceService
from smartcity.identity.emails.model import EmailState
from smartcity.identity.emails.service import Emails
from smartcity.identity.staff.store import StaffStore
from smartcity.notifications.letters.model import Letter
from smartcity.notifications.letters.post import Destination, Reader


class EmailReaders:
    """The `Readers` of e-mail."""

    def __init__(
        self, emails: Emails, citizens: CitizenStore, devices: DeviceService, staff: StaffStore
    ) -> None:
        self._emails = emails
        self._citizens = citizens
        self._devices = devices
        self._staff = staff

    async def of(self, hearers: Collection[UUID], /) -> Mapping[UUID, Reader]:
        """Of accounts and of the devices that were ever linked to one: what they sent is theirs."""
        citizens = {one.id: one for one in await self._citizens.of(hearers)}
        written = await self._emails.confirmed({*hearers, *citizens})
        staff = await self._staff.at_work(written.keys() - citizens.keys())
        languages = await self._languages(written.keys() & citizens.keys())
        readers = {
            person: Reader(
                person=person, ids=frozenset({person}), language=written[person].language
            )
            for person in staff
        }
        for account in written.keys() & citizens.keys():
            reader = Reader(
                person=account,
                ids=citizens[account].devices,
                language=languages.get(account) or written[account].language,
            )
            readers |= dict.fromkeys((reader.ids | {account}).intersection(hearers), reader)
        return readers

    async def _languages(self, accounts: Collection[UUID]) -> Mapping[UUID, str]:
        """The language of the device that each used last."""
        latest: dict[UUID, tuple[datetime, str]] = {}
        for device in await self._devices.of_accounts(list(accounts)) if accounts else ():
            assert device.account is not UNSET, "it was asked for by its account"
            seen = (device.seen_at, device.language)
            latest[device.account] = max(seen, latest.get(device.account, seen))
        return {account: language for account, (_, language) in latest.items()}


class EmailAddresses:
    """The `Addresses` of e-mail."""

    def __init__(self, emails: Emails, citizens: CitizenStore, staff: StaffStore) -> None:
        self._emails = emails
        self._citizens = citizens
        self._staff = staff

    async def of(self, letters: Sequence[Letter], /) -> Mapping[UUID, Destination]:
        """A confirmed address takes everything; one that is not, its code alone."""
        destinations: dict[UUID, Destination] = {}
        for person in {letter.recipient for letter in letters}:
            email = await self._emails.of(person)
            address = email and await self._is_there(person) and await self._emails.address(email)
            if not email or not address:
                continue
            for letter in letters:
                asks = letter.topic is None and letter.event == email.asked
                needed = EmailState.UNCONFIRMED if asks else EmailState.CONFIRMED
                if letter.recipient == person and email.state is needed:
                    code = self._emails.code(email) if asks else ""
                    destinations[letter.id] = Destination(address, code)
        return destinations

    async def fail(self, letter: Letter, address: str, /) -> None:
        await self._emails.fail(letter.recipient, address)

    async def _is_there(self, person: UUID) -> bool:
        """Who has left the city's service is written to no more."""
        if await self._staff.at_work({person}):
            return True
        return await self._citizens.get(person) is not None
