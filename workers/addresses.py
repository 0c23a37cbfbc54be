"""Gives a report that came as a point the address of that point.

Nobody waits for it: the citizen was answered long before. While the service is away the consumer
stands where it is, and goes on when it is back.
"""

from collections.abc import Sequence
from typing import Final

from smartcity.city.model import City
from smartcity.feed.event import Published, Topic
from smartcity.geography.geocoding import Geocoder
from smartcity.reports.store import ReportStore
from smartcity.reports.words import Action

ARRIVALS: Final = frozenset({Action.SUBMIT, Action.RELEASE})
"""What makes a report known to its agency."""

BATCH: Final = 5
"""So few at a time that the lease outlives the slowest answers."""


class AddressFinder:
    """A consumer of the feed. Finding an address twice is harmless: the first one stays."""

    def __init__(self, city: City, reports: ReportStore, geocoder: Geocoder) -> None:
        self._language = city.languages[0]
        self._reports = reports
        self._geocoder = geocoder

    async def handle(self, batch: Sequence[Published]) -> None:
        """Find the addresses of new reports. Raises `Unavailable` while the service is away."""
        for event in (published.event for published in batch):
            if event.topic is not Topic.REPORT or event.action not in ARRIVALS:
                continue
            report = await self._reports.find(event.subject) if event.subject else None
            if (
                report is None
                or report.held is not None
                or report.place.address
                or report.place.lon is None
            ):
                continue
            assert report.place.lat is not None, "a point has both"
            address = await self._geocoder.reverse(
                report.place.lon, report.place.lat, self._language
            )
            if address is not None:
                await self._reports.give_address(report.id, address)
