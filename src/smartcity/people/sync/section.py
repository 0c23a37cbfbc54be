"""What a section of a person's state is, and what all of them are read from."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

import msgspec

from smartcity.alerts.current import CurrentAlerts
from smartcity.alerts.views import AlertViews
from smartcity.dossiers.service import DossierService
from smartcity.feed.event import Topic
from smartcity.identity.devices.store import DeviceStore
from smartcity.notifications.alerts import AlertInbox
from smartcity.notifications.following.store import FollowStore
from smartcity.notifications.inbox import InboxService
from smartcity.notifications.model import Place
from smartcity.notifications.store import NotificationStore
from smartcity.reports.changes.store import ReportChanges, Since
from smartcity.reports.views import Views

Behind = Place | UUID | None
"""Where a page ended: of what is paged by time at a place of the inbox, of all else at an id."""

Memory = TypeVar("Memory")


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Where a person's state is read from."""

    reports: ReportChanges
    views: Views
    follows: FollowStore
    dossiers: DossierService
    notifications: NotificationStore
    inbox: InboxService
    alert_inbox: AlertInbox
    alerts: CurrentAlerts
    alert_views: AlertViews
    devices: DeviceStore


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an answer is for: the device, every device of the same person, their language, and what
    the device follows.
    """

    device: UUID
    person: frozenset[UUID]
    language: str
    follows: Mapping[Topic, Collection[UUID]]


class Before(NamedTuple):
    """What the phone was told of: what was so by then, while the section was as in its memory."""

    since: Since
    memory: bytes


class Told(NamedTuple):
    """One thing at its place; without a view if it went away at this moment."""

    place: Place | UUID
    view: Any


class Section(Protocol):
    """It first looks at what it is, then gives pages of what is to be told. One is made for each
    answer.
    """

    name: str

    @property
    def memory(self) -> bytes:
        """A few bytes that tell what it is, for the cursor."""
        ...

    async def look(self, known: bytes) -> bool:
        """See what it is now. Whether that is what is known of it but for changes: then nothing
        went away, and the pages of what changed tell everything.
        """
        ...

    async def page(self, before: Before | None, behind: Behind, limit: int) -> Sequence[Told]:
        """What changed, or all of it if nothing was told before, behind a place."""
        ...


def id_in(behind: Behind) -> UUID | None:
    return behind if isinstance(behind, UUID) else None


def next_of(ids: Collection[UUID], behind: Behind, limit: int) -> list[UUID]:
    """The next of them in their order."""
    place = id_in(behind)
    return sorted(one for one in ids if place is None or one > place)[:limit]


def remembered(known: bytes, kind: type[Memory]) -> Memory | None:
    """What a section knew of itself; none if it was not known, or is nothing that we wrote."""
    try:
        return msgspec.msgpack.decode(known, type=kind)
    except msgspec.MsgspecError:
        return None
