"""Everything that is kept about a person, as one stream of lines: one thing a line, its kind first.

Read page by page, so that it is bounded in memory however much there is.
"""

from collections.abc import AsyncGenerator
from typing import Any, Final
from uuid import UUID

import msgspec

from smartcity.city.model import City
from smartcity.feed.event import Topic
from smartcity.identity.consents.store import ConsentStore
from smartcity.identity.devices.store import DeviceStore
from smartcity.identity.roles import Actor
from smartcity.notifications.model import Notification, Place
from smartcity.notifications.store import FollowStore, NotificationStore
from smartcity.reports.model import Report
from smartcity.reports.personal.reporters import Reporters
from smartcity.reports.personal.store import PersonalStore
from smartcity.reports.views import Viewer, Views

PAGE: Final = 100

FOLLOWED: Final = 10_000
"""More of one person's follows are not told; nobody can have so many."""

TOLD_OF_A_DEVICE: Final = (
    "id",
    "platform",
    "language",
    "push",
    "units",
    "quiet_hours",
    "created_at",
    "seen_at",
)
TOLD_OF_A_NOTIFICATION: Final = (
    "id",
    "topic",
    "subject",
    "action",
    "title",
    "body",
    "language",
    "created_at",
    "read_at",
)
TOLD_OF_A_CONSENT: Final = ("purpose", "version", "given", "at")


class Export:
    def __init__(
        self,
        city: City,
        reports: PersonalStore,
        reporters: Reporters,
        devices: DeviceStore,
        consents: ConsentStore,
        follows: FollowStore,
        notifications: NotificationStore,
    ) -> None:
        self._views = Views(city)
        self._reports = reports
        self._reporters = reporters
        self._devices = devices
        self._consents = consents
        self._follows = follows
        self._notifications = notifications

    async def lines(self, actor: Actor, language: str) -> AsyncGenerator[bytes]:
        """The lines of an NDJSON document."""
        async for kind, thing in self._things(actor, language):
            yield msgspec.json.encode({"kind": kind, **msgspec.to_builtins(thing)}) + b"\n"

    async def _things(self, actor: Actor, language: str) -> AsyncGenerator[tuple[str, Any]]:
        if actor.account is not None:
            yield "account", {"id": actor.account}
        for device in await self._devices.several(actor.own_ids):
            yield "device", _told(device, TOLD_OF_A_DEVICE)
        for consent in await self._consents.of(actor.own_ids):
            yield "consent", _told(consent, TOLD_OF_A_CONSENT)
        for person in sorted(actor.own_ids):
            for topic in (Topic.REPORT, Topic.DOSSIER):
                for subject in await self._follows.followed_by(person, topic, FOLLOWED):
                    yield "follow", {"topic": topic, "subject": subject}
            async for notification in self._told_to(person):
                yield "notification", _told(notification, TOLD_OF_A_NOTIFICATION)
        async for report in self._sent_by(actor):
            yield "report", await self._report(report, language)

    async def _told_to(self, person: UUID) -> AsyncGenerator[Notification]:
        behind: Place | None = None
        while page := await self._notifications.page(person, behind, PAGE, unread=False):
            for notification in page:
                yield notification
            behind = page[-1].place

    async def _sent_by(self, actor: Actor) -> AsyncGenerator[Report]:
        before: UUID | None = None
        while page := await self._reports.of_persons(actor.own_ids, limit=PAGE, before=before):
            for report in page:
                yield report
            before = page[-1].id

    async def _report(self, report: Report, language: str) -> dict[str, Any]:
        view = msgspec.to_builtins(self._views.full(report, Viewer.REPORTER, language))
        contact = await self._reporters.contact(report)
        return view | {"share_contact": report.reporter.share_contact, "contact": contact}


def _told(thing: msgspec.Struct, fields: tuple[str, ...]) -> dict[str, Any]:
    """Without what only the software needs: hashes of tokens, places in queues."""
    return {name: getattr(thing, name) for name in fields}
