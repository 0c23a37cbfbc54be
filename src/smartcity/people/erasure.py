"""Erasing a person who asks for it: first it is written down, then done, however often it dies.

The key of the person's contact details is destroyed, and what else is kept of them removed; their
reports stay with the agency as nobody's, see `reports.personal.forgetting`. Every step may be done
again. A token that was taken back may open something for some seconds more in another process, so
an erasure is done only when a pass after that time has been made.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from smartcity.attachments.service import AttachmentService
from smartcity.clock import now
from smartcity.feed.store import FeedStore
from smartcity.identifiers import new_id
from smartcity.identity.citizens.store import CitizenStore
from smartcity.identity.consents.store import ConsentStore
from smartcity.identity.devices.store import DeviceStore
from smartcity.identity.emails.store import EmailStore
from smartcity.identity.persons.service import PersonKeys
from smartcity.identity.senders.store import RestrictionStore
from smartcity.notifications.alert_reads.store import AlertReadStore
from smartcity.notifications.choices.store import ChoiceStore
from smartcity.notifications.following.store import FollowStore
from smartcity.notifications.letters.store import LetterStore
from smartcity.notifications.store import NotificationStore
from smartcity.people.person import Person
from smartcity.people.store import Erasure, PeopleStore
from smartcity.reports.confirmations.store import ConfirmationStore
from smartcity.reports.model import Report
from smartcity.reports.personal.forgetting import Forgetting, photos_of
from smartcity.reports.personal.store import PersonalStore

REMEMBERED: Final = timedelta(seconds=10)
"""Twice as long as any process remembers a token."""

BATCH: Final = 50
"""Reports, or erasures, at once."""


class OfPersons(Protocol):
    """Keeps something about persons, and lets go of it."""

    async def remove(self, persons: Collection[UUID]) -> None:
        """Idempotent."""
        ...


class Erasures:
    """Takes wishes; `Eraser` fulfils them."""

    def __init__(self, store: PeopleStore, devices: DeviceStore) -> None:
        self._store = store
        self._devices = devices

    async def ask(self, person: Person) -> None:
        """When this returns, the person will be erased, whatever dies; and their tokens open
        nothing any more.
        """
        accounts = () if person.account is None else (person.account,)
        linked = {device.id for device in await self._devices.of_accounts(accounts)}
        persons = tuple(person.ids | linked)
        wish = Erasure(id=new_id(), at=now(), persons=persons, phone=person.phone)
        await self._store.add(wish)
        await self._devices.remove(persons)


class Eraser:
    def __init__(
        self,
        store: PeopleStore,
        reports: PersonalStore,
        attachments: AttachmentService,
        keys: PersonKeys,
        kept: Collection[OfPersons],
        forgetting: Forgetting,
        feed: FeedStore,
    ) -> None:
        self._store = store
        self._reports = reports
        self._attachments = attachments
        self._keys = keys
        self._kept = kept
        self._forgetting = forgetting
        self._feed = feed

    async def run_once(self) -> int:
        """One pass over what was asked for; how many reports were rewritten."""
        return await self._asked_for() + await self._finished_since()

    async def _asked_for(self) -> int:
        erasures = await self._store.unfinished(BATCH)
        if not erasures:
            return 0
        persons = {person for erasure in erasures for person in erasure.persons}
        at = now()
        await self._keys.destroy(list(persons))
        for kept in self._kept:
            await kept.remove(persons)
        phones = {erasure.phone for erasure in erasures if erasure.phone is not None}
        found = await self._reports.of_persons(persons, phones, limit=BATCH)
        rewritten = await self._rewrite(
            [(report, self._left(report, persons, phones)) for report in found]
        )
        files = await self._attachments.sweeping.remove_of(persons)
        if not found and not files:
            await self._finish([one for one in erasures if one.at < at - REMEMBERED], at)
        return rewritten + files

    def _left(self, report: Report, persons: Collection[UUID], phones: Collection[bytes]) -> Report:
        if report.reporter.id in persons or report.reporter.phone in phones:
            return self._forgetting.erased(report)
        return self._forgetting.without_guests(report, persons)

    async def _finish(self, erasures: Sequence[Erasure], at: datetime) -> None:
        """The feed at last, when nothing of theirs is published any more."""
        if erasures:
            await self._feed.forget({person for one in erasures for person in one.persons})
            await self._store.finish([one.id for one in erasures], at)

    async def _finished_since(self) -> int:
        """Erase the words of reports that were open when their person was erased."""
        reports = await self._reports.to_erase(BATCH)
        return await self._rewrite([(r, self._forgetting.erased(r)) for r in reports])

    async def _rewrite(self, reports: Sequence[tuple[Report, Report]]) -> int:
        """The photos first: a report that has lost them is not found again for them."""
        lost = {file for r, left in reports for file in photos_of(r) if file not in left.files}
        await self._attachments.sweeping.remove(lost)
        return await self._reports.rewrite(reports)


def everything(
    devices: DeviceStore,
    citizens: CitizenStore,
    consents: ConsentStore,
    follows: FollowStore,
    told: NotificationStore,
    letters: LetterStore,
    emails: EmailStore,
    alert_reads: AlertReadStore,
    confirmations: ConfirmationStore,
    restrictions: RestrictionStore,
    choices: ChoiceStore,
) -> tuple[OfPersons, ...]:
    """What a city keeps about a person beside their reports, their files and their key."""
    return (
        devices,
        citizens,
        consents,
        choices,
        follows,
        told,
        letters,
        emails,
        alert_reads,
        confirmations,
        restrictions,
    )
