"""What the API, the workers and the command are made of alike: each part is put together here, and
nowhere a second time.

A part is made when it is first asked for, so that a process has only those it uses; making one asks
the database nothing. What only one of them needs is put together there.
"""

from functools import cached_property

from smartcity.alerts.deliveries.store import DeliveryStore, StragglerStore
from smartcity.alerts.service import AlertService
from smartcity.alerts.store import AlertStore
from smartcity.attachments.examiner import Examiner
from smartcity.attachments.files import open_files
from smartcity.attachments.service import AttachmentService
from smartcity.attachments.store import AttachmentStore
from smartcity.audit.records import AuditRecords
from smartcity.audit.store import AuditRecordStore
from smartcity.bridges import EVENT_KINDS, FollowedReports, ReportsWithFiles
from smartcity.city.model import City
from smartcity.dossiers.store import DossierStore
from smartcity.feed.store import FeedStore
from smartcity.geography.current import CurrentAreas
from smartcity.geography.store import BoundaryStore
from smartcity.identity.attempts.service import Attempts
from smartcity.identity.citizens.store import CitizenStore
from smartcity.identity.consents.service import Consents
from smartcity.identity.consents.store import ConsentStore
from smartcity.identity.devices.service import DeviceService
from smartcity.identity.devices.store import DeviceStore
from smartcity.identity.emails.service import Emails
from smartcity.identity.emails.store import EmailStore
from smartcity.identity.key_files import open_personal
from smartcity.identity.oidc.issuers import load_issuers
from smartcity.identity.oidc.store import UsedTokenStore
from smartcity.identity.oidc.tokens import IdentityTokens
from smartcity.identity.personal import PersonalData
from smartcity.identity.persons.service import PersonKeys
from smartcity.identity.persons.store import PersonKeyStore
from smartcity.identity.phones import Phones
from smartcity.identity.senders.service import Senders
from smartcity.identity.senders.store import RestrictionStore
from smartcity.identity.staff.colleagues import Colleagues
from smartcity.identity.staff.managing import StaffManagement
from smartcity.identity.staff.passwords import Passwords
from smartcity.identity.staff.second_factor import SecondFactors
from smartcity.identity.staff.service import StaffService
from smartcity.identity.staff.store import SessionStore, StaffStore
from smartcity.notifications.alert_reads.store import AlertReadStore
from smartcity.notifications.choices.store import ChoiceStore
from smartcity.notifications.following.service import Follows
from smartcity.notifications.following.store import FollowStore
from smartcity.notifications.letters.sms.budget import SmsBudget
from smartcity.notifications.letters.sms.store import SmsBudgetStore
from smartcity.notifications.letters.store import LetterStore
from smartcity.notifications.store import NotificationStore
from smartcity.people.retention import Retention
from smartcity.people.store import PeopleStore
from smartcity.reports.confirmations.service import ConfirmationService
from smartcity.reports.confirmations.store import ConfirmationStore
from smartcity.reports.deadlines import Clocks
from smartcity.reports.lists.store import ReportLists
from smartcity.reports.personal.callers import Callers
from smartcity.reports.personal.forgetting import Forgetting
from smartcity.reports.personal.reporters import Reporters
from smartcity.reports.personal.store import PersonalStore
from smartcity.reports.receipts import Receipts
from smartcity.reports.service import ReportService
from smartcity.reports.store import ReportStore
from smartcity.settings import Settings
from smartcity.storage.mongo import Database
from smartcity.webhooks.destinations import networks_of
from smartcity.webhooks.service import Webhooks
from smartcity.webhooks.store import WebhookStore


class Composition:
    """The shared parts of one installation of a city, over one database."""

    def __init__(self, settings: Settings, city: City, database: Database) -> None:
        self.settings = settings
        self.city = city
        self.database = database
        self.device_store = DeviceStore(database)
        self.citizen_store = CitizenStore(database)
        self.staff_store = StaffStore(database)
        self.session_store = SessionStore(database)
        self.consent_store = ConsentStore(database)
        self.restriction_store = RestrictionStore(database)
        self.report_store = ReportStore(database)
        self.report_lists = ReportLists(database)
        self.attachment_store = AttachmentStore(database)
        self.personal_store = PersonalStore(database)
        self.people_store = PeopleStore(database)
        self.dossier_store = DossierStore(database)
        self.follow_store = FollowStore(database)
        self.notification_store = NotificationStore(database)
        self.letter_store = LetterStore(database)
        self.email_store = EmailStore(database)
        self.webhook_store = WebhookStore(database)
        self.feed_store = FeedStore(database)
        self.alert_read_store = AlertReadStore(database)
        self.choice_store = ChoiceStore(database)
        self.confirmation_store = ConfirmationStore(database)
        self.alert_store = AlertStore(database)
        self.delivery_store = DeliveryStore(database)
        self.straggler_store = StragglerStore(database)

    # --- secrets and records ---------------------------------------------------------------------

    @cached_property
    def secret(self) -> bytes:
        return self.settings.secret()

    @cached_property
    def personal(self) -> PersonalData:
        return open_personal(self.settings)

    @cached_property
    def audit_records(self) -> AuditRecords:
        return AuditRecords(AuditRecordStore(self.database))

    # --- who people are --------------------------------------------------------------------------

    @cached_property
    def attempts(self) -> Attempts:
        return Attempts(self.database, self.settings)

    @cached_property
    def devices(self) -> DeviceService:
        return DeviceService(self.device_store, self.city)

    @cached_property
    def phones(self) -> Phones:
        return Phones(self.secret, self.city.region)

    @cached_property
    def persons(self) -> PersonKeys:
        return PersonKeys(PersonKeyStore(self.database), self.personal)

    @cached_property
    def emails(self) -> Emails:
        return Emails(self.email_store, self.persons, self.secret)

    @cached_property
    def consents(self) -> Consents:
        return Consents(self.consent_store, self.city)

    @cached_property
    def senders(self) -> Senders:
        return Senders(self.restriction_store, self.personal, self.audit_records, self.city)

    @cached_property
    def identity_tokens(self) -> IdentityTokens:
        issuers = load_issuers(self.settings.oidc_issuers)
        return IdentityTokens(issuers, UsedTokenStore(self.database), self.secret)

    # --- staff -----------------------------------------------------------------------------------

    @cached_property
    def passwords(self) -> Passwords:
        return Passwords()

    @cached_property
    def second_factors(self) -> SecondFactors:
        return SecondFactors(self.staff_store, self.personal, self.secret)

    @cached_property
    def colleagues(self) -> Colleagues:
        return Colleagues(self.staff_store, self.city)

    @cached_property
    def staff(self) -> StaffService:
        return StaffService(
            self.staff_store, self.session_store, self.passwords, self.personal, self.city
        )

    @cached_property
    def staff_management(self) -> StaffManagement:
        return StaffManagement(
            self.staff_store,
            self.session_store,
            self.passwords,
            self.second_factors,
            self.identity_tokens,
            self.emails,
            self.audit_records,
            self.city,
        )

    # --- reports ---------------------------------------------------------------------------------

    @cached_property
    def areas(self) -> CurrentAreas:
        return CurrentAreas(self.city, BoundaryStore(self.database))

    @cached_property
    def clocks(self) -> Clocks:
        return Clocks(self.city)

    @cached_property
    def attachments(self) -> AttachmentService:
        return AttachmentService(
            self.attachment_store,
            open_files(self.settings.attachments, self.settings.data_path),
            Examiner(pixels=self.settings.upload_pixels, zone=self.city.zone),
            ReportsWithFiles(self.report_store),
            upload_bytes=self.settings.upload_bytes,
            per_report=self.settings.attachments_per_report,
        )

    @cached_property
    def reporters(self) -> Reporters:
        return Reporters(self.persons, self.phones, self.consents)

    @cached_property
    def callers(self) -> Callers:
        return Callers(self.personal_store, self.phones, self.attempts, self.audit_records)

    @cached_property
    def receipts(self) -> Receipts:
        return Receipts(self.report_store, self.attempts, self.secret)

    @cached_property
    def reports(self) -> ReportService:
        return ReportService(
            self.city,
            self.report_store,
            clocks=self.clocks,
            places=self.areas,
            attachments=self.attachments,
            reporters=self.reporters,
            callers=self.callers,
            colleagues=self.colleagues,
            receipts=self.receipts,
            audit=self.audit_records,
            senders=self.senders,
        )

    @cached_property
    def confirmations(self) -> ConfirmationService:
        return ConfirmationService(self.confirmation_store, self.report_store)

    @cached_property
    def follows(self) -> Follows:
        return Follows(self.follow_store, FollowedReports(self.report_store))

    # --- letters ---------------------------------------------------------------------------------

    @cached_property
    def sms_budget(self) -> SmsBudget:
        return SmsBudget(SmsBudgetStore(self.database), self.city)

    # --- other systems ---------------------------------------------------------------------------

    @cached_property
    def webhooks(self) -> Webhooks:
        return Webhooks(
            self.webhook_store,
            self.feed_store,
            self.audit_records,
            kinds=EVENT_KINDS,
            key=self.secret,
            networks=networks_of(self.settings.webhook_networks),
        )

    # --- alerts ----------------------------------------------------------------------------------

    @cached_property
    def alerts(self) -> AlertService:
        return AlertService(self.city, self.alert_store, self.areas)

    # --- what is forgotten -----------------------------------------------------------------------

    @cached_property
    def forgetting(self) -> Forgetting:
        return Forgetting(self.city)

    @cached_property
    def retention(self) -> Retention:
        return Retention(
            self.people_store,
            self.personal_store,
            self.attachment_store,
            self.confirmation_store,
            self.persons,
            self.forgetting,
        )
