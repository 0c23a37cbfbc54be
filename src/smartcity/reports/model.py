"""What a report is, as MongoDB keeps it: one document with its own timeline."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from smartcity.city.model import Priority, Publicity
from smartcity.identity.roles import Assurance
from smartcity.reports.dates import Deadlines, ExtensionWish, Proposal, Watch
from smartcity.reports.document import Struct
from smartcity.reports.holding.model import Hold
from smartcity.reports.timeline import Entry, Redaction
from smartcity.reports.words import OPEN, UNFINISHED, Action, Party, Status, TaskStatus


class Place(Struct, frozen=True, kw_only=True):
    """Where: a point (WGS 84 degrees), or words and a unit, or both."""

    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    address: str | None = None
    unit: str | None = None
    approximate: bool = False
    """The unit was found with approximate boundaries."""
    near_edge: bool = False
    """Another unit is about as near."""

    @property
    def point(self) -> dict[str, Any] | None:
        """The point as GeoJSON, for the database's index."""
        if self.lon is None or self.lat is None:
            return None
        return {"type": "Point", "coordinates": [self.lon, self.lat]}


class Subject(Struct, frozen=True, kw_only=True):
    """What a complaint is about, where it is no place: an office or a dossier."""

    agency: str | None = None
    dossier: str | None = None


class Routing(Struct, frozen=True, kw_only=True):
    """Why a report stands with its agency: the rule that fired, in its code."""

    rule: str


class Alarm(Struct, frozen=True, kw_only=True):
    """What the clock does next with a report, and when."""

    at: datetime
    action: Action
    task: UUID | None = None
    """Of which task it warns."""


class Rung(Struct, frozen=True, kw_only=True):
    """Who a report stands with: the supervisors of an agency, or the city's dispatchers."""

    role: Party
    agency: str


TASKS_LIMIT: Final = 20
"""A report never has more, finished ones included."""


class Task(Struct, frozen=True, kw_only=True):
    """What the lead agency asked of another. Internal: neither public nor reporter learn of it.

    `due_at` is counted in the helping agency's working time unless the lead named a date. `answer`
    and `attachments` are the helper's, `why` says for what reason it was cancelled, and `ended_by`
    what was done to the report when nobody cancelled the task itself.
    """

    id: UUID
    agency: str
    text: str
    status: TaskStatus
    opened_at: datetime
    due_at: datetime
    answer: str | None = None
    attachments: tuple[UUID, ...] = ()
    why: str | None = None
    ended_by: Action | None = None
    finished_at: datetime | None = None
    warned: bool = False

    @property
    def is_open(self) -> bool:
        return self.status in UNFINISHED


class Reporter(Struct, frozen=True, kw_only=True):
    """Who sent it: opaque ids, and the contact details as ciphertext under the person's key.

    `phone` is the keyed hash that a caller's reports are found by; `by` the operator who took the
    report for a caller; `erasing` says that the person asked to be erased, and that the words of
    the report are to go when it is finished.
    """

    id: UUID
    contact: bytes | None = None
    share_contact: bool = False
    phone: bytes | None = None
    by: UUID | None = None
    assurance: Assurance = Assurance.DEVICE
    erasing: bool = False


class Report(Struct, frozen=True, kw_only=True):
    """The document. `version` counts changes of status, agency, assignee, category, priority, place
    or deadline, and of what is hidden: of two handlers who hide something at once, neither may lose
    what they hid. Comments and notes are appended without it.
    """

    id: UUID = msgspec.field(name="_id")
    code: str
    version: int
    status: Status
    field: str
    category: str
    priority: Priority
    public: Publicity
    description: str
    folded: str
    place: Place
    location: dict[str, Any] | None = None
    """The same point as GeoJSON, for the database's index."""
    agency: str
    routing: Routing
    deadlines: Deadlines
    due_at: datetime | None = None
    """The next deadline of an open report whose clock runs; the queue sorts by it."""
    risk_at: datetime | None = None
    """From then on it is at risk of missing that deadline: see `Clocks.risk_at`."""
    reporter: Reporter
    submission: bytes
    """Names the sender and the idempotency key; unique."""
    submission_body: bytes
    submitted_at: datetime
    updated_at: datetime
    timeline: tuple[Entry, ...]
    subject: Subject | None = None
    answers: dict[str, Any] | None = None
    attachments: tuple[UUID, ...] = ()
    files: tuple[UUID, ...] = ()
    """The attachments of the submission and of every step since."""
    guests: tuple[UUID, ...] = ()
    """Who spoke as its reporter under another id: the receipt's holder, another phone."""
    assignee: UUID | None = None
    received_at: datetime | None = None
    finished_at: datetime | None = None
    level: int = 0
    """How high it stands: 0 with its handlers, 1 with its agency's supervisors, then with those of
    each agency above, at last with the dispatchers. A new deadline begins at 0 again."""
    escalated_to: Rung | None = None
    """Whom `level` means, while it is open."""
    watch: Watch | None = None
    alarm: Alarm | None = None
    transfers: int = 0
    reopened: int = 0
    asked: int = 0
    rating: int | None = None
    proposal: Proposal | None = None
    extension: ExtensionWish | None = None
    tasks: tuple[Task, ...] = ()
    formal: bool = False
    """It was refused as a matter of another law: only a supervisor can reopen it."""
    redactions: tuple[Redaction, ...] = ()
    merged_into: UUID | None = None
    before_merge: Status | None = None
    held: Hold | None = None
    """Set until a dispatcher releases it, also where it is rejected or withdrawn instead: nobody
    but its reporter, the dispatchers and the operations centre knows of such a report.
    """
    batch: UUID | None = None
    """The import that brought it."""
    source: str | None = None
    """Its name in the system that it was imported from."""

    @property
    def etag(self) -> str:
        return f'"{self.version}"'

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def is_public(self) -> bool:
        """Whether its text, place and agency may be shown to everybody by now."""
        if self.public is Publicity.NEVER or self.held is not None:
            return False
        return self.public is Publicity.AT_ONCE or self.received_at is not None
