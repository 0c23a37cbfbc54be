"""The spine: what happened comes into the feed, and from there into the audit log."""

from typing import Final

from smartcity.alerts.store import ALERTS
from smartcity.audit.chain import Chain
from smartcity.audit.heads import AuditHeads
from smartcity.audit.store import AUDITOR, RECORDS, AuditStore
from smartcity.composition import Composition
from smartcity.dossiers.store import DOSSIERS
from smartcity.feed.publisher import Publisher
from smartcity.feed.store import ANNOUNCEMENTS, PUBLISHER
from smartcity.reports.store import COLLECTION as REPORTS
from workers.auditor import BATCH, Auditor
from workers.crew.parts import Leasing, Work
from workers.duty import Chore, Duty

OUTBOXES: Final = (REPORTS, DOSSIERS, ALERTS, ANNOUNCEMENTS, RECORDS)
"""The collections whose documents promise events."""


def work(shared: Composition, lease: Leasing) -> Work:
    settings = shared.settings
    publisher = Publisher(shared.feed_store, lease(PUBLISHER), OUTBOXES, settings.publisher_batch)
    yield Duty(
        name="publisher",
        run_once=publisher.run_once,
        poll_s=settings.publisher_poll_ms / 1000,
        full=settings.publisher_batch // 2,
    )
    audit = AuditStore(shared.database)
    auditor = Auditor(
        shared.feed_store,
        audit,
        Chain(shared.secret),
        AuditHeads(audit, shared.city.zone),
        shared.staff_store,
        lease(AUDITOR),
    )
    poll_s = settings.consumer_poll_ms / 1000
    yield Duty(name="auditor", run_once=auditor.run_once, poll_s=poll_s, full=BATCH)
    yield Chore(1, auditor.keep_heads)
