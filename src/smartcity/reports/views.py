"""Who sees what of a report: the public, its reporter, staff. Nothing else builds an answer."""

from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from smartcity.city.model import Agency, Category, City, Unit
from smartcity.reports.lifecycle import PRIVATE
from smartcity.reports.model import Report, Task
from smartcity.reports.moderation import (
    ADDRESS,
    ANSWERS,
    DESCRIPTION,
    hides,
    public_text,
    replaced_values,
    unhidden,
)
from smartcity.reports.privacy import Mask
from smartcity.reports.shapes import (
    DeadlinesView,
    EntryView,
    EscalatedTo,
    ExtensionView,
    HoldView,
    Named,
    PointView,
    ProposalView,
    ReasonView,
    ReportReceipt,
    ReportView,
    TaskView,
)
from smartcity.reports.timeline import Entry
from smartcity.reports.viewers import MASKED, OFFICIALS, Viewer
from smartcity.reports.words import Party

EXCERPT = 200

OF_AN_AGENCY: Final = frozenset({Party.HANDLER, Party.SUPERVISOR, Party.DISPATCHER, Party.HELPER})


class Views:
    """Builds the answers in one city's words."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._mask = Mask(city)

    def full(
        self,
        report: Report,
        viewer: Viewer,
        language: str,
        contact: Mapping[str, str] | None = None,
        names: Mapping[UUID, str] | None = None,
    ) -> ReportView:
        """Everything that the viewer may see of one report. `names` are those of its officials."""
        shown = self.summary(report, viewer, language, whole=True)
        if viewer is Viewer.PUBLIC and not report.is_public:
            return shown
        more: dict[str, Any] = {"timeline": self._timeline(report, viewer, language, names or {})}
        if viewer is not Viewer.PUBLIC:
            more |= _present(
                subject=report.subject and _texts_of(report.subject),
                answers=report.answers and self._answers(report, report.answers, viewer),
                redactions=None if viewer in MASKED else report.redactions or None,
                rule=report.routing.rule,
                approximate=report.place.approximate or None,
                near_edge=report.place.near_edge or None,
            )
        if viewer in OFFICIALS:
            more |= _present(
                assignee=report.assignee,
                assignee_name=report.assignee and (names or {}).get(report.assignee),
                level=report.level,
                escalated_to=self._escalated_to(report, language),
                extension=self._wish(report, viewer),
                tasks=[self.task(task, language, viewer) for task in report.tasks] or None,
                formal=report.formal or None,
                proposal=report.proposal
                and ProposalView(
                    agency=self.agency(report.proposal.agency, language),
                    rule=report.proposal.rule,
                    resolve_by=report.proposal.resolve_by,
                ),
                contact=contact,
            )
        return replace(shown, **more)

    def summary(
        self, report: Report, viewer: Viewer, language: str, *, whole: bool = False
    ) -> ReportView:
        """A line of a list; the description is cut unless `whole`."""
        base: dict[str, Any] = {
            "id": report.id,
            "version": report.version,
            "status": report.status,
            "category": self._category(report.category, language),
            "field": report.field,
            "submitted_at": report.submitted_at,
            "updated_at": report.updated_at,
        }
        if report.place.unit is not None:
            base["unit"] = self._unit(report.place.unit, language)
        if viewer is Viewer.PUBLIC and not report.is_public:
            return ReportView(**base)
        text, address, files = report.description, report.place.address, report.attachments
        if viewer in MASKED:
            text = self._public(report, DESCRIPTION, text)
            address = address and self._public(report, ADDRESS, address)
            files = unhidden(report, files)
        return ReportView(
            **base,
            **_present(
                code=report.code,
                priority=report.priority,
                description=text if whole else text[:EXCERPT],
                location=_point(report),
                address=address,
                agency=self.agency(report.agency, language),
                deadlines=_deadlines(report),
                risk_at=report.risk_at if viewer in OFFICIALS else None,
                held=_hold(report) if viewer in OFFICIALS else None,
                attachments=files or None,
                finished_at=report.finished_at,
                rating=report.rating,
                merged_into=report.merged_into,
            ),
        )

    def queued(
        self, report: Report, language: str, names: Mapping[UUID, str], confirmations: int
    ) -> ReportView:
        """A line of an agency's queue: what it is sorted out by."""
        return replace(
            self.summary(report, Viewer.STAFF, language),
            confirmations=confirmations,
            **_present(
                assignee=report.assignee,
                assignee_name=report.assignee and names.get(report.assignee),
                escalated_to=self._escalated_to(report, language),
                extension=self._wish(report, Viewer.STAFF),
            ),
        )

    def excerpt(self, report: Report) -> str:
        """The beginning of the description, as everybody may see it."""
        return self._public(report, DESCRIPTION, report.description)[:EXCERPT]

    def _public(self, report: Report, target: str | UUID, text: str) -> str:
        return public_text(report, target, text, self._mask)

    def receipt(self, report: Report, secret: str, language: str) -> ReportReceipt:
        return ReportReceipt(
            id=report.id,
            code=report.code,
            secret=secret,
            status=report.status,
            version=report.version,
            category=self._category(report.category, language),
            agency=self.agency(report.agency, language),
            rule=report.routing.rule,
            submitted_at=report.submitted_at,
            **_present(
                deadlines=_deadlines(report),
                unit=report.place.unit and self._unit(report.place.unit, language),
                approximate=report.place.approximate or None,
                near_edge=report.place.near_edge or None,
            ),
        )

    def agency(self, code: str, language: str) -> Named:
        """An agency by its name."""
        return _named(self._city.agencies, code, language)

    def task(self, task: Task, language: str, viewer: Viewer = Viewer.STAFF) -> TaskView:
        """One task, for officials."""
        return TaskView(
            id=task.id,
            agency=self.agency(task.agency, language),
            text=self._seen(task.text, viewer),
            status=task.status,
            opened_at=task.opened_at,
            due_at=task.due_at,
            attachments=task.attachments,
            **_present(
                answer=task.answer and self._seen(task.answer, viewer),
                why=task.why and self._seen(task.why, viewer),
                ended_by=task.ended_by,
                finished_at=task.finished_at,
            ),
        )

    def _seen(self, text: str, viewer: Viewer) -> str:
        """What officials wrote for each other, in which nothing is redacted."""
        return self._mask(text) if viewer in MASKED else text

    def _wish(self, report: Report, viewer: Viewer) -> ExtensionView | None:
        wish = report.extension
        return wish and ExtensionView(until=wish.until, text=self._seen(wish.text, viewer))

    def _escalated_to(self, report: Report, language: str) -> EscalatedTo | None:
        rung = report.escalated_to
        return rung and EscalatedTo(role=rung.role, agency=self.agency(rung.agency, language))

    def _timeline(
        self, report: Report, viewer: Viewer, language: str, names: Mapping[UUID, str]
    ) -> list[EntryView]:
        official = viewer in OFFICIALS
        return [
            self._entry(report, entry, viewer, language, names)
            for entry in report.timeline
            if official or not entry.internal
            if viewer is not Viewer.PUBLIC or entry.action not in PRIVATE
        ]

    def _entry(
        self,
        report: Report,
        entry: Entry,
        viewer: Viewer,
        language: str,
        names: Mapping[UUID, str],
    ) -> EntryView:
        text, files = entry.text, entry.attachments
        if viewer in MASKED:
            text = text and self._public(report, entry.id, text)
            files = unhidden(report, files)
        more = _present(
            text=text,
            reason=entry.reason and self._reason(entry.reason, language),
            agency=entry.agency and self.agency(entry.agency, language),
            report=entry.report,
            rating=entry.rating,
            until=entry.until,
        )
        if viewer in OFFICIALS:
            more |= _present(
                assignee=entry.assignee,
                assignee_name=entry.assignee and names.get(entry.assignee),
                task=entry.task,
                why=entry.why and self._seen(entry.why, viewer),
                before=entry.before and replaced_values(entry.before, whole=viewer is Viewer.STAFF),
                redaction=entry.redaction,
            )
        return EntryView(
            id=entry.id,
            at=entry.at,
            action=entry.action,
            by=_shown_party(entry.by.party),
            status=entry.status,
            attachments=files,
            **more,
        )

    def _answers(
        self, report: Report, answers: Mapping[str, Any], viewer: Viewer
    ) -> dict[str, Any] | None:
        if viewer not in MASKED:
            return dict(answers)
        if hides(report, ANSWERS):
            return None
        return {q: self._mask(a) if isinstance(a, str) else a for q, a in answers.items()}

    def _reason(self, code: str, language: str) -> ReasonView:
        """A reason; one that has left the pack since is its own name."""
        reason = self._city.reasons.get(code)
        if reason is None:
            return ReasonView(code=code, name=code)
        return ReasonView(code=code, name=reason.name[language], text=reason.text[language])

    def _category(self, code: str, language: str) -> Named:
        return _named(self._city.categories, code, language)

    def _unit(self, code: str, language: str) -> Named:
        return _named(self._city.units, code, language)


def _named(items: Mapping[str, Category | Agency | Unit], code: str, language: str) -> Named:
    """The code with its name; a code that has left the pack since is its own name."""
    item = items.get(code)
    return Named(code=code, name=item.name[language] if item else code)


def _shown_party(party: Party) -> str:
    """Outside an agency it does not matter which of its people acted."""
    return "agency" if party in OF_AN_AGENCY else party


def _hold(report: Report) -> HoldView | None:
    hold = report.held
    return hold and HoldView(at=hold.at, common=hold.common)


def _deadlines(report: Report) -> DeadlinesView | None:
    """None of a held report: new ones are given on its release."""
    if report.held is not None:
        return None
    given = report.deadlines
    return DeadlinesView(
        receive_by=given.receive_by,
        resolve_by=given.resolve_by,
        first_resolve_by=given.first_resolve_by,
        calendar=given.calendar,
        **_present(
            receive_calendar=given.receive_calendar,
            resolve_calendar=given.resolve_calendar,
            clock=_clock(report),
            paused_at=given.paused_at,
        ),
    )


def _clock(report: Report) -> Literal["running", "stopped"] | None:
    if not report.is_open:
        return None
    return "stopped" if report.deadlines.paused_at else "running"


def _point(report: Report) -> PointView | None:
    place = report.place
    if place.lon is None or place.lat is None:
        return None
    return PointView(lat=place.lat, lon=place.lon, **_present(accuracy_m=place.accuracy_m))


def _texts_of(subject: Struct) -> dict[str, str]:
    return {name: value for name in subject.__struct_fields__ if (value := getattr(subject, name))}


def _present(**values: Any) -> dict[str, Any]:
    """The values that there are."""
    return {name: value for name, value in values.items() if value is not None}
