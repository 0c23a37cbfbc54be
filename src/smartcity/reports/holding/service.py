"""Decides on arrival whether a report waits for a dispatcher."""

import asyncio

from smartcity.city.model import City
from smartcity.identity.roles import Actor
from smartcity.reports.holding.rules import hold, is_suspect, traits
from smartcity.reports.holding.store import BurstStore, Sighting
from smartcity.reports.model import Report
from smartcity.storage.mongo import Database


class Holding:
    """For most senders this costs nothing: only new devices are counted."""

    def __init__(self, city: City, database: Database) -> None:
        self._city = city
        self._seen = BurstStore(database, city.burst) if city.burst is not None else None

    async def examine(self, report: Report, actor: Actor, address: str | None) -> Report:
        """The new report as it is to be written: submitted, or held if it is part of a burst."""
        burst, at = self._city.burst, report.submitted_at
        category = self._city.categories[report.category]
        if burst is None or self._seen is None or not is_suspect(actor, category, burst, at):
            return report
        found = traits(report.description, address)
        over = await asyncio.gather(
            *(self._seen.see(Sighting(trait, report.reporter.id, at)) for trait in found.values())
        )
        common = tuple(one for one, is_over in zip(found, over, strict=True) if is_over)
        return hold(report, common, at) if common else report
