"""What officers are shown of alerts: one with all its work, what it would do, the list of them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from smartcity.alerts.deliveries.store import DeliveryStore
from smartcity.alerts.model import Alert, AlertStatus
from smartcity.alerts.preview import Previews
from smartcity.alerts.shapes import AlertSummary, OfficerView, PreviewView
from smartcity.alerts.store import AlertStore
from smartcity.alerts.views import AlertViews, people_in
from smartcity.clock import now
from smartcity.identity.staff.colleagues import Colleagues


class AlertDesk:
    def __init__(
        self,
        store: AlertStore,
        deliveries: DeliveryStore,
        previews: Previews,
        views: AlertViews,
        colleagues: Colleagues,
    ) -> None:
        self._store = store
        self._deliveries = deliveries
        self._previews = previews
        self._views = views
        self._colleagues = colleagues

    async def show(self, alert: Alert, language: str) -> OfficerView:
        """One alert with its draft, its messages, its steps and how far phones were told."""
        names = await self._colleagues.names(people_in(alert))
        deliveries = await self._deliveries.of_alert(alert.id)
        return self._views.full(alert, language, now(), names, deliveries)

    async def preview(self, alert: Alert, language: str) -> PreviewView:
        """What issuing its draft would do; without a draft, whom a cancellation would tell."""
        return self._views.preview(alert, await self._previews.of(alert), language, now())

    async def page(
        self, statuses: Collection[AlertStatus], *, before: tuple[datetime, UUID] | None, limit: int
    ) -> list[Alert]:
        """Those in some statuses, the one that changed last first."""
        return await self._store.latest(statuses, before=before, limit=limit)

    def summaries(self, alerts: Sequence[Alert], language: str) -> list[AlertSummary]:
        at = now()
        return [self._views.summary(alert, language, at) for alert in alerts]
