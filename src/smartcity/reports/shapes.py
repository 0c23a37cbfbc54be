"""What answers about reports look like: shapes only. `views` fills them, each for its viewer."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from smartcity.reports.holding.model import Common
from smartcity.reports.timeline import Redaction
from smartcity.reports.words import TaskStatus


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


class ReasonView(View, frozen=True, kw_only=True):
    """Why a report was rejected; `text` tells the citizen where to turn instead."""

    code: str
    name: str
    text: str | UnsetType = UNSET


class ExtensionView(View, frozen=True, kw_only=True):
    """A handler's wish for a later date, which waits for a supervisor."""

    until: datetime
    text: str


class TaskView(View, frozen=True, kw_only=True):
    """What another agency was asked for. Officials alone see it.

    `why` is for what reason it was cancelled; `ended_by` what was done to the report instead.
    """

    id: UUID
    agency: Named
    text: str
    status: TaskStatus
    opened_at: datetime
    due_at: datetime
    answer: str | UnsetType = UNSET
    attachments: tuple[UUID, ...] = ()
    why: str | UnsetType = UNSET
    ended_by: str | UnsetType = UNSET
    finished_at: datetime | UnsetType = UNSET


class EntryView(View, frozen=True, kw_only=True):
    """One line of the timeline."""

    id: UUID
    at: datetime
    action: str
    by: str
    status: str
    text: str | UnsetType = UNSET
    reason: ReasonView | UnsetType = UNSET
    attachments: tuple[UUID, ...] = ()
    agency: Named | UnsetType = UNSET
    assignee: UUID | UnsetType = UNSET
    assignee_name: str | UnsetType = UNSET
    report: UUID | UnsetType = UNSET
    rating: int | UnsetType = UNSET
    until: datetime | UnsetType = UNSET
    task: UUID | UnsetType = UNSET
    why: str | UnsetType = UNSET
    before: dict[str, Any] | UnsetType = UNSET
    redaction: Redaction | UnsetType = UNSET


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
    risk_at: datetime | UnsetType = UNSET
    """From when on its agency may miss the next deadline: from the clock's warning on."""
    attachments: tuple[UUID, ...] | UnsetType = UNSET
    finished_at: datetime | UnsetType = UNSET
    rating: int | UnsetType = UNSET
    merged_into: UUID | UnsetType = UNSET
    timeline: list[EntryView] | UnsetType = UNSET
    assignee: UUID | UnsetType = UNSET
    assignee_name: str | UnsetType = UNSET
    level: int | UnsetType = UNSET
    escalated_to: EscalatedTo | UnsetType = UNSET
    held: HoldView | UnsetType = UNSET
    proposal: ProposalView | UnsetType = UNSET
    extension: ExtensionView | UnsetType = UNSET
    tasks: list[TaskView] | UnsetType = UNSET
    formal: bool | UnsetType = UNSET
    contact: dict[str, str] | UnsetType = UNSET
    confirmations: int | UnsetType = UNSET
    """How many people see it too, each once, with those of what was merged into it."""
    redactions: tuple[Redaction, ...] | UnsetType = UNSET
    """What others do not see, for those who see it."""


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
