"""Pushes by state and reason, among the figures of `/metrics`."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from smartcity.notifications.deliveries import Deliveries


class PushGauge(Collector):
    """Of what is kept: a push is counted until its notification expires."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "smartcity_pushes", "Pushes by what became of them.", labels=("state", "reason")
        )
        for state, reasons in self._deliveries.counts.items():
            for reason, count in reasons.items():
                family.add_metric((state.value, reason), count)
        yield family
