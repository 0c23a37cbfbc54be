"""What goes to phones: one pusher, its sources the most urgent first, and FCM's topics."""

from functools import partial

from smartcity.bridges import DeliveredWords
from smartcity.composition import Composition
from smartcity.notifications.model import Urgency
from smartcity.notifications.pace import Pace
from smartcity.notifications.push import NotConfigured, PushSender
from smartcity.notifications.subscriptions.store import SubscriptionStore
from workers.addressees import addressees_of
from workers.alert_pushes import AlertPushes
from workers.crew.doors import Doors
from workers.crew.parts import Leasing, Work
from workers.duty import Duty
from workers.pusher import Pusher
from workers.pushes import NotificationPushes
from workers.subscriptions import POLL_S, Subscriptions


def work(shared: Composition, doors: Doors, lease: Leasing) -> Work:
    sources = (
        compose_alert_pushes(shared, doors.sender),
        NotificationPushes(shared.notification_store, shared.devices, Urgency.HIGH),
        NotificationPushes(shared.notification_store, shared.devices, Urgency.NORMAL),
    )
    pace = Pace(shared.settings.push_per_second)
    pusher = Pusher(sources, doors.sender, lease("pusher"), pace)
    poll_s = shared.settings.consumer_poll_ms / 1000
    yield Duty(name="pusher", run_once=pusher.run_once, poll_s=poll_s, finish=pusher.finish)
    if doors.subscriber is not None:
        subscriptions = Subscriptions(
            SubscriptionStore(shared.database),
            shared.devices,
            shared.city,
            doors.subscriber,
            lease("subscriptions"),
        )
        yield Duty(name="subscriptions", run_once=subscriptions.run_once, poll_s=POLL_S)


def compose_alert_pushes(shared: Composition, sender: PushSender) -> AlertPushes:
    return AlertPushes(
        shared.delivery_store,
        shared.straggler_store,
        shared.devices,
        addressees=partial(
            addressees_of, devices=shared.device_store, languages=shared.city.languages
        ),
        words=DeliveredWords(shared.city, shared.alert_store).of,
        configured=not isinstance(sender, NotConfigured),
    )
