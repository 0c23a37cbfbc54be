"""The telling of phones of alerts, among the figures of `/metrics`."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from smartcity.alerts.deliveries.counts import DeliveryCounts


class AlertGauge(Collector):
    """`sent` and `failed` are phones where they are told directly, and topics where by topic."""

    def __init__(self, deliveries: DeliveryCounts) -> None:
        self._deliveries = deliveries

    def collect(self) -> Iterator[GaugeMetricFamily]:
        deliveries = GaugeMetricFamily(
            "smartcity_alert_deliveries",
            "Deliveries of alerts by where they stand.",
            labels=("mode", "state"),
        )
        pushes = GaugeMetricFamily(
            "smartcity_alert_pushes",
            "Phones and topics told of alerts, by what became of that.",
            labels=("mode", "state", "outcome"),
        )
        for count in self._deliveries.counts:
            deliveries.add_metric((count.mode, count.state), count.deliveries)
            pushes.add_metric((count.mode, count.state, "sent"), count.sent)
            pushes.add_metric((count.mode, count.state, "failed"), count.failed)
        yield deliveries
        yield pushes
