"""What steps refer to, found: places, colleagues, other reports, files."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from smartcity.attachments.service import AttachmentService
from smartcity.city.model import City
from smartcity.errors import FieldError, Invalid
from smartcity.identity.roles import Actor
from smartcity.identity.staff.colleagues import Colleagues
from smartcity.reports import submission
from smartcity.reports.circumstances import Circumstances
from smartcity.reports.deadlines import Clocks
from smartcity.reports.model import Place, Report
from smartcity.reports.parties import may_know_of, parties_of
from smartcity.reports.requests import Step
from smartcity.reports.store import ReportStore
from smartcity.reports.submission import Places
from smartcity.reports.timeline import By
from smartcity.reports.words import Action, Party


class References:
    def __init__(
        self,
        city: City,
        store: ReportStore,
        clocks: Clocks,
        places: Places,
        attachments: AttachmentService,
        colleagues: Colleagues,
    ) -> None:
        self._city = city
        self._store = store
        self._clocks = clocks
        self._places = places
        self._attachments = attachments
        self._colleagues = colleagues

    async def circumstances(
        self,
        report: Report,
        step: Step,
        by: By,
        parties: Collection[Party],
        at: datetime,
        actor: Actor,
    ) -> Circumstances:
        """What the step is taken in. Raises `Invalid` where what it refers to is not there."""
        await self._check_assignee(report, step)
        merges, resolves = step.action is Action.MERGE, step.action is Action.RESOLVE
        regions = step.redaction is not None and step.redaction.regions
        return Circumstances(
            city=self._city,
            clocks=self._clocks,
            by=by,
            parties=parties,
            at=at,
            agencies=actor.agencies,
            place=self._corrected(report, step),
            survivor=await self._known(step.report, actor) if merges and step.report else None,
            arrived=await self._attachments.ready(step.attachments) if resolves else (),
            photos=await self._attachments.photos(report.files) if regions else (),
        )

    def _corrected(self, report: Report, step: Step) -> Place | None:
        if step.action is not Action.CORRECT or not (step.location or step.unit or step.address):
            return None
        if step.unit is not None and step.unit not in self._city.units:
            raise Invalid(FieldError("unit", "unknown"))
        return submission.corrected(self._places, report.place, step)

    async def _check_assignee(self, report: Report, step: Step) -> None:
        if step.action is not Action.ASSIGN or step.assignee is None:
            return
        if not await self._colleagues.works_for(step.assignee, report.agency):
            raise Invalid(FieldError("assignee", "not_of_this_agency"))

    async def _known(self, report_id: UUID, actor: Actor) -> Report | None:
        """A report that the actor may know of, if there is one."""
        found = await self._store.find(report_id)
        if found is None or not may_know_of(found, actor, parties_of(actor, found)):
            return None
        return found
