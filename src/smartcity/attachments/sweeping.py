"""Keeps order: finishes what a dead process left, and removes what no report holds."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from smartcity.attachments.files import Files
from smartcity.attachments.media import Refusal
from smartcity.attachments.model import AttachmentAudience
from smartcity.attachments.receiving import LOOSE_FOR, Receiving
from smartcity.attachments.store import AttachmentStore
from smartcity.errors import SmartCityError

UNFINISHED_FOR: Final = timedelta(days=1)
AWAITED_FOR: Final = timedelta(days=7)
"""How long an upload may be unfinished, and a report without its photo."""

ARRIVED_FOR: Final = timedelta(minutes=5)
"""How long a complete upload is left to the process that received it."""

SWEEP: Final = 500
"""How many one sweep takes in hand."""


class Sweeping:
    """What the clock does with attachments."""

    def __init__(
        self,
        store: AttachmentStore,
        files: Files,
        reports: AttachmentAudience,
        receiving: Receiving,
    ) -> None:
        self._store = store
        self._files = files
        self._reports = reports
        self._receiving = receiving

    async def remove(self, ids: Collection[UUID]) -> None:
        """Remove attachments for good, whatever holds them."""
        for attachment in (await self._store.several(ids)).values():
            await self._store.doom(attachment)
        await self._remove_doomed()

    async def remove_of(self, owners: Collection[UUID]) -> int:
        """Remove what these persons sent, in a report or in none; how many were taken in hand."""
        found = await self._store.of_owners(owners, SWEEP)
        await self.remove([attachment.id for attachment in found])
        return len(found)

    async def sweep(self, moment: datetime) -> int:
        """Finish what a dead process left, remove what no report holds; how many were removed.

        Reports are asked, not our own notes: what a written report names is kept.
        """
        for arrived in await self._store.arrived(before=moment - ARRIVED_FOR, limit=SWEEP):
            try:
                await self._receiving.complete(arrived)
            except SmartCityError:
                continue  # refused, which is noted; or the file store is away, until the next sweep
        for awaited in await self._store.abandoned(before=moment - AWAITED_FOR, limit=SWEEP):
            await self._store.refuse(awaited, Refusal.ABANDONED)
            await self._files.remove(awaited.parts)
        unkept = await self._store.unkept(
            unfinished_before=moment - UNFINISHED_FOR, before=moment - LOOSE_FOR, limit=SWEEP
        )
        holders: Mapping[UUID, UUID] = (
            await self._reports.holders([a.id for a in unkept]) if unkept else {}
        )
        for attachment in unkept:
            if attachment.id in holders:
                await self._store.keep(attachment.id, holders[attachment.id])
            else:
                await self._store.doom(attachment)
        return await self._remove_doomed()

    async def _remove_doomed(self) -> int:
        """The files first: a document without its files would be swept again, not the reverse."""
        doomed = await self._store.doomed(SWEEP)
        for attachment in doomed:
            await self._files.remove_folder(attachment.folder)
            await self._store.delete(attachment.id)
        return len(doomed)
