"""The parts that one API process is made of: built here, started and stopped here, handed on.

Nothing else in `api` opens a connection or reads a setting for itself.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry

from api.addresses import Addresses
from api.limits import RateLimits
from api.metrics import AlertGauge, LetterGauge, PushGauge, SmsGauge, registry_of
from api.readiness import Kept, Readiness
from api.refreshing import again_and_again, kept_fresh, kept_fresh_in_turn, until_done
from smartcity.alerts.current import CurrentAlerts
from smartcity.alerts.deliveries.counts import PAUSE_S, DeliveryCounts
from smartcity.alerts.desk import AlertDesk
from smartcity.alerts.preview import Previews
from smartcity.alerts.views import AlertViews
from smartcity.audit.log import AuditLog
from smartcity.audit.store import AuditStore
from smartcity.bridges import PinsOfReports, PublishedAlerts
from smartcity.cancelling import end
from smartcity.city import load_city
from smartcity.clock import now
from smartcity.composition import Composition
from smartcity.dossiers.secrets import DossierSecrets
from smartcity.dossiers.service import DossierService
from smartcity.feed.live import LiveStream
from smartcity.feed.tail import FeedTail
from smartcity.identity.citizens.service import CitizenService
from smartcity.identity.credentials import Credentials
from smartcity.identity.keys.service import KeyService
from smartcity.identity.keys.store import KeyStore
from smartcity.identity.oidc.keys import REFRESH_S as KEYS_REFRESH_S
from smartcity.identity.senders.service import REFRESH_S as RESTRICTIONS_S
from smartcity.identity.staff.doors import Doors
from smartcity.identity.staff.own import OwnAccount
from smartcity.identity.staff.rules import roles_in
from smartcity.identity.staff.sessions import SessionService
from smartcity.identity.staff.store import DoorStore
from smartcity.map.pins import PinIndex
from smartcity.map.tiles import MapTiles
from smartcity.notifications.alerts import AlertInbox
from smartcity.notifications.choices.service import ChoiceService
from smartcity.notifications.inbox import InboxService
from smartcity.notifications.letters.desk import LetterDesk
from smartcity.notifications.letters.email.owners import EmailOwners
from smartcity.notifications.letters.sms.desk import SmsDesk
from smartcity.notifications.push_records import PushRecords
from smartcity.people.consents import Withdrawals
from smartcity.people.desk import Desk
from smartcity.people.erasure import Erasures
from smartcity.people.export import Export
from smartcity.people.sync.sections import Sources
from smartcity.people.sync.service import Sync
from smartcity.reports.answers import Answers
from smartcity.reports.changes.store import ReportChanges
from smartcity.reports.codes import refuse_lost_codes
from smartcity.reports.holding.service import Holding
from smartcity.reports.holding.store import HeldReports
from smartcity.reports.intake import ReportIntake
from smartcity.reports.lists.counts import QueueCounts
from smartcity.reports.similar import Similarity
from smartcity.reports.tasks.store import TaskLists
from smartcity.reports.views import Views
from smartcity.settings import Settings
from smartcity.statistics.service import StatisticsService
from smartcity.storage.mongo import connect

log = structlog.get_logger(__name__)

AREAS_S: Final = 2.0
"""How soon imported boundaries take effect."""


class Parts:
    """Everything that handlers may ask for by name, and the work that goes on behind them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.city = load_city(settings.city_dir)
        self._client, database = connect(
            settings.mongo_uri,
            settings.mongo_database,
            timeout_s=settings.mongo_timeout_s,
            pool=settings.mongo_pool,
        )
        shared = Composition(settings, self.city, database)
        self.addresses = Addresses(settings.trusted_proxies)
        self.limits = RateLimits(settings, self.addresses)
        self.attempts = shared.attempts
        self.audit_records = shared.audit_records
        self.audit_store = AuditStore(database)
        self.audit_log = AuditLog(self.audit_store, self.audit_records, shared.staff_store)

        self.devices = shared.devices
        self.senders = shared.senders
        self.consents = shared.consents
        self.callers = shared.callers
        self.identity_tokens = shared.identity_tokens
        self.citizens = CitizenService(shared.citizen_store, self.devices, self.identity_tokens)
        self.staff = shared.staff
        self.colleagues = shared.colleagues
        self.staff_management = shared.staff_management
        self.sessions = SessionService(
            shared.staff_store,
            shared.session_store,
            shared.passwords,
            self.attempts,
            shared.second_factors,
            Doors(DoorStore(database), shared.secret),
            self.city,
            roles_in(settings.totp_roles),
        )
        self.own_account = OwnAccount(
            shared.staff_store,
            shared.session_store,
            shared.passwords,
            self.attempts,
            shared.second_factors,
            self.audit_records,
            self.city,
        )
        self.credentials = Credentials(self.citizens, self.sessions, KeyService(KeyStore(database)))

        self.areas = shared.areas
        self.attachments = shared.attachments
        self.report_store = shared.report_store
        self.reports = shared.reports
        self.receipts = shared.receipts
        self.intake = ReportIntake(
            self.city,
            self.report_store,
            clocks=shared.clocks,
            places=self.areas,
            attachments=self.attachments,
            reporters=shared.reporters,
            senders=self.senders,
            holding=Holding(self.city, database),
        )
        self.views = Views(self.city)
        self.report_lists = shared.report_lists
        self.queue_counts = QueueCounts(self.report_lists)
        self.held = HeldReports(database)
        self.tasks = TaskLists(database)
        self.answers = Answers(self.city)
        self.similarity = Similarity(self.city, self.report_lists, self.views)
        self.confirmations = shared.confirmations

        self.alerts = shared.alerts
        inbox_keeps = timedelta(days=self.city.privacy.inbox_days)
        self.current_alerts = CurrentAlerts(shared.alert_store, inbox_keeps)
        self.alert_deliveries = DeliveryCounts(shared.delivery_store)
        self.alert_views = AlertViews(self.city)
        self.alert_desk = AlertDesk(
            shared.alert_store,
            shared.delivery_store,
            Previews(self.city, shared.alert_store, shared.device_store),
            self.alert_views,
            self.colleagues,
        )

        self.follows = shared.follows
        self.choices = ChoiceService(shared.choice_store, shared.emails)
        self.push_records = PushRecords(shared.notification_store)
        self.emails = shared.emails
        self.email_owners = EmailOwners(
            self.city,
            shared.emails,
            shared.letter_store,
            self.consents,
            self.attempts,
            self.audit_records,
            keep=inbox_keeps,
        )
        self.letter_desk = LetterDesk(shared.letter_store)
        self.sms_desk = SmsDesk(shared.sms_budget)
        inbox_alerts = AlertInbox(
            PublishedAlerts(self.city, self.current_alerts),
            shared.device_store,
            shared.alert_read_store,
            inbox_keeps,
        )
        self.inbox = InboxService(shared.notification_store, inbox_alerts)
        self.dossiers = DossierService(
            shared.dossier_store,
            self.follows,
            self.attempts,
            self.city,
            DossierSecrets(shared.secret),
        )
        self.sync = Sync(
            shared.feed_store,
            Sources(
                reports=ReportChanges(database),
                views=self.views,
                follows=shared.follow_store,
                dossiers=self.dossiers,
                notifications=shared.notification_store,
                inbox=self.inbox,
                alert_inbox=inbox_alerts,
                alerts=self.current_alerts,
                alert_views=self.alert_views,
                devices=shared.device_store,
            ),
            timedelta(days=settings.feed_days),
        )
        self.withdrawals = Withdrawals(self.consents, shared.personal_store, shared.emails)
        self.erasures = Erasures(shared.people_store, shared.device_store)
        self.export = Export(
            self.city,
            shared.personal_store,
            shared.reporters,
            shared.device_store,
            shared.consent_store,
            shared.follow_store,
            shared.notification_store,
            shared.alert_read_store,
            letters=shared.letter_store,
            emails=shared.emails,
            citizens=shared.citizen_store,
            choices=shared.choice_store,
            confirmations=shared.confirmation_store,
            restrictions=shared.restriction_store,
            attachments=shared.attachment_store,
        )
        self.desk = Desk(self.callers, self.erasures, self.export)

        self.webhooks = shared.webhooks

        feed = shared.feed_store
        self._tail = FeedTail(feed)
        self.pins = PinIndex(PinsOfReports(self.report_store))
        self.tiles = MapTiles(self.pins)
        self.statistics = StatisticsService(self.city, self.pins)
        self.live = LiveStream(feed, self._tail, settings.live_listeners)
        self._tail.listen(self.pins.apply)
        self._tail.listen(self.live.take)
        self._tail.listen(self.current_alerts.take)

        self.readiness = Readiness(database)
        self.registry = self._measured()

    @asynccontextmanager
    async def running(self, _app: Any) -> AsyncGenerator[None]:
        """Load what is kept in memory and follow the feed, for as long as the app runs."""
        async with self._client, asyncio.TaskGroup() as group:
            work = group.create_task(self._work())
            try:
                yield
            finally:
                await end(work)

    async def _work(self) -> None:
        await until_done(self._load)
        await asyncio.gather(
            again_and_again(self._follow),
            again_and_again(self.current_alerts.run_once),
            self.pins.run(),
            kept_fresh(self.areas, AREAS_S),
            kept_fresh(self.senders, RESTRICTIONS_S),
            kept_fresh(self.identity_tokens, KEYS_REFRESH_S),
            kept_fresh(self.alert_deliveries, PAUSE_S),
            *map(
                kept_fresh_in_turn,
                (self.queue_counts, self.push_records, self.letter_desk, self.sms_desk),
            ),
        )

    async def _load(self) -> None:
        await refuse_lost_codes(self.report_lists, self.city, self.settings.city_dir)
        await self._tail.start()
        self.live.start()
        await self.senders.refresh()  # before anything is taken in, which needs the areas
        await self.areas.refresh()
        self.readiness.mark(Kept.AREAS)
        await self.current_alerts.refresh()
        self.readiness.mark(Kept.ALERTS)
        await self.queue_counts.refresh()
        await self.pins.load()
        self.readiness.mark(Kept.PINS)

    async def _follow(self) -> None:
        if await self._tail.run_once() == 0:
            await asyncio.sleep(self.settings.consumer_poll_ms / 1000)

    def _measured(self) -> CollectorRegistry:
        return registry_of(
            {
                "smartcity_pins": ("Reports kept in memory.", lambda: len(self.pins)),
                "smartcity_live_listeners": ("Open live streams.", lambda: self.live.listeners),
                "smartcity_alerts": (
                    "Alerts that hold.",
                    lambda: len(self.current_alerts.active(now())),
                ),
                "smartcity_feed_seq": ("The last event seen.", lambda: self._tail.seq),
            },
            PushGauge(self.push_records),
            LetterGauge(self.letter_desk),
            SmsGauge(self.sms_desk),
            AlertGauge(self.alert_deliveries),
        )
