"""What happens to reports, in order: taken in, acted upon, shown."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from smartcity.attachments.service import AttachmentService
from smartcity.city.model import City, Publicity
from smartcity.clock import now
from smartcity.errors import (
    FieldError,
    IdempotencyKeyReused,
    Invalid,
    NotFound,
    PreconditionRequired,
    StaleVersion,
)
from smartcity.feed.event import Event
from smartcity.identifiers import digest_of, grouped, receipt_secret, same_secret
from smartcity.identity.attempts.service import Attempts
from smartcity.identity.personal import PersonalData
from smartcity.identity.roles import Actor
from smartcity.identity.staff.service import StaffService
from smartcity.reports import submission
from smartcity.reports.circumstances import Circumstances
from smartcity.reports.deadlines import Clocks
from smartcity.reports.events import SILENT, event
from smartcity.reports.lifecycle import WITHOUT_VERSION
from smartcity.reports.model import Action, By, Entry, Key, Party, Report, Reporter
from smartcity.reports.parties import acting_as, parties_of, viewer_of
from smartcity.reports.requests import NewReport, Step
from smartcity.reports.steps import take
from smartcity.reports.store import Duplicate, ReportStore
from smartcity.reports.submission import Places
from smartcity.reports.views import Viewer

RECEIPT: Final = "receipt"
"""The kind of attempt whose failures are counted by the report's code."""

TRIES: Final = 5
"""How often a step without a version is taken anew when others change the report meanwhile."""


class ReportService:
    """The one door to reports, whatever surface a request comes through."""

    def __init__(
        self,
        city: City,
        store: ReportStore,
        *,
        places: Places,
        attachments: AttachmentService,
        personal: PersonalData,
        staff: StaffService,
        attempts: Attempts,
        secret: bytes,
    ) -> None:
        self._city = city
        self._store = store
        self._clocks = Clocks(city)
        self._places = places
        self._attachments = attachments
        self._personal = personal
        self._staff = staff
        self._attempts = attempts
        self._secret = secret

    # --- taking in -------------------------------------------------------------------------------

    async def submit(self, data: NewReport, actor: Actor, key: str) -> tuple[Report, bool]:
        """Take in a report. False with it if the same submission was taken before.

        Raises `Invalid`, `OutsideCity`, or `IdempotencyKeyReused` for the same key with another
        body. When this returns, the report survives the death of any process.
        """
        assert actor.id is not None, "the permission table lets nobody else submit"
        category = submission.check(data, self._city)
        where = submission.place(self._places, data.location, data.unit, data.address)
        report = submission.new_report(
            data,
            category,
            where,
            city=self._city,
            clocks=self._clocks,
            reporter=self._reporter(data, actor.id),
            submission=_submission(data, actor.id, key),
            at=now(),
        )
        if report.attachments:
            if earlier := await self.submitted(data, actor, key):
                return earlier, False  # its files are in a report by now: in this one
            await self._attachments.check(report.attachments, actor, report.id)
        try:
            await self._store.insert(report, [event(report, report.timeline[0])])
        except Duplicate:
            earlier = await self.submitted(data, actor, key)
            assert earlier is not None, "the index has just found it"
            report, fresh = earlier, False
        else:
            fresh = True
        if report.attachments:
            await self._attachments.claim(report.attachments, actor, report.id)
        return report, fresh

    async def submitted(self, data: NewReport, actor: Actor, key: str) -> Report | None:
        """The report that this very submission made before, if any.

        Raises `IdempotencyKeyReused` if the key came with another body.
        """
        assert actor.id is not None, "the permission table lets nobody else submit"
        name, body = _submission(data, actor.id, key)
        report = await self._store.find_submission(name)
        if report is not None and report.submission_body != body:
            raise IdempotencyKeyReused
        return report

    def secret_of(self, report: Report) -> str:
        """What the receipt says beside the code."""
        return receipt_secret(self._secret, report.id)

    def _reporter(self, data: NewReport, sender: UUID) -> Reporter:
        contact = data.contact and self._personal.encrypt(
            msgspec.json.encode(data.contact).decode()
        )
        return Reporter(id=sender, contact=contact, share_contact=data.share_contact)

    # --- acting ----------------------------------------------------------------------------------

    async def act(
        self,
        report_id: UUID,
        steps: Sequence[Step],
        actor: Actor,
        *,
        version: int | None = None,
        key: str | None = None,
        secret: str | None = None,
    ) -> Report:
        """Take one or more steps, written as one. `version` is the one that the caller saw.

        Raises `NotFound`, `Forbidden`, `IllegalTransition`, `Invalid`, `PreconditionRequired` from
        staff without a version, `StaleVersion` with the present state, `IdempotencyKeyReused`,
        `TimelineFull`. Whatever is raised, nothing was written.
        """
        guarded = any(step.action not in WITHOUT_VERSION for step in steps)
        if actor.is_staff and version is None and guarded:
            raise PreconditionRequired
        idempotency = key and actor.id and _key(actor.id, key, steps)
        for _ in range(TRIES):
            report, parties = await self._seen(report_id, actor, secret)
            if idempotency and _was_taken(report, idempotency):
                return report
            if version is not None and guarded and version != report.version:
                raise _stale(report)
            after, entries, events = await self._take_all(report, steps, actor, parties)
            if idempotency:
                entries[0] = msgspec.structs.replace(entries[0], key=idempotency)
            await self._claim(steps, actor, report_id)
            if await self._store.advance(report, after, entries, events):
                return after
        raise _stale(await self._found(report_id))

    async def _take_all(
        self, report: Report, steps: Sequence[Step], actor: Actor, parties: Collection[Party]
    ) -> tuple[Report, list[Entry], list[Event]]:
        at = now()
        by = By(party=acting_as(parties), id=actor.id)
        entries: list[Entry] = []
        events: list[Event] = []
        for step in steps:
            among = await self._circumstances(report, step, by, parties, at)
            taken = take(report, step, among)
            report = taken.report
            entries.append(taken.entry)
            if step.action not in SILENT:
                events.append(event(report, taken.entry))
        return report, entries, events

    async def _circumstances(
        self, report: Report, step: Step, by: By, parties: Collection[Party], at: datetime
    ) -> Circumstances:
        corrected = None
        if step.action is Action.CORRECT and (step.location or step.unit or step.address):
            if step.unit is not None and step.unit not in self._city.units:
                raise Invalid(FieldError("unit", "unknown"))
            corrected = submission.place(self._places, step.location, step.unit, step.address)
        if (
            step.action is Action.ASSIGN
            and step.assignee is not None
            and not await self._staff.works_for(step.assignee, report.agency)
        ):
            raise Invalid(FieldError("assignee", "not_of_this_agency"))
        survivor = None
        if step.action is Action.MERGE and step.report is not None:
            survivor = await self._store.find(step.report)
        return Circumstances(
            city=self._city,
            clocks=self._clocks,
            by=by,
            parties=parties,
            at=at,
            place=corrected,
            survivor=survivor,
        )

    async def _claim(self, steps: Sequence[Step], actor: Actor, report_id: UUID) -> None:
        files = [attachment for step in steps for attachment in step.attachments]
        if files:
            await self._attachments.claim(files, actor, report_id)

    # --- showing ---------------------------------------------------------------------------------

    async def see(
        self, report_id: UUID, actor: Actor, secret: str | None = None
    ) -> tuple[Report, Viewer]:
        """A report, and through whose eyes the caller may see it. Raises `NotFound`."""
        report, parties = await self._seen(report_id, actor, secret)
        return report, viewer_of(actor, parties)

    async def open_receipt(self, code: str, secret: str) -> Report:
        """The report of a receipt. Raises `NotFound` for a wrong code and a wrong secret alike, and
        `TooManyRequests` after too many of them.
        """
        code = grouped(code)
        await self._attempts.check(RECEIPT, code)
        report = await self._store.find_by_code(code)
        if report is None or not same_secret(secret, self.secret_of(report)):
            await self._attempts.failed(RECEIPT, code)
            raise NotFound
        return report

    def contact(self, report: Report) -> Mapping[str, str] | None:
        """How to reach the reporter, if handlers may know."""
        kept = report.reporter.contact
        if kept is None or not report.reporter.share_contact:
            return None
        return msgspec.json.decode(self._personal.decrypt(kept), type=dict[str, str])

    async def _seen(
        self, report_id: UUID, actor: Actor, secret: str | None
    ) -> tuple[Report, frozenset[Party]]:
        report = await self._found(report_id)
        parties = parties_of(actor, report)
        if secret is not None and Party.REPORTER not in parties:
            await self._attempts.check(RECEIPT, report.code)
            if not same_secret(secret, self.secret_of(report)):
                await self._attempts.failed(RECEIPT, report.code)
                raise NotFound
            parties = parties - {Party.STRANGER} | {Party.REPORTER}
        strange = not actor.is_staff and Party.STRANGER in parties
        if strange and report.public is Publicity.NEVER:
            raise NotFound
        return report, parties

    async def _found(self, report_id: UUID) -> Report:
        report = await self._store.find(report_id)
        if report is None:
            raise NotFound
        return report


def _submission(data: NewReport, sender: UUID, key: str) -> tuple[bytes, bytes]:
    return (
        digest_of(sender.bytes, key.encode()),
        digest_of(msgspec.json.encode(data, order="deterministic")),
    )


def _key(actor: UUID, key: str, steps: Sequence[Step]) -> Key:
    return Key(
        key=digest_of(actor.bytes, key.encode()),
        body=digest_of(msgspec.json.encode(steps, order="deterministic")),
    )


def _was_taken(report: Report, key: Key) -> bool:
    """Whether this very step is on the timeline. Raises if the key came with another one."""
    for entry in report.timeline:
        if entry.key is not None and entry.key.key == key.key:
            if entry.key.body != key.body:
                raise IdempotencyKeyReused
            return True
    return False


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
