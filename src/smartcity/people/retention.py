"""Personal data of reports that were finished long ago goes by itself.

Reports are taken in the order in which they were finished, and the place is noted after each batch:
whoever dies does the last batch again, which changes nothing more.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from smartcity.attachments.store import AttachmentStore
from smartcity.clock import now
from smartcity.identity.persons.service import PersonKeys
from smartcity.people.store import PeopleStore
from smartcity.reports.confirmations.store import ConfirmationStore
from smartcity.reports.model import Report
from smartcity.reports.personal.forgetting import Forgetting, photos_of
from smartcity.reports.personal.store import PersonalStore

BATCH: Final = 200

BEING_WRITTEN: Final = timedelta(days=1)
"""A key that was used since may be another report's, which is being written at this moment."""


class Due(msgspec.Struct, frozen=True):
    """What retention would forget now."""

    reports: int
    contacts: int
    before: datetime


class Retention:
    def __init__(
        self,
        store: PeopleStore,
        reports: PersonalStore,
        attachments: AttachmentStore,
        confirmations: ConfirmationStore,
        keys: PersonKeys,
        forgetting: Forgetting,
    ) -> None:
        self._store = store
        self._reports = reports
        self._attachments = attachments
        self._confirmations = confirmations
        self._keys = keys
        self._forgetting = forgetting

    async def due(self) -> Due:
        """How much there is to forget. Changes nothing."""
        before = self._forgetting.kept_since(now())
        found = await self._reports.count_finished(behind=await self._store.behind(), before=before)
        return Due(*found, before)

    async def run_once(self) -> int:
        """Forget the persons of one batch; how many reports that were. Where something happened in
        one of them at this moment, the batch is done again.
        """
        behind = await self._store.behind()
        reports = await self._reports.finished(
            behind=behind, before=self._forgetting.kept_since(now()), limit=BATCH
        )
        if not reports:
            return 0
        await self._destroy_keys(reports)
        await self._confirmations.unlink([report.id for report in reports])
        forgotten = [(report, self._forgetting.retained(report)) for report in reports]
        await self._attachments.give_away(
            {(r.reporter.id, left.reporter.id): photos_of(r) for r, left in forgotten}
        )
        done = await self._reports.rewrite(forgotten)
        if done < len(reports):
            return done
        last = reports[-1]
        assert last.finished_at is not None, "it was asked for what is finished"
        await self._store.move_on(last.finished_at, last.id)
        return len(reports)

    async def _destroy_keys(self, reports: Sequence[Report]) -> None:
        """Of those persons whose last contact details these reports hold. Before the reports forget
        them: whoever dies in between finds them again.
        """
        persons = {report.reporter.id for report in reports if report.reporter.contact}
        but = [report.id for report in reports]
        needed = await self._reports.with_contact(persons, but=but)
        await self._keys.destroy_unused(list(persons - needed), now() - BEING_WRITTEN)
