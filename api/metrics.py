"""The figures of `/metrics`: what is in memory, and how people are being told."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from smartcity.alerts.deliveries.counts import DeliveryCounts
from smartcity.notifications.letters.desk import LetterDesk
from smartcity.notifications.letters.sms.desk import SmsDesk
from smartcity.notifications.push_records import PushRecords


class PushGauge(Collector):
    """Of what is kept: a push is counted until its notification expires."""

    def __init__(self, pushes: PushRecords) -> None:
        self._pushes = pushes

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "smartcity_pushes", "Pushes by what became of them.", labels=("state", "reason")
        )
        for state, reasons in self._pushes.counts.items():
            for reason, count in reasons.items():
                family.add_metric((state.value, reason), count)
        yield family


class LetterGauge(Collector):
    """Of what is kept: a letter is counted until it expires."""

    def __init__(self, letter_desk: LetterDesk) -> None:
        self._letter_desk = letter_desk

    def collect(self) -> Iterator[GaugeMetricFamily]:
        labels = ("channel", "state", "reason")
        family = GaugeMetricFamily(
            "smartcity_letters", "Letters by what became of them.", labels=labels
        )
        for (channel, state, reason), count in self._letter_desk.counts.items():
            family.add_metric((channel.value, state.value, reason), count)
        yield family


class SmsGauge(Collector):
    """Of the present month; an alarm at some share of the budget needs both."""

    def __init__(self, sms_desk: SmsDesk) -> None:
        self._sms_desk = sms_desk

    def collect(self) -> Iterator[GaugeMetricFamily]:
        standing = self._sms_desk.latest
        if standing is None:
            return
        for name, text, value in (
            ("smartcity_sms_budget_parts", "Parts of text messages in a month.", standing.budget),
            ("smartcity_sms_spent_parts", "Parts that this month has paid.", standing.spent),
        ):
            yield GaugeMetricFamily(name, text, value=value)


class AlertGauge(Collector):
    """How people are told of alerts: `sent` and `failed` are phones where they are told directly,
    and topics where by topic.
    """

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


Figure = tuple[str, Callable[[], float]]
"""What it means, and how it is known."""


def registry_of(figures: Mapping[str, Figure], *collectors: Collector) -> CollectorRegistry:
    """What one process measures."""
    registry = CollectorRegistry()
    for name, (meaning, value) in figures.items():
        Gauge(name, meaning, registry=registry).set_function(value)
    for collector in collectors:
        registry.register(collector)
    return registry
