"""Erasing a person who asks for it: first it is written down, then done, however often it dies.

The key of the person's contact details is destroyed, and what else is kept of them removed; their
reports stay with the agency as nobody's, see `reports.personal.forgetting`. Every step may be done
again. A token that was taken back may open something for some seconds more in another process, so
an erasure is done only when a pass after that time has been made.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

from smartcity.attachments.service import AttachmentService
from smartcity.clock import now
from smartcity.identifiers import new_id
from smartcity.identity.citizens.store import CitizenStore
from smartcity.identity.consents.store import ConsentStore
from smartcity.identity.devices.store import DeviceStore
from smartcity.identity.persons.service import PersonKeys
from smartcity.identity.roles import Actor
from smartcity.notifications.store import FollowStore, NotificationStore
from smartcity.people.store import Erasure, PeopleStore
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

    async def ask(self, actor: Actor) -> None:
        """When this returns, the person will be erased, whatever dies; and their tokens open
        nothing any more.
        """
        persons = actor.own_ids
        if actor.account is not None:
            # A phone that was linked a moment ago is not remembered with this one's token yet.
            linked = await self._devices.of_accounts([actor.account])
            persons |= {actor.account, *(device.id for device in linked)}
        await self._store.add(Erasure(id=new_id(), at=now(), persons=tuple(persons)))
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
    ) -> None:
        self._store = store
        self._reports = reports
        self._attachments = attachments
        self._keys = keys
        self._kept = kept
        self._forgetting = forgetting

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
        rewritten = await self._erase(await self._reports.of_persons(persons, limit=BATCH))
        if not rewritten:
            done = [erasure.id for erasure in erasures if erasure.at < at - REMEMBERED]
            await self._store.finish(done, at)
        return rewritten

    async def _finished_since(self) -> int:
        """Erase the words of reports that were open when their person was erased."""
        return await self._erase(await self._reports.to_erase(BATCH))

    async def _erase(self, reports: Collection[Report]) -> int:
        """The photos first: a report that has lost them is not found again for them."""
        await self._attachments.sweeping.remove({file for r in reports for file in photos_of(r)})
        await self._reports.rewrite([(r, self._forgetting.erased(r)) for r in reports])
        return len(reports)


def everything(
    devices: DeviceStore,
    citizens: CitizenStore,
    consents: ConsentStore,
    follows: FollowStore,
    told: NotificationStore,
) -> tuple[OfPersons, ...]:
    """What a city keeps about a person beside their reports and their key."""
    return devices, citizens, consents, follows, told
