"""The composition root of the workers: each runs every duty, and leases decide who works."""

import asyncio
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Final
from uuid import uuid4

import structlog

from smartcity.alerts.deliveries.planning import DeliveryPlan
from smartcity.alerts.service import EXPIRING
from smartcity.alerts.store import ALERTS
from smartcity.audit.chain import Chain
from smartcity.audit.heads import AuditHeads
from smartcity.audit.store import AUDITOR, RECORDS, AuditStore
from smartcity.bridges import ImportedBatches, StaffInOffice
from smartcity.city import City, load_city
from smartcity.composition import Composition
from smartcity.dossiers.collecting.service import PAGE
from smartcity.dossiers.events import DossierBatches
from smartcity.dossiers.store import DOSSIERS, DossierStore
from smartcity.feed.consumer import BATCH, Consumer
from smartcity.feed.publisher import Publisher
from smartcity.feed.store import ANNOUNCEMENTS, PUBLISHER
from smartcity.geography.geocoding import Geocoder
from smartcity.geography.nominatim import open_geocoder
from smartcity.heap import keep_for_good
from smartcity.identity.citizens.companions import Companions
from smartcity.identity.citizens.store import CitizenStore
from smartcity.identity.senders.store import RestrictionStore
from smartcity.notifications.choices.store import ChoiceStore
from smartcity.notifications.fcm.sender import push_sender
from smartcity.notifications.letters.sms.posting import GatewayDoor
from smartcity.notifications.letters.writing import LetterWriter
from smartcity.notifications.model import Urgency
from smartcity.notifications.pace import Pace
from smartcity.notifications.push import PushSender
from smartcity.people.erasure import Eraser, everything
from smartcity.reports.clockwork.sweep import FRESH
from smartcity.reports.codes import refuse_lost_codes
from smartcity.reports.confirmations.store import ConfirmationStore
from smartcity.reports.lists.store import ReportLists
from smartcity.reports.store import COLLECTION as REPORTS
from smartcity.settings import Settings
from smartcity.storage.leases import Lease
from smartcity.storage.mongo import Database, connect
from smartcity.webhooks.courier import Courier, Receivers
from smartcity.webhooks.destinations import networks_of
from smartcity.webhooks.posting import open_doors
from workers.addresses import BATCH as ADDRESSES
from workers.addresses import AddressFinder
from workers.alerts import AlertClock
from workers.auditor import BATCH as AUDITED
from workers.auditor import Auditor
from workers.clockwork import POLL_S, Clockwork, compose_sweep
from workers.collecting import POLL_S as COLLECTING_POLL_S
from workers.collecting import Collector, compose_collecting
from workers.duty import Duty, perform, until_done
from workers.forgetter import Forgetter
from workers.housekeeping import Housekeeping
from workers.letters import POLL_S as LETTERS_POLL_S
from workers.letters import LetterSender
from workers.notifier import Notifier
from workers.posts import email_post
from workers.pusher import Pusher
from workers.pushes import NotificationPushes
from workers.scheduler import Clock
from workers.texting import open_gateway, texting
from workers.webhooks import POLL_S as WEBHOOKS_POLL_S
from workers.webhooks import WebhookSender

log = structlog.get_logger(__name__)

OUTBOXES: Final = (REPORTS, DOSSIERS, ALERTS, ANNOUNCEMENTS, RECORDS)
"""The collections whose documents promise events."""


async def run(settings: Settings) -> None:
    """Work until told to stop by a signal."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await work(settings, stop, composed=keep_for_good)


async def work(
    settings: Settings, stop: asyncio.Event, composed: Callable[[], None] = lambda: None
) -> None:
    """Perform every duty until `stop` is set. `composed` is called when all are there to begin."""
    client, database = connect(
        settings.mongo_uri,
        settings.mongo_database,
        timeout_s=settings.mongo_timeout_s,
        pool=settings.mongo_pool,
    )
    city = load_city(settings.city_dir)
    async with (
        client,
        push_sender(
            project=settings.fcm_project,
            credentials=settings.fcm_credentials,
            endpoint=settings.fcm_endpoint,
        ) as sender,
        open_geocoder(settings.geocoder_url, city) as geocoder,
        open_doors(networks_of(settings.webhook_networks)) as receivers,
        open_gateway(settings) as gateway,
    ):
        lists = ReportLists(database)
        await until_done(lambda: refuse_lost_codes(lists, city, settings.city_dir), stop)
        crew = Crew(settings, city, database, sender, geocoder, receivers, gateway)
        composed()
        await crew.work(stop)


class Crew:
    """The duties of one process, and the leases under which it performs them."""

    def __init__(
        self,
        settings: Settings,
        city: City,
        database: Database,
        sender: PushSender,
        geocoder: Geocoder | None,
        receivers: Receivers,
        gateway: GatewayDoor | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._holder = uuid4().hex
        self._leases: list[Lease] = []
        shared = Composition(settings, city, database)
        feed = shared.feed_store
        dossiers, citizens = DossierStore(database), CitizenStore(database)
        posts = (email_post(shared, citizens), *texting(shared, gateway))
        notifier = Notifier(
            city,
            shared.follows,
            shared.devices,
            ImportedBatches(shared.report_store, DossierBatches(dossiers)),
            shared.notification_store,
            keep=timedelta(days=city.privacy.inbox_days),
            companions=Companions(citizens, shared.devices),
            offices=StaffInOffice(shared.staff_store),
            letters=LetterWriter(
                city,
                ChoiceStore(database),
                shared.letter_store,
                {post.channel: post.readers for post in posts},
                keep=timedelta(days=city.privacy.inbox_days),
                wait=timedelta(seconds=settings.letter_wait_s),
                manners={post.channel: post.manner for post in posts},
            ),
        )
        publisher = Publisher(feed, self._lease(PUBLISHER), OUTBOXES, settings.publisher_batch)
        consumer = Consumer("notifier", feed, self._lease("consumer:notifier"), notifier.handle)
        self._pusher = Pusher(
            [
                NotificationPushes(shared.notification_store, shared.devices, urgency)
                for urgency in (Urgency.HIGH, Urgency.NORMAL)
            ],
            sender,
            self._lease("pusher"),
            Pace(settings.push_per_second),
        )
        self._letter_senders = {
            post.channel: LetterSender(
                post, shared.letter_store, self._lease(f"letters:{post.channel}")
            )
            for post in posts
        }
        audit = AuditStore(database)
        auditor = Auditor(
            feed,
            audit,
            Chain(shared.secret),
            AuditHeads(audit, city.zone),
            shared.staff_store,
            self._lease(AUDITOR),
        )
        poll_s = settings.consumer_poll_ms / 1000
        self._duties = [
            Duty(
                name="publisher",
                run_once=publisher.run_once,
                poll_s=settings.publisher_poll_ms / 1000,
                full=settings.publisher_batch // 2,
            ),
            Duty(name="notifier", run_once=consumer.run_once, poll_s=poll_s, full=BATCH),
            Duty(name="pusher", run_once=self._pusher.run_once, poll_s=poll_s),
            Duty(name="auditor", run_once=auditor.run_once, poll_s=poll_s, full=AUDITED),
        ]
        self._duties += [
            Duty(name=f"letters by {channel}", run_once=sender.run_once, poll_s=LETTERS_POLL_S)
            for channel, sender in self._letter_senders.items()
        ]
        if geocoder is not None:
            finder = AddressFinder(city, shared.report_store, geocoder)
            lease = self._lease("consumer:addresses")
            addresses = Consumer("addresses", feed, lease, finder.handle, batch=ADDRESSES)
            self._duties.append(
                Duty(name="addresses", run_once=addresses.run_once, poll_s=1, full=ADDRESSES)
            )
        eraser = Eraser(
            shared.people_store,
            shared.personal_store,
            shared.attachments,
            shared.persons,
            everything(
                shared.device_store,
                citizens,
                shared.consent_store,
                shared.follow_store,
                shared.notification_store,
                shared.letter_store,
                shared.email_store,
                shared.alert_read_store,
                ConfirmationStore(database),
                RestrictionStore(database),
            ),
            shared.forgetting,
            feed,
        )
        forgetter = Forgetter(eraser, shared.retention, self._lease("forgetter"))
        self._duties += [
            Duty(name="eraser", run_once=forgetter.erase, poll_s=2),
            Duty(name="retention", run_once=forgetter.retain, poll_s=3600),
        ]
        courier = Courier(
            shared.webhook_store, feed, receivers, shared.audit_records, shared.secret
        )
        self._webhooks = WebhookSender(
            shared.webhooks, shared.webhook_store, courier, self._lease("webhooks")
        )
        self._duties.append(
            Duty(name="webhooks", run_once=self._webhooks.run_once, poll_s=WEBHOOKS_POLL_S)
        )
        clockwork = Clockwork(compose_sweep(shared), self._lease("clockwork"))
        self._duties.append(
            Duty(name="clockwork", run_once=clockwork.run_once, poll_s=POLL_S, full=FRESH)
        )
        collector = Collector(compose_collecting(shared), self._lease("collecting"))
        self._duties.append(
            Duty(
                name="collecting",
                run_once=collector.run_once,
                poll_s=COLLECTING_POLL_S,
                full=PAGE,
            )
        )
        housekeeping = Housekeeping(
            shared.attachments, dossiers, shared.devices, self._lease("housekeeping")
        )
        plan = DeliveryPlan(shared.alert_store, shared.delivery_store)
        deliveries = Consumer("deliveries", feed, self._lease("consumer:deliveries"), plan.handle)
        alert_clock = AlertClock(shared.alerts, self._lease("alerts"))
        self._duties += [
            Duty(name="deliveries", run_once=deliveries.run_once, poll_s=poll_s, full=BATCH),
            Duty(name="alerts", run_once=alert_clock.run_once, poll_s=POLL_S, full=EXPIRING),
        ]
        self._clock = Clock(city.zone)
        self._clock.every_minutes(1, auditor.keep_heads)
        self._clock.every_minutes(10, housekeeping.sweep_attachments)
        self._clock.every_minutes(60, housekeeping.forget_silent_addresses)
        self._clock.every_minutes(1, housekeeping.promise_abandoned_batches)

    async def work(self, stop: asyncio.Event) -> None:
        """Perform every duty until told to stop; then let go of what others may wait for."""
        async with asyncio.TaskGroup() as group:
            for duty in self._duties:
                group.create_task(perform(duty, stop), name=duty.name)
            self._clock.start()
            log.info("working", duties=[duty.name for duty in self._duties])
            await stop.wait()
            self._clock.stop()
            self._pusher.finish()
            for sender in self._letter_senders.values():
                sender.finish()
        await self._webhooks.stop()
        for lease in self._leases:
            await lease.release()

    def _lease(self, name: str) -> Lease:
        lease = Lease(self._database, name, self._holder, self._settings.lease_s)
        self._leases.append(lease)
        return lease
