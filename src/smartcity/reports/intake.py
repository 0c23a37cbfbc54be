"""How a report is taken in: checked, placed, routed, given deadlines, and written once."""

from uuid import UUID

from smartcity.attachments.service import AttachmentService
from smartcity.city.model import City
from smartcity.clock import now
from smartcity.errors import AssuranceNeeded, FieldError, IdempotencyKeyReused, Invalid
from smartcity.identifiers import digest_of
from smartcity.identity.roles import Actor
from smartcity.identity.senders.service import Senders
from smartcity.reports import submission
from smartcity.reports.deadlines import Clocks
from smartcity.reports.events import event
from smartcity.reports.holding.service import Holding
from smartcity.reports.model import Report
from smartcity.reports.personal.reporters import Reporters
from smartcity.reports.requests import NewReport
from smartcity.reports.store import Duplicate, ReportStore
from smartcity.reports.submission import Places


class ReportIntake:
    """The one way in, whatever surface a report comes through."""

    def __init__(
        self,
        city: City,
        store: ReportStore,
        *,
        clocks: Clocks,
        places: Places,
        attachments: AttachmentService,
        reporters: Reporters,
        senders: Senders,
        holding: Holding,
    ) -> None:
        self._city = city
        self._store = store
        self._clocks = clocks
        self._places = places
        self._attachments = attachments
        self._reporters = reporters
        self._senders = senders
        self._holding = holding

    async def submit(
        self, data: NewReport, actor: Actor, key: str, *, address: str | None = None
    ) -> tuple[Report, bool]:
        """Take in a report. False with it if the same submission was taken before. `address` is
        where the caller is, if that says anything.

        Raises `Invalid`, `OutsideCity`, `AssuranceNeeded`, `ConsentMissing`, `SenderBanned`,
        `SenderLimited`, or `IdempotencyKeyReused` for the same key with another body. When this
        returns, the report survives the death of any process.
        """
        assert actor.id is not None, "the permission table lets nobody else submit"
        category = submission.check(data, self._city)
        if not self._city.offered(category.code):
            if earlier := await self.submitted(data, actor, key):
                return earlier, False  # it came in time, and the answer was lost
            raise Invalid(FieldError("category", "retired"))
        if not submission.assurance(data, actor).suffices(category.sender):
            raise AssuranceNeeded(needs=category.sender)
        where = submission.place(self._places, data.location, data.unit, data.address)
        report = submission.new_report(
            data,
            category,
            where,
            city=self._city,
            clocks=self._clocks,
            reporter=await self._reporters.of(data, actor),
            submission=self._submission(data, actor.id, key),
            at=now(),
        )
        limit = await self._senders.admit(actor, report.reporter.id)
        if report.attachments:
            if earlier := await self.submitted(data, actor, key):
                return earlier, False  # its files are in a report by now: in this one
            await self._attachments.check(report.attachments, actor, report.id)
        if limit is not None:
            if earlier := await self.submitted(data, actor, key):
                return earlier, False
            await self._senders.count(limit)
        report = await self._holding.examine(report, actor, address)
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
        name, body = self._submission(data, actor.id, key)
        report = await self._store.find_submission(name)
        if report is not None and report.submission_body != body:
            raise IdempotencyKeyReused
        return report

    def _submission(self, data: NewReport, sender: UUID, key: str) -> tuple[bytes, bytes]:
        return digest_of(sender.bytes, key.encode()), self._reporters.digest(data)
