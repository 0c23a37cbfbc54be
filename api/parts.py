"""The parts that one API process is made of: built here, started and stopped here, handed on.

Nothing else in `api` opens a connection or reads a setting for itself.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Gauge

from api.addresses import Addresses
from api.limits import RateLimits
from api.readiness import Kept, Readiness
from smartcity.attachments.examiner import Examiner
from smartcity.attachments.files import open_files
from smartcity.attachments.service import AttachmentService
from smartcity.attachments.store import AttachmentStore
from smartcity.audit.log import AuditLog
from smartcity.audit.records import AuditRecords
from smartcity.audit.store import AuditRecordStore, AuditStore
from smartcity.bridges import FollowedReports, PinsOfReports, ReportsWithFiles
from smartcity.city import load_city
from smartcity.dossiers.secrets import DossierSecrets
from smartcity.dossiers.service import DossierService
from smartcity.dossiers.store import DossierStore
from smartcity.feed.live import LiveStream
from smartcity.feed.store import FeedStore
from smartcity.feed.tail import FeedTail
from smartcity.geography.current import CurrentAreas
from smartcity.geography.store import BoundaryStore
from smartcity.identity.attempts.service import Attempts
from smartcity.identity.citizens.service import CitizenService
from smartcity.identity.citizens.store import CitizenStore
from smartcity.identity.consents.service import Consents
from smartcity.identity.consents.store import ConsentStore
from smartcity.identity.credentials import Credentials
from smartcity.identity.devices.service import DeviceService
from smartcity.identity.devices.store import DeviceStore
from smartcity.identity.key_files import open_personal
from smartcity.identity.keys.service import KeyService
from smartcity.identity.keys.store import KeyStore
from smartcity.identity.oidc.issuers import load_issuers
from smartcity.identity.oidc.keys import REFRESH_S as KEYS_REFRESH_S
from smartcity.identity.oidc.store import UsedTokenStore
from smartcity.identity.oidc.tokens import IdentityTokens
from smartcity.identity.persons.service import PersonKeys
from smartcity.identity.persons.store import PersonKeyStore
from smartcity.identity.phones import Phones
from smartcity.identity.senders.service import REFRESH_S as RESTRICTIONS_S
from smartcity.identity.senders.service import Senders
from smartcity.identity.senders.store import RestrictionStore
from smartcity.identity.staff.colleagues import Colleagues
from smartcity.identity.staff.doors import Doors
from smartcity.identity.staff.managing import StaffManagement
from smartcity.identity.staff.own import OwnAccount
from smartcity.identity.staff.passwords import Passwords
from smartcity.identity.staff.rules import roles_in
from smartcity.identity.staff.second_factor import SecondFactors
from smartcity.identity.staff.service import StaffService
from smartcity.identity.staff.sessions import SessionService
from smartcity.identity.staff.store import DoorStore, SessionStore, StaffStore
from smartcity.map.pins import PinIndex
from smartcity.map.tiles import MapTiles
from smartcity.notifications.follows import Follows
from smartcity.notifications.inbox import InboxService
from smartcity.notifications.store import FollowStore, NotificationStore
from smartcity.people.consents import Withdrawals
from smartcity.people.desk import Desk
from smartcity.people.erasure import Erasures
from smartcity.people.export import Export
from smartcity.people.store import PeopleStore
from smartcity.reports.answers import Answers
from smartcity.reports.confirmations.service import ConfirmationService
from smartcity.reports.confirmations.store import ConfirmationStore
from smartcity.reports.deadlines import Clocks
from smartcity.reports.holding.service import Holding
from smartcity.reports.holding.store import HeldReports
from smartcity.reports.intake import ReportIntake
from smartcity.reports.lists.counts import QueueCounts
from smartcity.reports.lists.store import ReportLists
from smartcity.reports.personal.callers import Callers
from smartcity.reports.personal.reporters import Reporters
from smartcity.reports.personal.store import PersonalStore
from smartcity.reports.receipts import Receipts
from smartcity.reports.service import ReportService
from smartcity.reports.similar import Similarity
from smartcity.reports.store import ReportStore
from smartcity.reports.tasks.store import TaskLists
from smartcity.reports.views import Views
from smartcity.settings import Settings
from smartcity.statistics.service import StatisticsService
from smartcity.storage.mongo import connect

log = structlog.get_logger(__name__)

REFRESH_S: Final = 2.0
"""How soon imported boundaries take effect."""

LONGEST_PAUSE_S: Final = 5.0


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
        secret = settings.secret()
        personal = open_personal(settings)
        passwords = Passwords()
        self.addresses = Addresses(settings.trusted_proxies)
        self.attempts = Attempts(database, settings)

        self.audit_records = AuditRecords(AuditRecordStore(database))
        device_store = DeviceStore(database)
        self.devices = DeviceService(device_store, self.city)
        staff_store, session_store = StaffStore(database), SessionStore(database)
        self.audit_store = AuditStore(database)
        self.audit_log = AuditLog(self.audit_store, self.audit_records, staff_store)
        self.staff = StaffService(staff_store, session_store, passwords, personal, self.city)
        self.colleagues = Colleagues(staff_store, self.city)
        self.identity_tokens = IdentityTokens(
            load_issuers(settings.oidc_issuers), UsedTokenStore(database), secret
        )
        self.senders = Senders(RestrictionStore(database), personal, self.audit_records, self.city)
        self.citizens = CitizenService(CitizenStore(database), self.devices, self.identity_tokens)
        factors = SecondFactors(staff_store, personal, secret)
        self.sessions = SessionService(
            staff_store,
            session_store,
            passwords,
            self.attempts,
            factors,
            Doors(DoorStore(database), secret),
            self.city,
            roles_in(settings.totp_roles),
        )
        self.own_account = OwnAccount(
            staff_store,
            session_store,
            passwords,
            self.attempts,
            factors,
            self.audit_records,
            self.city,
        )
        self.staff_management = StaffManagement(
            staff_store,
            session_store,
            passwords,
            factors,
            self.identity_tokens,
            self.audit_records,
            self.city,
        )
        self.credentials = Credentials(self.citizens, self.sessions, KeyService(KeyStore(database)))
        self.limits = RateLimits(settings, self.addresses)

        self.report_store = ReportStore(database)
        self.views = Views(self.city)
        self.report_lists = ReportLists(database)
        self.queue_counts = QueueCounts(self.report_lists)
        self.held = HeldReports(database)
        self.tasks = TaskLists(database)
        self.answers = Answers(self.city)
        self.similarity = Similarity(self.city, self.report_lists, self.views)
        self.confirmations = ConfirmationService(ConfirmationStore(database), self.report_store)
        self.areas = CurrentAreas(self.city, BoundaryStore(database))
        self.attachments = AttachmentService(
            AttachmentStore(database),
            open_files(settings.attachments, settings.data_path),
            Examiner(pixels=settings.upload_pixels, zone=self.city.zone),
            ReportsWithFiles(self.report_store),
            upload_bytes=settings.upload_bytes,
            per_report=settings.attachments_per_report,
        )
        phones = Phones(secret, self.city.region)
        persons = PersonKeys(PersonKeyStore(database), personal)
        consent_store, personal_store = ConsentStore(database), PersonalStore(database)
        self.consents = Consents(consent_store, self.city)
        reporters = Reporters(persons, phones, self.consents)
        self.callers = Callers(personal_store, phones, self.attempts, self.audit_records)
        clocks = Clocks(self.city)
        self.intake = ReportIntake(
            self.city,
            self.report_store,
            clocks=clocks,
            places=self.areas,
            attachments=self.attachments,
            reporters=reporters,
            senders=self.senders,
            holding=Holding(self.city, database),
        )
        self.receipts = Receipts(self.report_store, self.attempts, secret)
        self.reports = ReportService(
            self.city,
            self.report_store,
            clocks=clocks,
            places=self.areas,
            attachments=self.attachments,
            reporters=reporters,
            callers=self.callers,
            colleagues=self.colleagues,
            receipts=self.receipts,
            audit=self.audit_records,
            senders=self.senders,
        )
        follow_store, notification_store = FollowStore(database), NotificationStore(database)
        self.follows = Follows(follow_store, FollowedReports(self.report_store))
        self.inbox = InboxService(notification_store)
        self.withdrawals = Withdrawals(self.consents, personal_store)
        self.erasures = Erasures(PeopleStore(database), device_store)
        self.export = Export(
            self.city,
            personal_store,
            reporters,
            device_store,
            consent_store,
            follow_store,
            notification_store,
            citizens=CitizenStore(database),
            confirmations=ConfirmationStore(database),
            restrictions=RestrictionStore(database),
            attachments=AttachmentStore(database),
        )
        self.desk = Desk(self.callers, self.erasures, self.export)
        self.dossiers = DossierService(
            DossierStore(database), self.follows, self.attempts, self.city, DossierSecrets(secret)
        )

        feed = FeedStore(database)
        self._tail = FeedTail(feed)
        self.pins = PinIndex(PinsOfReports(self.report_store))
        self.tiles = MapTiles(self.pins)
        self.statistics = StatisticsService(self.city, self.pins)
        self.live = LiveStream(feed, self._tail, settings.live_listeners)
        self._tail.listen(self.pins.apply)
        self._tail.listen(self.live.take)

        self.readiness = Readiness(database)
        self.registry = self._measured()

    @asynccontextmanager
    async def running(self, _app: Any) -> AsyncGenerator[None]:
        """Load what is kept in memory and follow the feed, for as long as the app runs."""
        async with asyncio.TaskGroup() as group:
            work = group.create_task(self._work())
            try:
                yield
            finally:
                work.cancel()
        await self._client.close()

    async def _work(self) -> None:
        await _until_done(self._load)
        await asyncio.gather(
            _again_and_again(self._follow),
            _again_and_again(self._refresh_areas),
            _again_and_again(self._refresh_senders),
            _again_and_again(self._refresh_keys),
            _again_and_again(self._refresh_counts),
            self.pins.run(),
        )

    async def _load(self) -> None:
        await self._tail.start()
        self.live.start()
        await self.senders.refresh()  # before anything is taken in, which needs the areas
        await self.areas.refresh()
        self.readiness.mark(Kept.AREAS)
        await self.queue_counts.refresh()
        await self.pins.load()
        self.readiness.mark(Kept.PINS)

    async def _follow(self) -> None:
        if await self._tail.run_once() == 0:
            await asyncio.sleep(self.settings.consumer_poll_ms / 1000)

    async def _refresh_keys(self) -> None:
        await self.identity_tokens.refresh()
        await asyncio.sleep(KEYS_REFRESH_S)

    async def _refresh_counts(self) -> None:
        await asyncio.sleep(self.queue_counts.pause_s)
        await self.queue_counts.refresh()

    async def _refresh_areas(self) -> None:
        await self.areas.refresh()
        await asyncio.sleep(REFRESH_S)

    async def _refresh_senders(self) -> None:
        await self.senders.refresh()
        await asyncio.sleep(RESTRICTIONS_S)

    def _measured(self) -> CollectorRegistry:
        registry = CollectorRegistry()
        for name, text, value in (
            ("smartcity_pins", "Reports kept in memory.", lambda: len(self.pins)),
            ("smartcity_live_listeners", "Open live streams.", lambda: self.live.listeners),
            ("smartcity_feed_seq", "The last event seen.", lambda: self._tail.seq),
        ):
            Gauge(name, text, registry=registry).set_function(value)
        return registry


async def _until_done(work: Callable[[], Awaitable[None]]) -> None:
    pause_s = 0.1
    while True:
        try:
            return await work()
        except Exception as error:  # the database may be away for a while
            log.warning("work behind the API failed", error=repr(error), again_in_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)


async def _again_and_again(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await _until_done(work)
