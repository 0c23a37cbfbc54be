"""What one slice asks of another: the Protocols that slices declare, filled in here.

A slice never imports a slice; `composition`, `api` and `workers` hand these in.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from smartcity.alerts.current import CurrentAlerts, holds_until
from smartcity.alerts.deliveries.model import Delivery
from smartcity.alerts.events import TOLD
from smartcity.alerts.model import Alert, Message, MessageKind
from smartcity.alerts.store import AlertStore
from smartcity.alerts.wording import description, headline, words_of
from smartcity.attachments.images import Region
from smartcity.city.model import City, Publicity
from smartcity.dossiers.collecting.model import Followed, Place
from smartcity.dossiers.events import DossierBatches
from smartcity.feed.event import Event, Topic
from smartcity.identity.devices.store import DeviceStore
from smartcity.identity.roles import Actor, Role
from smartcity.identity.staff.store import StaffStore
from smartcity.map.model import Pin
from smartcity.notifications.alerts import AlertNotice
from smartcity.notifications.digests.model import Standing
from smartcity.notifications.following.model import Following
from smartcity.notifications.following.service import Merged
from smartcity.notifications.following.store import FollowStore
from smartcity.notifications.model import notification_id
from smartcity.notifications.store import NotificationStore
from smartcity.reports.events import event
from smartcity.reports.lists.store import ReportLists
from smartcity.reports.merging import everything_merged_into
from smartcity.reports.model import Report
from smartcity.reports.moderation import covered
from smartcity.reports.parties import may_know_of, parties_of, viewer_of
from smartcity.reports.store import ReportStore
from smartcity.reports.viewers import MASKED, OFFICIALS
from smartcity.reports.words import Action, Party
from smartcity.storage.mongo import Document

CHUNK: Final = 2000

EVENT_KINDS: Final = frozenset(
    {
        *(f"{Topic.REPORT}.{action}" for action in Action),
        *(f"{Topic.ALERT}.{action}" for action in TOLD),
    }
)
"""What events with a public side may be (`webhooks.service.Webhooks`)."""

NOTICED_AS: Final = {
    MessageKind.ALERT: "issue",
    MessageKind.UPDATE: "update",
    MessageKind.CANCEL: "cancel",
}

HOLDERS: Final = 50
"""So many people of one office are told at the most: where more are responsible, nobody is."""


class PinsOfReports:
    """The map's rows (`map.model.PinSource`), read from the reports."""

    def __init__(self, reports: ReportStore) -> None:
        self._reports = reports

    async def pins(self) -> AsyncIterator[Sequence[Pin]]:
        async for chunk in _chunks(self._reports.columns()):
            yield [_pin(document) for document in chunk]

    async def batch(self, batch: UUID) -> AsyncIterator[Sequence[Pin]]:
        async for chunk in _chunks(self._reports.columns(batch)):
            yield [_pin(document) for document in chunk]


class FollowedReports:
    """What followers need to know of reports (`notifications.following.service.KnownReports`)."""

    def __init__(self, reports: ReportStore) -> None:
        self._reports = reports

    async def exists(self, report: UUID) -> bool:
        """Whether there is such a report that the public may know of."""
        found = await self._reports.find(report)
        if found is None or found.held is not None:
            return False
        return found.public is not Publicity.NEVER

    async def merged_into(self, reports: Collection[UUID]) -> Mapping[UUID, Sequence[Merged]]:
        """Everything merged into these, directly or through others."""
        found = await everything_merged_into(self._reports, reports)
        return {
            survivor: [Merged(one.report, one.reporter) for one in merged]
            for survivor, merged in found.items()
        }


class FollowsOfDossiers:
    """Who follows which dossiers (`dossiers.collecting.service.FollowedDossiers`)."""

    def __init__(self, follows: FollowStore) -> None:
        self._follows = follows

    async def page(self, behind: Place | None, limit: int) -> Sequence[Followed]:
        last = behind and Following(follower=behind.follower, subject=behind.dossier)
        return [
            Followed(place=Place(follow.id.subject, follow.id.follower), since=follow.at)
            for follow in await self._follows.of_dossiers(last, limit)
        ]


class ReportsWithFiles:
    """Which reports show which attachments (`attachments.model.AttachmentAudience`)."""

    def __init__(self, reports: ReportStore) -> None:
        self._reports = reports

    async def covers(
        self, attachment: UUID, actor: Actor, receipt: UUID | None
    ) -> Sequence[Region] | None:
        """What is covered where a report shows the attachment to the actor, if one does: staff who
        may know of the report see all, its reporter what is not internal, the public what is public
        besides. The public, and staff whom the report does not concern, see nothing that is hidden.
        """
        for report in await self._reports.with_files([attachment]):
            parties = parties_of(actor, report, has_receipt=receipt == report.id)
            if _shows(report, attachment, actor, parties):
                hidden = covered(report, attachment)
                if hidden is None or viewer_of(actor, parties) not in MASKED:
                    return ()
                return None if hidden.whole else hidden.regions
        return None

    async def holders(self, attachments: Collection[UUID]) -> Mapping[UUID, UUID]:
        reports = await self._reports.with_files(attachments)
        held = {file: report.id for report in reports for file in report.files}
        return {file: held[file] for file in attachments if file in held}


class ImportedBatches:
    """What bulk events changed (`workers.notifier.Batches`), of every kind of subject."""

    def __init__(self, reports: ReportStore, dossiers: DossierBatches) -> None:
        self._reports = reports
        self._dossiers = dossiers

    async def subjects(self, bulk: Event, /) -> AsyncIterator[Sequence[UUID]]:
        if bulk.of is Topic.DOSSIER:
            async for subjects in self._dossiers.subjects(bulk):
                yield subjects
            return
        async for chunk in _chunks(self._reports.columns(bulk.batch)):
            yield [document["_id"] for document in chunk]

    async def events(self, bulk: Event, subjects: Collection[UUID], /) -> Sequence[Event]:
        if bulk.of is Topic.DOSSIER:
            return await self._dossiers.events(bulk, subjects)
        reports = await self._reports.several(subjects)
        return [event(report, report.timeline[-1]) for report in reports]


class PublishedAlerts:
    """What inboxes show of alerts (`notifications.alerts.AlertsOf`), from memory."""

    def __init__(self, city: City, alerts: CurrentAlerts) -> None:
        self._city = city
        self._alerts = alerts

    def are_none(self) -> bool:
        return self._alerts.are_none

    async def of(
        self, units: Collection[str], language: str, since: datetime
    ) -> Sequence[AlertNotice]:
        return [
            notice_of(self._city, told.alert, told.message, language)
            for told in self._alerts.told(units, since)
        ]


class DeliveredWords:
    """What the message of a delivery says (`workers.alert_pushes.AlertPushes`)."""

    def __init__(self, city: City, alerts: AlertStore) -> None:
        self._city = city
        self._alerts = alerts

    async def of(self, delivery: Delivery) -> Callable[[str], AlertNotice]:
        """The words, by language."""
        alert = await self._alerts.find(delivery.alert)
        assert alert is not None, "alerts are never removed"
        message = next(one for one in alert.messages if one.id == delivery.id)
        return lambda language: notice_of(self._city, alert, message, language)


def notice_of(city: City, alert: Alert, message: Message, language: str) -> AlertNotice:
    """A message of an alert as a person reads it: in the inbox, and in the push that tells of it.
    The language may be one that the city has no more.
    """
    language = city.spoken(language)
    return AlertNotice(
        message=message.id,
        alert=alert.id,
        action=NOTICED_AS[message.kind],
        title=headline(city, message, language),
        body=description(city, message, language),
        language=words_of(city, message, language)[0],
        sent=message.sent,
        until=holds_until(alert, message),
    )


class SeenNotifications:
    """What is known of messages on their way (`reports.clockwork.sweep.Reach`)."""

    def __init__(self, notifications: NotificationStore, devices: DeviceStore) -> None:
        self._notifications = notifications
        self._devices = devices

    async def reached(self, event: UUID, recipient: UUID) -> bool:
        """Whether somebody read of an event, or was there since it lay in their inbox. A phone
        that was never switched on again was reached by nothing, whatever was sent to it.
        """
        told = await self._notifications.get(notification_id(event, recipient))
        if told is None or told.read_at is not None:
            return told is not None
        device = await self._devices.get(recipient)
        return device is not None and device.seen_at > told.created_at


class QueuesOfAgencies:
    """How agencies stand (`notifications.digests.service.AgencyStandings`), by the open reports."""

    def __init__(self, lists: ReportLists) -> None:
        self._lists = lists

    async def standing(self, at: datetime, /) -> Mapping[str, Standing]:
        tally = await self._lists.tally(at)
        return {
            agency: Standing(
                open=sum(count.reports for count in counts),
                at_risk=sum(count.at_risk for count in counts),
                overdue=sum(count.overdue for count in counts),
            )
            for agency, counts in tally.opened.items()
        }


class StaffInOffice:
    """Who holds an office (`workers.audiences.Offices`), read from the staff accounts."""

    def __init__(self, staff: StaffStore) -> None:
        self._staff = staff

    async def holders(self, role: str, agency: str, /) -> Sequence[UUID]:
        """A supervisor is told by the agencies given to them: whoever is responsible for a whole
        tree of agencies hears of those below when nobody there did anything.
        """
        office = Role(role)
        of = None if office is Role.DISPATCHER else agency
        return await self._staff.with_role(office, of, HOLDERS)


def _shows(report: Report, attachment: UUID, actor: Actor, parties: Collection[Party]) -> bool:
    if viewer_of(actor, parties) in OFFICIALS:
        return may_know_of(report, actor, parties)
    if not report.is_public and Party.REPORTER not in parties:
        return False
    return any(attachment in entry.attachments and not entry.internal for entry in report.timeline)


def _pin(document: Document) -> Pin:
    place, deadlines = document["place"], document["deadlines"]
    public = Publicity(document["public"])
    received = document.get("received_at")
    return Pin(
        id=document["_id"],
        version=document["version"],
        status=document["status"],
        category=document["category"],
        field=document["field"],
        agency=document["agency"],
        unit=place.get("unit"),
        lon=place.get("lon"),
        lat=place.get("lat"),
        public=public is Publicity.AT_ONCE
        or (public is Publicity.ON_RECEIPT and received is not None),
        never_public=public is Publicity.NEVER,
        submitted_at=document["submitted_at"],
        received_at=received,
        finished_at=document.get("finished_at"),
        receive_by=deadlines["receive_by"],
        due_at=document.get("due_at"),
        risk_at=document.get("risk_at"),
        first_resolve_by=deadlines["first_resolve_by"],
    )


async def _chunks(documents: AsyncIterator[Document]) -> AsyncIterator[list[Document]]:
    chunk: list[Document] = []
    async for document in documents:
        chunk.append(document)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
