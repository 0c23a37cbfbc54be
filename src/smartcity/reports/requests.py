"""What people send: a new report, and the steps of its life. Shapes and bounds only."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from smartcity.attachments.images import Region
from smartcity.city.model import Bounds, Latitude, Longitude, Priority
from smartcity.clock import in_utc
from smartcity.reports.words import Action
from smartcity.text import CONTROL, READABLE, WRITTEN

Words = Annotated[str, Meta(min_length=1, max_length=4000, pattern=READABLE)]
"""Something that can be read: an answer of blanks is none."""

Line = Annotated[str, Meta(min_length=1, max_length=300, pattern=READABLE)]
Code = Annotated[str, Meta(min_length=1, max_length=64)]
Value = Annotated[str, Meta(max_length=1000, pattern=WRITTEN)]
MailAddress = Annotated[
    str, Meta(min_length=3, max_length=254, pattern=rf"^[^@\s{CONTROL}]+@[^@\s{CONTROL}]+$")
]
Whole = Annotated[int, Meta(ge=-(2**53), le=2**53)]
"""What every reader of JSON keeps exactly (RFC 8259, section 6)."""

Attachments = Annotated[list[UUID], Meta(max_length=20)]
"""More than any city allows: the setting `attachments_per_report` is the bound that counts."""


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The form of every input: a word that we do not know is an error, not silence."""


class Location(Request, frozen=True, kw_only=True):
    """A point as the phone measured it: WGS 84 degrees, and the radius of its uncertainty."""

    lat: Latitude
    lon: Longitude
    accuracy_m: Annotated[float, Meta(ge=0, le=100_000)] | None = None


class SubjectOfComplaint(Request, frozen=True, kw_only=True):
    """The office or the dossier that a report without a place is about."""

    agency: Code | None = None
    dossier: Code | None = None


class Contact(Request, frozen=True, kw_only=True):
    """How to reach the reporter. Kept encrypted; shown to handlers only with `share_contact`."""

    name: Line | None = None
    phone: Annotated[str, Meta(min_length=5, max_length=32, pattern=WRITTEN)] | None = None
    email: MailAddress | None = None


class NewReport(Request, frozen=True, kw_only=True):
    """One problem, as the citizen tells it."""

    category: Code
    description: Words
    location: Location | None = None
    unit: Code | None = None
    address: Line | None = None
    subject: SubjectOfComplaint | None = None
    answers: dict[Code, Value | bool | Whole | float] | None = None
    attachments: Attachments = []
    contact: Contact | None = None
    share_contact: bool = False
    consent: Annotated[dict[Code, Code], Meta(max_length=10)] = {}
    """What the sender agrees to with this: the purpose and the version of the text they read."""


Target = Annotated[str, Meta(min_length=1, max_length=36)]
Position = Annotated[int, Meta(ge=0, le=4000)]


class Redacted(Request, frozen=True, kw_only=True):
    """What to hide, or to show again: spans of characters [start, stop) of a text, or regions of an
    upright photo; without either, all of it.

    `target` is `description`, `address`, `answers`, or the id of a timeline entry or an attachment.
    """

    target: Target
    spans: Annotated[list[tuple[Position, Position]], Meta(max_length=50)] = []
    regions: Annotated[list[Region], Meta(max_length=50)] = []


class Step(Request, frozen=True, kw_only=True):
    """One lifecycle action, with what it needs: see the operation's description."""

    action: Action
    text: Words | None = None
    reason: Code | None = None
    agency: Code | None = None
    assignee: UUID | None = None
    attachments: Attachments = []
    report: UUID | None = None
    rating: Annotated[int, Meta(ge=1, le=5)] | None = None
    category: Code | None = None
    priority: Priority | None = None
    location: Location | None = None
    unit: Code | None = None
    address: Line | None = None
    until: Annotated[datetime, Meta(tz=True)] | None = None
    task: UUID | None = None
    why: Words | None = None
    redaction: Redacted | None = None

    def __post_init__(self) -> None:
        if self.until is not None:
            in_utc(self.until)


STEPS_LIMIT: Final = 5

Steps = Step | Annotated[list[Step], Meta(min_length=1, max_length=STEPS_LIMIT)]
"""One action, or several that are one step for the person who takes them, in order."""


class SaidSecret(Struct, frozen=True):
    """A receipt's secret as somebody said it, and the address that they said it from."""

    secret: str
    address: str


class SaidPhone(Struct, frozen=True):
    """The number that an operator's caller said is theirs."""

    phone: str


Said = SaidSecret | SaidPhone
"""What proves that somebody speaks for the reporter."""


class ReportFilter(Struct, frozen=True, kw_only=True):
    """Which reports a list holds. Empty conditions hold always."""

    status: frozenset[str] = frozenset()
    category: frozenset[str] = frozenset()
    field: frozenset[str] = frozenset()
    unit: frozenset[str] = frozenset()
    agency: frozenset[str] = frozenset()
    bbox: Bounds | None = None
    near: tuple[float, float] | None = None
    """lon, lat; with `radius_m`."""
    radius_m: float = 500.0
    text: str | None = None
