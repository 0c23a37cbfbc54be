"""Composes digests: for each person an event that tells figures, and nothing else, to them alone.

The event's id follows from the person and the week, so however often it is told, by whichever
process, everybody has one digest a week.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID, uuid5

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.feed.counting.store import FeedCounts
from smartcity.feed.event import Event, Topic
from smartcity.identity.citizens.companions import Companions
from smartcity.identity.devices.model import Device
from smartcity.identity.devices.store import DeviceStore
from smartcity.identity.staff.model import Staff
from smartcity.identity.staff.rules import acts_for
from smartcity.identity.staff.store import StaffStore
from smartcity.notifications.digests.model import Happened, Standing, Week, figures_of_units
from smartcity.notifications.digests.store import DigestStore

RECEIVED: Final = "receive"
RESOLVED: Final = "resolve"


class AgencyStandings(Protocol):
    """How agencies stand; the reports answer."""

    async def standing(self, at: datetime, /) -> Mapping[str, Standing]:
        """By agency; those without open reports are missing."""
        ...


class Digests:
    """What concerns everybody is counted once for a week, and kept until the next."""

    def __init__(
        self,
        city: City,
        counts: FeedCounts,
        store: DigestStore,
        devices: DeviceStore,
        companions: Companions,
        staff: StaffStore,
        agencies: AgencyStandings,
    ) -> None:
        self._city = city
        self._counts = counts
        self._store = store
        self._devices = devices
        self._companions = companions
        self._staff = staff
        self._agencies = agencies
        self._around = {code: frozenset(city.around(code)) for code in city.units}
        self._happened: tuple[str, Mapping[str, Happened]] = ("", {})
        self._standing: tuple[str, Mapping[str, Standing]] = ("", {})

    async def of(self, persons: Sequence[UUID], week: Week) -> Mapping[UUID, Event]:
        """The digests of those of these accounts, devices and staff who are there."""
        linked = await self._companions.of(persons)
        # A device that is linked to an account hears what the account chose.
        held = {
            person: linked[person].devices if person in linked else frozenset({person})
            for person in persons
            if person not in linked or linked[person].account == person
        }
        every = {device for devices in held.values() for device in devices}
        devices = {device.id: device for device in await self._devices.several(every)}
        officials = {one.id: one for one in await self._staff.several(persons)}
        moved = await self._store.moved(devices.keys(), week.since)
        digests: dict[UUID, Event] = {}
        for person, theirs in held.items():
            if official := officials.get(person):
                figures = await self._of_official(official, week)
                digests[person] = _event("staff_week", person, week, figures)
            elif own := [devices[one] for one in theirs if one in devices]:
                reports = {report for one in own for report in moved.get(one.id, ())}
                figures = await self._of_citizen(own, reports, week)
                digests[person] = _event("week", person, week, figures)
        return digests

    async def _of_citizen(
        self, devices: Sequence[Device], moved: Collection[UUID], week: Week
    ) -> dict[str, int]:
        if self._happened[0] != week.name:
            self._happened = (week.name, await self._happened_in(week))
        followed = frozenset(unit for device in devices for unit in device.units)
        near = figures_of_units(self._happened[1], followed, self._around)
        return {"moved": len(moved), "received": near.received, "resolved": near.resolved}

    async def _of_official(self, official: Staff, week: Week) -> dict[str, int]:
        if self._standing[0] != week.name:
            self._standing = (week.name, await self._agencies.standing(now()))
        standing = self._standing[1]
        agencies = acts_for(official, self._city) or standing.keys()  # or the whole city
        theirs = [standing[agency] for agency in agencies if agency in standing]
        return {
            "open": sum(one.open for one in theirs),
            "at_risk": sum(one.at_risk for one in theirs),
            "overdue": sum(one.overdue for one in theirs),
        }

    async def _happened_in(self, week: Week) -> Mapping[str, Happened]:
        counts = await self._counts.by_unit((RECEIVED, RESOLVED), week.since, week.until)
        return {
            unit: Happened(of.get(RECEIVED, 0), of.get(RESOLVED, 0))
            for unit, of in counts.items()
            if unit in self._around
        }


def _event(action: str, person: UUID, week: Week, figures: Mapping[str, int]) -> Event:
    id_ = uuid5(person, f"digest {week.name}")
    return Event(
        id=id_,
        topic=Topic.DIGEST,
        action=action,
        at=week.until,
        subject=id_,
        details={name: str(figure) for name, figure in figures.items()},
    )
