"""The city's other systems: what they are told, and what they are asked."""

from smartcity.composition import Composition
from smartcity.webhooks.courier import Courier
from workers.addresses import BATCH, AddressFinder
from workers.crew.doors import Doors
from workers.crew.parts import Leasing, Work, reading
from workers.duty import Duty
from workers.webhooks import POLL_S, WebhookSender


def work(shared: Composition, doors: Doors, lease: Leasing) -> Work:
    courier = Courier(
        shared.webhook_store,
        shared.feed_store,
        doors.receivers,
        shared.audit_records,
        shared.secret,
    )
    webhooks = WebhookSender(shared.webhooks, shared.webhook_store, courier, lease("webhooks"))
    yield Duty(name="webhooks", run_once=webhooks.run_once, poll_s=POLL_S, leave=webhooks.stop)
    if doors.geocoder is not None:
        finder = AddressFinder(shared.city, shared.report_store, doors.geocoder)
        yield reading("addresses", finder.handle, shared, lease, batch=BATCH)
