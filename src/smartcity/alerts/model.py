"""What an alert is: one document from its first draft to its end, with everything that was
published of it on the way.

The words of its enums are CAP 1.2's own, spelled as the standard spells them, so that nothing is
translated on the way out (OASIS, Common Alerting Protocol Version 1.2, section 3.2).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import msgspec

from smartcity.city.policies import Severity
from smartcity.city.values import Latitude, Longitude

TIMELINE: Final = 500
"""So many steps at the most; then an alert can only be cancelled, or expire."""

MESSAGES: Final = 50
"""So often an alert is published: then there must be a new one. It bounds the document."""


class AlertStatus(StrEnum):
    DRAFT = "draft"
    ISSUED = "issued"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DISCARDED = "discarded"  # a draft that was never issued


PUBLISHED: Final = frozenset({AlertStatus.ISSUED, AlertStatus.CANCELLED, AlertStatus.EXPIRED})


class AlertAction(StrEnum):
    CREATE = "create"
    REVISE = "revise"
    CONFIRM = "confirm"
    ISSUE = "issue"
    CANCEL = "cancel"
    DISCARD = "discard"
    EXPIRE = "expire"


class MessageKind(StrEnum):
    """CAP's `msgType`."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"


class Urgency(StrEnum):
    IMMEDIATE = "Immediate"
    EXPECTED = "Expected"
    FUTURE = "Future"
    PAST = "Past"
    UNKNOWN = "Unknown"


class Certainty(StrEnum):
    OBSERVED = "Observed"
    LIKELY = "Likely"
    POSSIBLE = "Possible"
    UNLIKELY = "Unlikely"
    UNKNOWN = "Unknown"


class AlertCategory(StrEnum):
    GEO = "Geo"
    MET = "Met"
    SAFETY = "Safety"
    SECURITY = "Security"
    RESCUE = "Rescue"
    FIRE = "Fire"
    HEALTH = "Health"
    ENV = "Env"
    TRANSPORT = "Transport"
    INFRA = "Infra"
    CBRNE = "CBRNE"
    OTHER = "Other"


class ResponseType(StrEnum):
    """What people are asked to do; CAP's `responseType`."""

    SHELTER = "Shelter"
    EVACUATE = "Evacuate"
    PREPARE = "Prepare"
    EXECUTE = "Execute"
    AVOID = "Avoid"
    MONITOR = "Monitor"
    ASSESS = "Assess"
    ALL_CLEAR = "AllClear"
    NONE = "None"


class AlertWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An alert in one language: what happens, in a line, at length, and what to do."""

    event: Annotated[
        str,
        msgspec.Meta(
            min_length=1, max_length=100, pattern="\\S", description="What happens, in a word."
        ),
    ]
    headline: Annotated[
        str, msgspec.Meta(min_length=1, max_length=160, pattern="\\S", description="In a line.")
    ]
    description: Annotated[
        str, msgspec.Meta(min_length=1, max_length=4000, pattern="\\S", description="At length.")
    ]
    instruction: Annotated[
        str, msgspec.Meta(max_length=2000, description="What people are to do.")
    ] = ""


class Circle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A point in WGS 84 degrees and what lies within so many metres of it."""

    lat: Annotated[Latitude, msgspec.Meta(description="Degrees, WGS 84.")]
    lon: Annotated[Longitude, msgspec.Meta(description="Degrees, WGS 84.")]
    radius_m: Annotated[float, msgspec.Meta(ge=10, le=200_000, description="Metres.")]


Corner = tuple[Longitude, Latitude]
Corners = Annotated[tuple[Corner, ...], msgspec.Meta(min_length=3, max_length=500)]
UnitCodes = Annotated[
    tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=40)], ...],
    msgspec.Meta(min_length=1, max_length=5000),
]


class Area(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where it is, as an officer says it: exactly one of these. `polygon` has its corners as
    lon, lat in WGS 84 degrees; the last is joined to the first. `everywhere` is the whole city.
    """

    units: Annotated[
        UnitCodes | None, msgspec.Meta(description="Codes; a larger unit means all in it.")
    ] = None
    polygon: Annotated[
        Corners | None, msgspec.Meta(description="Corners as `[lon, lat]`, WGS 84 degrees.")
    ] = None
    circle: Annotated[Circle | None, msgspec.Meta(description="A point and a radius.")] = None
    everywhere: Annotated[
        bool, msgspec.Meta(description="The whole city: every device, whatever it follows.")
    ] = False


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Whom it is for: who follows one of these units, or everybody. Worked out when the area is
    given and kept, so that what was previewed and confirmed is what goes out, whatever boundaries
    are imported meanwhile.
    """

    units: tuple[str, ...] = ()
    everywhere: bool = False
    approximate: bool = False
    """The units were found without true boundaries."""


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert says. `texts`: language → words, in every language of the city."""

    category: AlertCategory
    severity: Severity
    urgency: Urgency
    certainty: Certainty
    response: ResponseType | None = None
    texts: Mapping[str, AlertWords]
    area: Area
    reach: Reach
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be issued next, who wrote it last, and who else read and confirmed just this."""

    content: Content
    by: UUID
    at: datetime
    confirmed_by: UUID | None = None
    confirmed_at: datetime | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was published. `id` is its CAP identifier; `note`: language → why it was
    cancelled.
    """

    id: UUID
    kind: MessageKind
    sent: datetime
    content: Content
    note: Mapping[str, str] = {}


class Key(msgspec.Struct, frozen=True):
    """A request that was taken: digests of who sent it with which key, and of what it said."""

    key: bytes
    body: bytes


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One step; none as `by` is the clock. `message` is what it published."""

    id: UUID
    at: datetime
    action: AlertAction
    by: UUID | None
    status: AlertStatus
    version: int
    message: UUID | None = None
    key: Key | None = None


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """The document. `draft` is the first one, or of an issued alert the update that is being
    written. `expires_at` is set while it is issued: the clock looks for it. `submission` makes one
    alert of one request, however often it is sent.
    """

    id: UUID = msgspec.field(name="_id")
    submission: Key
    status: AlertStatus
    version: int
    draft: Draft | None
    messages: tuple[Message, ...] = ()
    timeline: tuple[Entry, ...]
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def latest(self) -> Message | None:
        """What was published last."""
        return self.messages[-1] if self.messages else None

    @property
    def content(self) -> Content:
        """What it is to say next, or says."""
        if self.draft is not None:
            return self.draft.content
        return self.messages[-1].content

    def until(self, message: Message) -> tuple[Message, ...]:
        """What was published up to a message, with it."""
        return self.messages[: self.messages.index(message) + 1]

    def is_active(self, at: datetime) -> bool:
        """Whether it holds at a moment, even where the clock has not come round to ending it."""
        return (
            self.status is AlertStatus.ISSUED
            and self.expires_at is not None
            and self.expires_at > at
        )


def told_until(messages: Sequence[Message]) -> Reach:
    """Everybody who was told by some messages: they must hear what becomes of it, too."""
    reaches = [message.content.reach for message in messages]
    return Reach(
        units=tuple(sorted({unit for reach in reaches for unit in reach.units})),
        everywhere=any(reach.everywhere for reach in reaches),
        approximate=any(reach.approximate for reach in reaches),
    )
