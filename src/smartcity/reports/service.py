"""What happens to reports that were taken in, in order: acted upon, shown."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from smartcity.attachments.service import AttachmentService
from smartcity.audit.records import AuditRecords
from smartcity.city.model import City, Publicity
from smartcity.clock import now
from smartcity.errors import (
    Conflict,
    FieldError,
    Invalid,
    NotFound,
    PreconditionRequired,
    StaleVersion,
)
from smartcity.feed.event import Event
from smartcity.identity.roles import CLOCK, Actor, Role
from smartcity.identity.senders.service import Senders
from smartcity.identity.staff.colleagues import Colleagues
from smartcity.reports.deadlines import Clocks
from smartcity.reports.events import event, unseen
from smartcity.reports.lifecycle import WITHOUT_VERSION, row_for
from smartcity.reports.merging import stranded
from smartcity.reports.model import Report
from smartcity.reports.parties import (
    CONTACTING,
    acting_as,
    may_know_of,
    parties_of,
    shown_to,
    viewer_of,
)
from smartcity.reports.personal.callers import Callers
from smartcity.reports.personal.reporters import Reporters
from smartcity.reports.receipts import Receipts
from smartcity.reports.references import References
from smartcity.reports.repeats import key_of, was_taken
from smartcity.reports.requests import Said, SaidPhone, Step
from smartcity.reports.steps import take
from smartcity.reports.store import ReportStore
from smartcity.reports.submission import Places
from smartcity.reports.timeline import By, Entry
from smartcity.reports.viewers import Viewer
from smartcity.reports.words import Action, Party

TRIES: Final = 5
"""How often a step without a version is taken anew when others change the report meanwhile."""

SEEN: Final = "see_contact"
"""What the audit log calls it when staff are shown how to reach a reporter who agreed."""


class ReportService:
    """The one door to what is kept, whatever surface a request comes through."""

    def __init__(
        self,
        city: City,
        store: ReportStore,
        *,
        clocks: Clocks,
        places: Places,
        attachments: AttachmentService,
        reporters: Reporters,
        callers: Callers,
        colleagues: Colleagues,
        receipts: Receipts,
        audit: AuditRecords,
        senders: Senders,
    ) -> None:
        self._city = city
        self._store = store
        self._references = References(city, store, clocks, places, attachments, colleagues)
        self._attachments = attachments
        self._reporters = reporters
        self._callers = callers
        self._colleagues = colleagues
        self._receipts = receipts
        self._audit = audit
        self._senders = senders

    # --- acting ----------------------------------------------------------------------------------

    async def act(
        self,
        report_id: UUID,
        steps: Sequence[Step],
        actor: Actor,
        *,
        version: int | None = None,
        key: str | None = None,
        said: Said | None = None,
    ) -> tuple[Report, Viewer]:
        """Take one or more steps, written as one. `version` is the one that the caller saw. Answers
        with the report as it was written, and through whose eyes the caller may see it.

        Raises `NotFound`, `Forbidden`, `IllegalTransition`, `Invalid`, `PreconditionRequired` from
        staff without a version, `StaleVersion` with the present state, `IdempotencyKeyReused`,
        `TimelineFull`, `SenderBanned` to who comments. Whatever is raised, nothing was written.
        """
        comments = any(step.action is Action.COMMENT for step in steps)
        if comments:
            await self._senders.admit(actor)
        guarded = any(step.action not in WITHOUT_VERSION for step in steps)
        if actor.is_staff and version is None and guarded:
            raise PreconditionRequired
        idempotency = key and actor.id and key_of(actor.id, key, steps)
        for _ in range(TRIES):
            report, parties = await self._met(report_id, actor, said)
            if idempotency and was_taken(report, idempotency):
                await self._free(report, steps)
                return report, shown_to(actor, report, parties)
            if not may_know_of(report, actor, parties):
                raise NotFound
            if comments and acting_as(parties, Action.COMMENT) is Party.REPORTER:
                # Whoever speaks for somebody, by receipt or number, is bound as they are.
                await self._senders.admit(actor, report.reporter.id)
            if version is not None and guarded and version != report.version:
                # A stranger is told nothing. Staff may see what this tells, and one of them may be
                # a stranger only because a colleague has just transferred the report.
                if not actor.is_staff:
                    row_for(steps[0].action, parties)
                raise _stale(report)
            after, entries, events = await self._take_all(report, steps, actor, parties)
            if idempotency:
                entries[0] = msgspec.structs.replace(entries[0], key=idempotency)
            await self._claim(steps, actor, report_id)
            await self._let_go(after, steps)
            if written := await self._store.advance(report, after, entries, events):
                await self._free(written, steps)
                return written, viewer_of(actor, parties)
        raise _stale(await self._found(report_id))

    async def _take_all(
        self, report: Report, steps: Sequence[Step], actor: Actor, parties: Collection[Party]
    ) -> tuple[Report, list[Entry], list[Event]]:
        at, has_receipt = now(), Party.REPORTER in parties
        entries: list[Entry] = []
        events: list[Event] = []
        for step in steps:
            parties = parties_of(actor, report, has_receipt=has_receipt)
            by = _by(actor, report, parties, step.action)
            among = await self._references.circumstances(report, step, by, parties, at, actor)
            taken = take(report, step, among)
            entries.append(taken.entry)
            events.append(event(taken.report, taken.entry, before=report))
            report = taken.report
        if report.public is Publicity.NEVER:
            events = [unseen(told) for told in events]
        return report, entries, events

    async def _free(self, written: Report, steps: Sequence[Step]) -> None:
        """Undo the merges that these steps left without a report that carries them. Raises
        `Invalid` if it is the merge that was just asked for.
        """
        for report in await stranded(self._store, written, {step.action for step in steps}):
            await self._unmerge(report)
            if report.id == written.id:
                raise Invalid(FieldError("report", "gone"))

    async def _let_go(self, after: Report, steps: Sequence[Step]) -> None:
        """Free what this report is about to leave: nobody would, if the process died after it. Of
        who merges meanwhile, `_free` hears.
        """
        actions = {step.action for step in steps} - {Action.MERGE}
        for report in await stranded(self._store, after, actions):
            await self._unmerge(report)

    async def _unmerge(self, report: Report) -> None:
        text = self._city.messages.render(self._city.languages[0], "merging.freed")
        step = Step(action=Action.UNMERGE, text=text)
        survivor = report.merged_into
        for _ in range(TRIES):
            if report.merged_into != survivor:
                return  # a handler was faster
            try:
                await self.act(report.id, [step], CLOCK, version=report.version)
            except StaleVersion:
                report = await self._found(report.id)
            else:
                return

    async def _claim(self, steps: Sequence[Step], actor: Actor, report_id: UUID) -> None:
        files = [attachment for step in steps for attachment in step.attachments]
        if files:
            await self._attachments.claim(files, actor, report_id)

    # --- showing ---------------------------------------------------------------------------------

    async def see(
        self, report_id: UUID, actor: Actor, said: Said | None = None
    ) -> tuple[Report, Viewer]:
        """A report, and through whose eyes the caller may see it. Raises `NotFound`."""
        report, parties = await self._seen(report_id, actor, said)
        return report, viewer_of(actor, parties)

    async def sender(self, report_id: UUID, actor: Actor) -> UUID:
        """Under which id a report was sent. Raises `NotFound`, and `Conflict` where that is nobody
        whom a restriction could bind: another system, or one of the staff.
        """
        report, _ = await self._seen(report_id, actor, None)
        if report.batch is not None or await self._colleagues.includes(report.reporter.id):
            raise Conflict(reason="not_a_citizen")
        return report.reporter.id

    async def contact(self, report: Report, reader: Actor) -> Mapping[str, str] | None:
        """How to reach the reporter, if they agreed and the reader is of the report's own agency
        or a dispatcher. Who is told is written down first.
        """
        if report.reporter.contact is None or not report.reporter.share_contact:
            return None
        if CONTACTING.isdisjoint(parties_of(reader, report)):
            return None
        await self._audit.write(reader, SEEN, report.id, agency=report.agency)
        return await self._reporters.contact(report)

    async def disclose(
        self, report_id: UUID, reason: str, actor: Actor, *, key: str | None = None
    ) -> Mapping[str, str] | None:
        """How to reach the reporter, whether they agreed or not; none if that is not kept. First
        it is on the timeline who was shown it and why, and only then it is shown.

        Raises what `act` raises.
        """
        steps = [Step(action=Action.DISCLOSE, text=reason)]
        report, _ = await self.act(report_id, steps, actor, key=key)
        # A repeat adds nothing to the timeline, and shows it again all the same.
        await self._audit.write(actor, SEEN, report.id, agency=report.agency)
        return await self._reporters.contact(report)

    async def names(self, report: Report) -> Mapping[UUID, str]:
        """The names of those whom a report is or was assigned to. For officials."""
        given = {report.assignee, *(entry.assignee for entry in report.timeline)}
        return await self._colleagues.names([staff for staff in given if staff is not None])

    async def _seen(
        self, report_id: UUID, actor: Actor, said: Said | None
    ) -> tuple[Report, frozenset[Party]]:
        report, parties = await self._met(report_id, actor, said)
        if not may_know_of(report, actor, parties):
            raise NotFound
        return report, parties

    async def _met(
        self, report_id: UUID, actor: Actor, said: Said | None
    ) -> tuple[Report, frozenset[Party]]:
        """A report, whoever may know of it, and what the actor is to it."""
        report = await self._found(report_id)
        parties = parties_of(actor, report)
        if said is not None and Party.REPORTER not in parties:
            await self._prove(report, said, actor)
            parties = parties_of(actor, report, has_receipt=True)
        return report, parties

    async def _prove(self, report: Report, said: Said, actor: Actor) -> None:
        """Raises unless what was said makes the actor speak for the reporter."""
        if isinstance(said, SaidPhone):
            await self._callers.check(report, said, actor)
        else:
            await self._receipts.check(report, said)

    async def _found(self, report_id: UUID) -> Report:
        report = await self._store.find(report_id)
        if report is None:
            raise NotFound
        return report


def _by(actor: Actor, report: Report, parties: Collection[Party], action: Action) -> By:
    """Who acts; for an operator, for whom as well."""
    for_caller = Party.REPORTER in parties and Role.OPERATOR in actor.roles
    caller = report.reporter.id if for_caller else None
    return By(party=acting_as(parties, action), id=actor.id, on_behalf_of=caller)


def _stale(report: Report) -> StaleVersion:
    return StaleVersion(
        current={
            "version": report.version,
            "status": report.status,
            "agency": report.agency,
            "assignee": str(report.assignee) if report.assignee else None,
            "updated_at": report.updated_at.isoformat(),
        }
    )
