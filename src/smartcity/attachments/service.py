"""What happens to an attachment: it arrives, is tied to a report, is shown, and is swept away."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from smartcity.attachments.examiner import Examiner
from smartcity.attachments.files import Files
from smartcity.attachments.model import AttachmentAudience, AttachmentView, State, view
from smartcity.attachments.receiving import Receiving
from smartcity.attachments.showing import Showing
from smartcity.attachments.store import AttachmentStore
from smartcity.attachments.sweeping import Sweeping
from smartcity.errors import FieldError, Invalid
from smartcity.identity.roles import Actor


class AttachmentService:
    """Ties files to reports; `receiving`, `showing`, `sweeping` do what comes before and after."""

    def __init__(
        self,
        store: AttachmentStore,
        files: Files,
        examiner: Examiner,
        reports: AttachmentAudience,
        *,
        upload_bytes: int,
        per_report: int,
    ) -> None:
        self.receiving = Receiving(store, files, examiner, upload_bytes=upload_bytes)
        self.showing = Showing(store, files, examiner, reports)
        self.sweeping = Sweeping(store, files, reports, self.receiving)
        self._store = store
        self._reports = reports
        self._per_report = per_report

    async def check(self, ids: Sequence[UUID], actor: Actor, report_id: UUID) -> None:
        """Raise what `claim` would, and tie nothing."""
        await self._claimable(ids, actor, report_id)

    async def claim(self, ids: Sequence[UUID], actor: Actor, report_id: UUID) -> None:
        """Tie attachments to a report, ready or not. Again for the same report changes nothing.

        A claim for a report that never came to be written does not count, and gives way to the
        next. Raises `Invalid`, naming each that is unknown, another sender's, or held by another
        report; then none is tied.
        """
        found = await self._claimable(ids, actor, report_id)
        if await self._store.claim(found, actor.own_id, report_id) < len(found):
            raise Invalid(FieldError("attachments", "unknown"))  # removed or claimed just now

    async def _claimable(
        self, ids: Sequence[UUID], actor: Actor, report_id: UUID
    ) -> Collection[UUID]:
        if len(ids) > self._per_report:
            raise Invalid(FieldError("attachments", "too_many"), limit=self._per_report)
        found = await self._store.several(ids)
        elsewhere = [a.id for a in found.values() if a.report not in (None, report_id)]
        holders: Mapping[UUID, UUID] = await self._reports.holders(elsewhere) if elsewhere else {}
        mistakes: list[FieldError] = []
        for position, attachment in enumerate(ids):
            if attachment not in found or found[attachment].owner != actor.own_id:
                mistakes.append(FieldError(f"attachments.{position}", "unknown"))
            elif holders.get(attachment, report_id) != report_id:
                mistakes.append(FieldError(f"attachments.{position}", "in_another_report"))
        if mistakes:
            raise Invalid(*mistakes)
        return found

    async def of(self, ids: Sequence[UUID], *, with_proof: bool = False) -> list[AttachmentView]:
        """These attachments as people see them, in this order; `with_proof` for staff only."""
        found = await self._store.several(ids) if ids else {}
        return [view(found[one], with_proof=with_proof) for one in ids if one in found]

    async def ready(self, ids: Collection[UUID]) -> frozenset[UUID]:
        """Those of these attachments that have arrived and been accepted."""
        found = await self._store.several(ids) if ids else {}
        return frozenset(a.id for a in found.values() if a.state is State.READY)

    async def photos(self, ids: Collection[UUID]) -> frozenset[UUID]:
        """Those of these attachments that are photos, as far as they have arrived."""
        found = await self._store.several(ids) if ids else {}
        return frozenset(a.id for a in found.values() if a.thumbnail is not None)
