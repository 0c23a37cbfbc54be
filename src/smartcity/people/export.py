"""Everything that is kept about a person, as one stream of lines: one thing a line, its kind first.

Read page by page, so that it is bounded in memory however much there is.
"""

from collections.abc import AsyncGenerator
from typing import Any, Final
from uuid import UUID

import msgspec

from smartcity.attachments.store import AttachmentStore
from smartcity.city.model import City
from smartcity.clock import now
from smartcity.feed.event import Topic
from smartcity.identity.citizens.store import CitizenStore
from smartcity.identity.consents.store import ConsentStore
from smartcity.identity.devices.store import DeviceStore
from smartcity.identity.emails.service import Emails
from smartcity.identity.senders.store import RestrictionStore
from smartcity.notifications.alert_reads.store import AlertReadStore
from smartcity.notifications.choices.store import ChoiceStore
from smartcity.notifications.following.store import FollowStore
from smartcity.notifications.letters.store import LetterStore
from smartcity.notifications.model import Notification, Place
from smartcity.notifications.store import NotificationStore
from smartcity.people.person import Person
from smartcity.reports.confirmations.store import ConfirmationStore
from smartcity.reports.model import Report
from smartcity.reports.personal.reporters import Reporters
from smartcity.reports.personal.store import PersonalStore
from smartcity.reports.viewers import Viewer
from smartcity.reports.views import Views

PAGE: Final = 100

FOLLOWED: Final = 10_000
"""More of one person's follows, confirmations or files are not told; nobody can have so many."""

TOLD_OF_A_DEVICE: Final = (
    "id",
    "platform",
    "language",
    "push",
    "units",
    "categories",
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
TOLD_OF_AN_EMAIL: Final = ("state", "language", "asked_at", "confirmed_at")
TOLD_OF_A_LETTER: Final = (
    "id",
    "channel",
    "topic",
    "subject",
    "action",
    "title",
    "body",
    "language",
    "created_at",
)
TOLD_OF_AN_ACCOUNT: Final = ("id", "issuer", "assurance", "created_at")
TOLD_OF_AN_ATTACHMENT: Final = ("id", "report", "size_bytes", "created_at", "taken_at", "place")
"""The file itself is had from where it is shown."""
TOLD_OF_A_RESTRICTION: Final = ("until", "explanation", "per_day", "set_at")
"""As its person is told whenever it binds; `reason` is what dispatchers tell each other."""
TOLD_OF_AN_ENTRY: Final = ("at", "action", "text", "attachments")
TOLD_OF_READ_ALERTS: Final = ("read", "up_to", "all_at")
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
        alert_reads: AlertReadStore,
        *,
        letters: LetterStore,
        emails: Emails,
        choices: ChoiceStore,
        citizens: CitizenStore,
        confirmations: ConfirmationStore,
        restrictions: RestrictionStore,
        attachments: AttachmentStore,
    ) -> None:
        self._views = Views(city)
        self._reports = reports
        self._reporters = reporters
        self._devices = devices
        self._consents = consents
        self._follows = follows
        self._notifications = notifications
        self._alert_reads = alert_reads
        self._letters = letters
        self._emails = emails
        self._choices = choices
        self._citizens = citizens
        self._confirmations = confirmations
        self._restrictions = restrictions
        self._attachments = attachments

    async def lines(self, person: Person, language: str) -> AsyncGenerator[bytes]:
        """The lines of an NDJSON document."""
        async for kind, thing in self._things(person, language):
            yield msgspec.json.encode({"kind": kind, **msgspec.to_builtins(thing)}) + b"\n"

    async def _things(self, person: Person, language: str) -> AsyncGenerator[tuple[str, Any]]:
        if person.account and (citizen := await self._citizens.get(person.account)):
            yield "account", _told(citizen, TOLD_OF_AN_ACCOUNT)
        for device in await self._devices.several(person.ids):
            yield "device", _told(device, TOLD_OF_A_DEVICE)
        for consent in await self._consents.of(person.ids):
            yield "consent", _told(consent, TOLD_OF_A_CONSENT)
        for choices in (await self._choices.of(person.ids)).values():
            if choices.channels:
                yield "choices", {"channels": choices.channels}
        for restriction in await self._restrictions.binding(person.ids, now()):
            told = _told(restriction, TOLD_OF_A_RESTRICTION)
            yield "restriction", {"as": restriction.kind, **told}
        for one in sorted(person.ids):
            for topic in (Topic.REPORT, Topic.DOSSIER):
                for subject in await self._follows.followed_by(one, topic, FOLLOWED):
                    yield "follow", {"topic": topic, "subject": subject}
            async for notification in self._told_to(one):
                yield "notification", _told(notification, TOLD_OF_A_NOTIFICATION)
            if email := await self._emails.of(one):
                told = _told(email, TOLD_OF_AN_EMAIL)
                yield "email", {"address": await self._emails.address(email), **told}
            async for letter in self._letters.of(one):
                yield "letter", _told(letter, TOLD_OF_A_LETTER)
            if reads := await self._alert_reads.get(one):
                yield "alerts_read", _told(reads, TOLD_OF_READ_ALERTS)
        for confirmation in await self._confirmations.of(person.ids, FOLLOWED):
            yield "confirmation", {"report": confirmation.id.report, "at": confirmation.at}
        for attachment in await self._attachments.of_owners(person.ids, FOLLOWED):
            yield "attachment", _told(attachment, TOLD_OF_AN_ATTACHMENT)
        async for report in self._sent_by(person):
            if person.sent(report.reporter.id, report.reporter.phone):
                yield "report", await self._report(report, language)
            else:
                yield "said", _said_by(report, person)

    async def _told_to(self, person: UUID) -> AsyncGenerator[Notification]:
        behind: Place | None = None
        while page := await self._notifications.page(person, behind, PAGE, unread=False):
            for notification in page:
                yield notification
            behind = page[-1].place

    async def _sent_by(self, person: Person) -> AsyncGenerator[Report]:
        before: UUID | None = None
        phones = () if person.phone is None else (person.phone,)
        while page := await self._reports.of_persons(person.ids, phones, limit=PAGE, before=before):
            for report in page:
                yield report
            before = page[-1].id

    async def _report(self, report: Report, language: str) -> dict[str, Any]:
        view = msgspec.to_builtins(self._views.full(report, Viewer.REPORTER, language))
        contact = await self._reporters.contact(report)
        return view | {"share_contact": report.reporter.share_contact, "contact": contact}


def _said_by(report: Report, person: Person) -> dict[str, Any]:
    """What somebody said in a report that another person sent: all else in it is theirs."""
    said = [entry for entry in report.timeline if entry.by.id in person.ids]
    return {"report": report.id, "entries": [_told(one, TOLD_OF_AN_ENTRY) for one in said]}


def _told(thing: msgspec.Struct, fields: tuple[str, ...]) -> dict[str, Any]:
    """Without what only the software needs: hashes of tokens, places in queues."""
    return {name: getattr(thing, name) for name in fields}
