"""The clock's duty: what becomes of reports when time passes."""

from typing import Final

from smartcity.attachments.service import AttachmentService
from smartcity.audit.records import AuditRecords
from smartcity.audit.store import AuditRecordStore
from smartcity.bridges import SeenNotifications
from smartcity.city.model import City
from smartcity.geography.current import CurrentAreas
from smartcity.geography.store import BoundaryStore
from smartcity.identity.attempts.service import Attempts
from smartcity.identity.consents.service import Consents
from smartcity.identity.consents.store import ConsentStore
from smartcity.identity.devices.store import DeviceStore
from smartcity.identity.key_files import open_personal
from smartcity.identity.persons.service import PersonKeys
from smartcity.identity.persons.store import PersonKeyStore
from smartcity.identity.phones import Phones
from smartcity.identity.senders.service import Senders
from smartcity.identity.senders.store import RestrictionStore
from smartcity.identity.staff.colleagues import Colleagues
from smartcity.identity.staff.store import StaffStore
from smartcity.notifications.store import NotificationStore
from smartcity.reports.clockwork.store import AlarmStore
from smartcity.reports.clockwork.sweep import Sweep
from smartcity.reports.deadlines import Clocks
from smartcity.reports.personal.callers import Callers
from smartcity.reports.personal.reporters import Reporters
from smartcity.reports.personal.store import PersonalStore
from smartcity.reports.receipts import Receipts
from smartcity.reports.service import ReportService
from smartcity.reports.store import ReportStore
from smartcity.settings import Settings
from smartcity.storage.leases import Lease
from smartcity.storage.mongo import Database

POLL_S: Final = 1.0


class Clockwork:
    """Of several processes that run one, the lease holder sweeps. Should two believe that they are,
    each step is still taken once.
    """

    def __init__(self, sweep: Sweep, lease: Lease) -> None:
        self._sweep = sweep
        self._lease = lease

    async def run_once(self) -> int:
        """Take the steps of one batch. Answers how many reports had rung."""
        if await self._lease.hold() is None:
            return 0
        return await self._sweep.run_once()


def compose_sweep(
    settings: Settings, city: City, database: Database, attachments: AttachmentService
) -> Sweep:
    """A sweep that acts through the same door as everybody else."""
    store, secret = ReportStore(database), settings.secret()
    personal, phones = open_personal(settings), Phones(secret, city.region)
    keys = PersonKeys(PersonKeyStore(database), personal)
    attempts = Attempts(database, settings)
    audit = AuditRecords(AuditRecordStore(database))
    reports = ReportService(
        city,
        store,
        clocks=Clocks(city),
        places=CurrentAreas(city, BoundaryStore(database)),
        attachments=attachments,
        reporters=Reporters(keys, phones, Consents(ConsentStore(database), city)),
        callers=Callers(PersonalStore(database), phones, attempts, audit),
        colleagues=Colleagues(StaffStore(database), city),
        receipts=Receipts(store, attempts, secret),
        audit=audit,
        senders=Senders(RestrictionStore(database), personal, audit, city),
    )
    reach = SeenNotifications(NotificationStore(database), DeviceStore(database))
    return Sweep(AlarmStore(database), reports, reach)
