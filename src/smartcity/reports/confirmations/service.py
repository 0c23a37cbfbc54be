"""Confirming a report, and how many people did."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from smartcity.city.model import Publicity
from smartcity.clock import now
from smartcity.errors import Conflict, NotFound
from smartcity.identity.roles import Actor
from smartcity.reports.confirmations.model import Confirmation, Confirming
from smartcity.reports.confirmations.store import ConfirmationStore
from smartcity.reports.merging import everything_merged_into
from smartcity.reports.store import ReportStore

CHUNK: Final = 1000
"""So many people who confirmed a report are held in memory at once."""


class ConfirmationService:
    """A confirmation stays with the report that it was given to, and counts for the one that this
    was merged into: when a merge is undone, it counts where it did before.
    """

    def __init__(self, store: ConfirmationStore, reports: ReportStore) -> None:
        self._store = store
        self._reports = reports

    async def confirm(self, actor: Actor, report_id: UUID) -> None:
        """Idempotent. Raises `NotFound` for a report that the public does not see, and `Conflict`
        for one's own and for one that nobody works on any more.
        """
        report = await self._reports.find(report_id)
        if report is None or report.public is Publicity.NEVER or report.held is not None:
            raise NotFound
        if report.reporter.id in actor.own_ids:
            raise Conflict(reason="own_report")
        if not report.is_open:
            raise Conflict(reason="not_open", status=report.status)
        await self._store.add(Confirmation(id=Confirming(report_id, _person(actor)), at=now()))

    async def withdraw(self, actor: Actor, report_id: UUID) -> None:
        """Idempotent: it does not matter whether it was confirmed, or from which own device."""
        await self._store.withdraw([report_id], {_person(actor), *actor.own_ids})

    async def counts(self, reports: Collection[UUID], /) -> Mapping[UUID, int]:
        """How many people confirmed each of these reports, or one that was merged into it, directly
        or through others; each person once. Reports that nobody confirmed are missing.
        """
        groups = {report: {report} for report in reports}
        for survivor, merged in (await everything_merged_into(self._reports, reports)).items():
            groups[survivor] |= {one.report for one in merged}
        return await self._store.count(groups)

    async def confirmers(
        self, reports: Collection[UUID], /
    ) -> AsyncIterator[tuple[UUID, Sequence[UUID]]]:
        """Who confirmed each of these reports, or one that was merged into it, in chunks of bounded
        size: the report, and some accounts and devices.
        """
        counts_for = {report: report for report in reports}
        for survivor, merged in (await everything_merged_into(self._reports, reports)).items():
            counts_for |= {one.report: survivor for one in merged}
        async for report, persons in self._store.persons(counts_for, CHUNK):
            yield counts_for[report], persons


def _person(actor: Actor) -> UUID:
    return actor.account or actor.own_id
