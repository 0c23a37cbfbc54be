"""Alerts: how phones are to be told is planned, and what has reached its end, ends."""

from smartcity.alerts.deliveries.planning import DeliveryPlan
from smartcity.alerts.service import EXPIRING
from smartcity.composition import Composition
from workers.alerts import AlertClock
from workers.clockwork import POLL_S
from workers.crew.parts import Leasing, Work, reading
from workers.duty import Duty


def work(shared: Composition, lease: Leasing) -> Work:
    plan = DeliveryPlan(shared.alert_store, shared.delivery_store)
    yield reading("deliveries", plan.handle, shared, lease)
    clock = AlertClock(shared.alerts, lease("alerts"))
    yield Duty(name="alerts", run_once=clock.run_once, poll_s=POLL_S, full=EXPIRING)
