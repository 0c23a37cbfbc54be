"""Who sees what of a report: the public, its reporter, staff. Nothing else builds an answer."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from smartcity.city.model import Agency, Category, City, Unit
from smartcity.reports.lifecycle import PRIVATE
from smartcity.reports.model import Common, Entry, Party, Report
from smartcity.reports.privacy import Mask

EXCERPT = 200


class Viewer(StrEnum):
    """Through whose eyes."""

    PUBLIC = "public"
    REPORTER = "reporter"
    STAFF = "staff"  # who handles it
    OBSERVER = "observer"  # staff whom it does not concern: all but personal data


OFFICIALS: Final = frozenset({Viewer.STAFF, Viewer.OBSERVER})
MASKED: Final = frozenset({Viewer.PUBLIC, Viewer.OBSERVER})
"""Who sees no phone and identity numbers in a text."""


class View(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The form of every answer: what does not apply, or is not the viewer's to see, is left out."""


class Named(View, frozen=True, kw_only=True):
    """A code of the city pack with its name in the caller's language."""

    code: str
    name: str


class PointView(View, frozen=True, kw_only=True):
    lat: float
    lon: float
    accuracy_m: float | UnsetType = UNSET


class DeadlinesView(View, frozen=True, kw_only=True):
    """Until when; `paused_at` while the clock stands still for a question, and `clock` says so of
    every open report. `calendar` and its version made the dates; `receive_calendar` and
    `resolve_calendar` are there where another made that one (`granted`: a supervisor did).
    """

    receive_by: datetime
    resolve_by: datetime
    first_resolve_by: datetime
    calendar: str
    receive_calendar: str | UnsetType = UNSET
    resolve_calendar: str | UnsetType = UNSET
    clock: Literal["running", "stopped"] | UnsetType = UNSET
    paused_at: datetime | UnsetType = UNSET


class ProposalView(View, frozen=True, kw_only=True):
    agency: Named
    rule: str
    resolve_by: datetime


class EscalatedTo(View, frozen=True, kw_only=True):
    """Who it stands with: the supervisors of an agency, or the city's dispatchers."""

    role: str
    agency: Named


class HoldView(View, frozen=True, kw_only=True):
    """Since when a report waits for a dispatcher, and what it has in common with too many others
    from new devices.
    """

    at: datetime
    common: tuple[Common, ...]


class EntryView(View, frozen=True, kw_only=True):
    """One line of the timeline."""

    id: UUID
    at: datetime
    action: str
    by: str
    status: str
    text: str | UnsetType = UNSET
    reason: Named | UnsetType = UNSET
    attachments: tuple[UUID, ...] = ()
    agency: Named | UnsetType = UNSET
    assignee: UUID | UnsetType = UNSET
    report: UUID | UnsetType = UNSET
    rating: int | UnsetType = UNSET
    until: datetime | UnsetType = UNSET
    before: dict[str, Any] | UnsetType = UNSET


class ReportView(View, frozen=True, kw_only=True):
    """One report as a viewer may see it.

    Until an agency has received it, the public sees category, unit and status only.
    """

    id: UUID
    version: int
    status: str
    category: Named
    field: str
    submitted_at: datetime
    updated_at: datetime
    unit: Named | UnsetType = UNSET
    code: str | UnsetType = UNSET
    priority: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    location: PointView | UnsetType = UNSET
    approximate: bool | UnsetType = UNSET
    near_edge: bool | UnsetType = UNSET
    address: str | UnsetType = UNSET
    subject: dict[str, str] | UnsetType = UNSET
    answers: dict[str, Any] | UnsetType = UNSET
    agency: Named | UnsetType = UNSET
    rule: str | UnsetType = UNSET
    deadlines: DeadlinesView | UnsetType = UNSET
    attachments: tuple[UUID, ...] | UnsetType = UNSET
    finished_at: datetime | UnsetType = UNSET
    rating: int | UnsetType = UNSET
    merged_into: UUID | UnsetType = UNSET
    timeline: list[EntryView] | UnsetType = UNSET
    assignee: UUID | UnsetType = UNSET
    level: int | UnsetType = UNSET
    escalated_to: EscalatedTo | UnsetType = UNSET
    held: HoldView | UnsetType = UNSET
    proposal: ProposalView | UnsetType = UNSET
    contact: dict[str, str] | UnsetType = UNSET


class ReportReceipt(View, frozen=True, kw_only=True):
    """The answer to a submission: what the citizen keeps. `secret` with `code` makes anybody who
    holds them the reporter.
    """

    id: UUID
    code: str
    secret: Annotated[str, Meta(description="Six letters and digits that survive a phone call.")]
    status: str
    version: int
    category: Named
    agency: Named
    rule: str
    deadlines: Annotated[
        DeadlinesView | UnsetType, Meta(description="None run while a report is held.")
    ] = UNSET
    submitted_at: datetime
    unit: Named | UnsetType = UNSET
    approximate: bool | UnsetType = UNSET
    near_edge: bool | UnsetType = UNSET


class ReportPage(View, frozen=True, kw_only=True):
    """Some reports, and where the next page begins."""

    items: list[ReportView]
    next_cursor: str | UnsetType = UNSET


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
    ) -> ReportView:
        """Everything that the viewer may see of one report."""
        shown = self.summary(report, viewer, language, whole=True)
        if viewer is Viewer.PUBLIC and not report.is_public:
            return shown
        more: dict[str, Any] = {"timeline": self._timeline(report, viewer, language)}
        if viewer is not Viewer.PUBLIC:
            more |= _present(
                subject=report.subject and _texts_of(report.subject),
                answers=report.answers and self._answers(report.answers, viewer),
                rule=report.routing.rule,
                approximate=report.place.approximate or None,
                near_edge=report.place.near_edge or None,
            )
        if viewer in OFFICIALS:
            more |= _present(
                assignee=report.assignee,
                level=report.level,
                escalated_to=report.escalated_to
                and EscalatedTo(
                    role=report.escalated_to.role,
                    agency=self._agency(report.escalated_to.agency, language),
                ),
                proposal=report.proposal
                and ProposalView(
                    agency=self._agency(report.proposal.agency, language),
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
        text, address = report.description, report.place.address
        if viewer in MASKED:
            text, address = self._mask(text), address and self._mask(address)
        return ReportView(
            **base,
            **_present(
                code=report.code,
                priority=report.priority,
                description=text if whole else text[:EXCERPT],
                location=_point(report),
                address=address,
                agency=self._agency(report.agency, language),
                deadlines=_deadlines(report),
                held=_hold(report) if viewer in OFFICIALS else None,
                attachments=report.attachments or None,
                finished_at=report.finished_at,
                rating=report.rating,
                merged_into=report.merged_into,
            ),
        )

    def excerpt(self, report: Report) -> str:
        """The beginning of the description, as everybody may see it."""
        return self._mask(report.description)[:EXCERPT]

    def receipt(self, report: Report, secret: str, language: str) -> ReportReceipt:
        return ReportReceipt(
            id=report.id,
            code=report.code,
            secret=secret,
            status=report.status,
            version=report.version,
            category=self._category(report.category, language),
            agency=self._agency(report.agency, language),
            rule=report.routing.rule,
            submitted_at=report.submitted_at,
            **_present(
                deadlines=_deadlines(report),
                unit=report.place.unit and self._unit(report.place.unit, language),
                approximate=report.place.approximate or None,
                near_edge=report.place.near_edge or None,
            ),
        )

    def _timeline(self, report: Report, viewer: Viewer, language: str) -> list[EntryView]:
        official = viewer in OFFICIALS
        return [
            self._entry(entry, viewer, language)
            for entry in report.timeline
            if official or not entry.internal
            if viewer is not Viewer.PUBLIC or entry.action not in PRIVATE
        ]

    def _entry(self, entry: Entry, viewer: Viewer, language: str) -> EntryView:
        text = entry.text and (self._mask(entry.text) if viewer in MASKED else entry.text)
        reason = self._city.reasons.get(entry.reason) if entry.reason else None
        more = _present(
            text=text,
            reason=reason and Named(code=reason.code, name=reason.name[language]),
            agency=entry.agency and self._agency(entry.agency, language),
            report=entry.report,
            rating=entry.rating,
            until=entry.until,
        )
        if viewer in OFFICIALS:
            more |= _present(assignee=entry.assignee, before=entry.before)
        return EntryView(
            id=entry.id,
            at=entry.at,
            action=entry.action,
            by=_shown_party(entry.by.party),
            status=entry.status,
            attachments=entry.attachments,
            **more,
        )

    def _answers(self, answers: Mapping[str, Any], viewer: Viewer) -> dict[str, Any]:
        if viewer not in MASKED:
            return dict(answers)
        return {q: self._mask(a) if isinstance(a, str) else a for q, a in answers.items()}

    def _category(self, code: str, language: str) -> Named:
        return _named(self._city.categories, code, language)

    def _agency(self, code: str, language: str) -> Named:
        return _named(self._city.agencies, code, language)

    def _unit(self, code: str, language: str) -> Named:
        return _named(self._city.units, code, language)


def _named(items: Mapping[str, Category | Agency | Unit], code: str, language: str) -> Named:
    """The code with its name; a code that has left the pack since is its own name."""
    item = items.get(code)
    return Named(code=code, name=item.name[language] if item else code)


def _shown_party(party: Party) -> str:
    """Outside an agency it does not matter which of its people acted."""
    return "agency" if party in {Party.HANDLER, Party.SUPERVISOR, Party.DISPATCHER} else party


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
