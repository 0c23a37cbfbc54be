"""The six sections: what each is now, and what of it changed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from smartcity.alerts.current import concerns
from smartcity.alerts.model import Alert
from smartcity.clock import now
from smartcity.feed.event import Topic
from smartcity.notifications.model import Notification, Place
from smartcity.people.sync.cursor import fingerprint
from smartcity.people.sync.section import (
    Before,
    Behind,
    Sources,
    Told,
    Who,
    id_in,
    next_of,
    remembered,
)
from smartcity.reports.changes.store import Standing
from smartcity.reports.viewers import Viewer


class Alerts:
    """The alerts that hold for the device's units. They are few, so any change tells them all."""

    name = "alerts"

    def __init__(self, sources: Sources, who: Who) -> None:
        self._sources = sources
        self._who = who
        self._alerts: Mapping[UUID, Alert] = {}
        self.memory = b""

    async def look(self, known: bytes) -> bool:
        if holding := self._sources.alerts.active(now()):
            device = await self._sources.devices.get(self._who.device)
            units = device.units if device is not None else ()
            self._alerts = {alert.id: alert for alert in holding if _is_for(alert, units)}
        self.memory = fingerprint((one, self._alerts[one].version) for one in sorted(self._alerts))
        return known == self.memory

    async def page(self, before: Before | None, behind: Behind, limit: int) -> Sequence[Told]:
        if before is not None and before.memory == self.memory:
            return ()
        show, language, at = self._sources.alert_views.public, self._who.language, now()
        chosen = next_of(self._alerts, behind, limit)
        return [Told(one, show(self._alerts[one], language, at)) for one in chosen]


class AlertNotifications:
    """What the inbox tells of alerts, from memory: any change tells all of it."""

    name = "alert_notifications"

    def __init__(self, sources: Sources, who: Who) -> None:
        self._sources = sources
        self._who = who
        self._told: Mapping[UUID, Notification] = {}
        self.memory = b""

    async def look(self, known: bytes) -> bool:
        found = await self._sources.alert_inbox.of(self._who.device)
        self._told = {one.id: one for one in found}
        kept = sorted(self._told.items())
        self.memory = fingerprint((one, told.read_at, told.language) for one, told in kept)
        return known == self.memory

    async def page(self, before: Before | None, behind: Behind, limit: int) -> Sequence[Told]:
        if before is not None and before.memory == self.memory:
            return ()
        return [Told(one, self._told[one]) for one in next_of(self._told, behind, limit)]


class _Sent(msgspec.Struct, frozen=True, array_like=True):
    newest: UUID | None
    count: int


class Reports:
    """What the person sent, from any of their devices, as its reporter sees it: newest first. There
    may be any number, so they are counted: if there are fewer up to the newest one that was known,
    the city has forgotten whose they are.
    """

    name = "reports"

    def __init__(self, sources: Sources, who: Who) -> None:
        self._sources = sources
        self._who = who
        self.memory = b""

    async def look(self, known: bytes) -> bool:
        reports, person = self._sources.reports, self._who.person
        newest = await reports.newest(person)
        there = _Sent(newest, await reports.count(person, newest))
        self.memory = msgspec.msgpack.encode(there)
        was = remembered(known, _Sent)
        if was is None or was.newest == newest:
            return was == there
        return await reports.count(person, was.newest) == was.count

    async def page(self, before: Before | None, behind: Behind, limit: int) -> Sequence[Told]:
        found = await self._sources.reports.sent(
            self._who.person, before and before.since, id_in(behind), limit
        )
        show = self._sources.views.summary
        return [Told(one.id, show(one, Viewer.REPORTER, self._who.language)) for one in found]


class Followed:
    """The reports that this device follows, as everybody sees them; without those that the public
    may not know of any more.
    """

    name = "followed"

    def __init__(self, sources: Sources, who: Who) -> None:
        self._sources = sources
        self._who = who
        self._there: Mapping[UUID, Standing] = {}
        self.memory = b""

    async def look(self, known: bytes) -> bool:
        found = await self._sources.reports.standing(self._who.follows[Topic.REPORT])
        self._there = {one: standing for one, standing in found.items() if standing.visible}
        self.memory = fingerprint(sorted(self._there))
        return known == self.memory

    async def page(self, before: Before | None, behind: Behind, limit: int) -> Sequence[Told]:
        told: Collection[UUID] = self._there
        if before is not None and before.memory == self.memory:
            told = [one for one, stands in self._there.items() if stands.changed(before.since)]
        chosen = next_of(told, behind, limit)
        show = self._sources.views.summary
        found = {
            report.id: show(report, Viewer.PUBLIC, self._who.language)
            for report in await self._sources.reports.several(chosen)
        }
        return [Told(one, found.get(one)) for one in chosen]


class _Versions(msgspec.Struct, frozen=True, array_like=True):
    """The versions of some dossiers, in the order of their ids, whose fingerprint is `of`."""

    of: bytes
    versions: tuple[int, ...]


class Dossiers:
    """The dossiers that this device follows. Whoever changes one gives it a new version, an import
    does nothing else; so the versions are what is remembered.
    """

    name = "dossiers"

    def __init__(self, sources: Sources, who: Who) -> None:
        self._sources = sources
        self._who = who
        self._versions: Mapping[UUID, int] = {}
        self.memory = b""

    async def look(self, known: bytes) -> bool:
        found = await self._sources.dossiers.versions(self._who.follows[Topic.DOSSIER])
        self._versions = dict(sorted(found.items()))
        there = _Versions(fingerprint(self._versions), tuple(self._versions.values()))
        self.memory = msgspec.msgpack.encode(there)
        return self._known(known) is not None

    async def page(self, before: Before | None, behind: Behind, limit: int) -> Sequence[Told]:
        told: Collection[UUID] = self._versions
        if before is not None and (known := self._known(before.memory)) is not None:
            told = [one for one, version in self._versions.items() if known[one] != version]
        chosen = next_of(told, behind, limit)
        found = await self._sources.dossiers.shown(chosen, self._who.language)
        return [Told(one, found.get(one)) for one in chosen]

    def _known(self, known: bytes) -> Mapping[UUID, int] | None:
        """The versions that are known, if they are of just these dossiers."""
        was = remembered(known, _Versions)
        if was is None or was.of != fingerprint(self._versions):
            return None
        if len(was.versions) != len(self._versions):
            return None
        return dict(zip(self._versions, was.versions, strict=True))


class Notifications:
    """What was written to this device's inbox, newest first. Of these none goes away before it
    `expires_at`, which the phone is told.
    """

    name = "notifications"
    memory = b"inbox"

    def __init__(self, sources: Sources, who: Who) -> None:
        self._notifications = sources.notifications
        self._device = who.device

    async def look(self, known: bytes) -> bool:
        return known == self.memory

    async def page(self, before: Before | None, behind: Behind, limit: int) -> Sequence[Told]:
        place = behind if isinstance(behind, Place) else None
        if before is None:
            found = await self._notifications.page(self._device, place, limit, unread=False)
        else:
            since = before.since.at
            found = await self._notifications.changed(self._device, since, place, limit)
        return [Told(one.place, one) for one in found]


SECTIONS: Final = (Alerts, AlertNotifications, Reports, Followed, Dossiers, Notifications)
"""In the order in which they are told: what people must know first comes first."""

NAMES: Final = tuple(section.name for section in SECTIONS)


def _is_for(alert: Alert, units: Collection[str]) -> bool:
    return alert.latest is not None and concerns(alert.latest.content.reach, units)
