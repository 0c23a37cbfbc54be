"""What answers about alerts look like: shapes only. `views` fills them, each for its viewer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from smartcity.alerts.deliveries.model import DeliveryState
from smartcity.alerts.lifecycle import DeliveryMode
from smartcity.alerts.model import (
    AlertAction,
    AlertCategory,
    AlertStatus,
    AlertWords,
    Certainty,
    Circle,
    MessageKind,
    ResponseType,
    Urgency,
)
from smartcity.city.policies import Severity

Id = Annotated[UUID, Meta(description="The alert's id.")]
Version = Annotated[int, Meta(description="Grows with every step.")]
Standing = Annotated[AlertStatus, Meta(description="Where it stands in its life.")]
Active = Annotated[bool, Meta(description="Whether it holds at this moment.")]
UnitCode = Annotated[str, Meta(description="The unit's code.")]
UnitName = Annotated[str, Meta(description="Its name in the caller's language.")]
HowBad = Annotated[Severity, Meta(description="How bad it is.")]
HowSoon = Annotated[Urgency, Meta(description="How soon people must act.")]
Changed = Annotated[datetime, Meta(description="When it last changed.")]
Ends = Annotated[datetime, Meta(description="When it ends by itself.")]
Event = Annotated[str, Meta(description="What happens, in a word.")]


class View(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The form of every answer: what does not apply is left out."""


class AlertUnit(View, frozen=True, kw_only=True):
    """A unit of the city with its name in the caller's language."""

    code: UnitCode
    name: UnitName


class AreaView(View, frozen=True, kw_only=True):
    """Where it is, in words and as the officer gave it, and which units that touches."""

    description: Annotated[str, Meta(description="The units' names, or the city's.")]
    everywhere: Annotated[bool, Meta(description="It is for the whole city.")] = False
    units: Annotated[
        list[AlertUnit], Meta(description="Whoever follows one of these is told.")
    ] = []
    polygon: Annotated[
        list[tuple[float, float]] | UnsetType, Meta(description="Its corners, as `[lon, lat]`.")
    ] = UNSET
    circle: Annotated[Circle | UnsetType, Meta(description="A point and a radius.")] = UNSET
    approximate: Annotated[
        bool, Meta(description="The units were found without true boundaries.")
    ] = False


class ContentView(View, frozen=True, kw_only=True):
    """What an alert says, in the words of CAP 1.2."""

    category: Annotated[AlertCategory, Meta(description="What kind of danger it is.")]
    severity: HowBad
    urgency: HowSoon
    certainty: Annotated[Certainty, Meta(description="How sure the city is.")]
    response: Annotated[ResponseType | UnsetType, Meta(description="What people are to do.")] = (
        UNSET
    )
    area: Annotated[AreaView, Meta(description="Where it is, and whom it is for.")]
    effective: Annotated[datetime | UnsetType, Meta(description="From when on it holds.")] = UNSET
    onset: Annotated[
        datetime | UnsetType, Meta(description="When what it warns of is expected to begin.")
    ] = UNSET
    expires: Ends


class AlertView(ContentView, frozen=True, kw_only=True):
    """An alert as everybody may read it, as it was published last, in one language."""

    id: Id
    version: Version
    status: Standing
    active: Active
    message: Annotated[UUID, Meta(description="What was published last: its CAP identifier.")]
    kind: Annotated[MessageKind, Meta(description="CAP's `msgType` of that message.")]
    language: Annotated[str, Meta(description="The language of the words.")]
    event: Event
    headline: Annotated[str, Meta(description="In a line; says if it was updated or cancelled.")]
    description: Annotated[str, Meta(description="At length; of a cancellation, first why.")]
    instruction: Annotated[str | UnsetType, Meta(description="What to do.")] = UNSET
    issued_at: Annotated[datetime, Meta(description="When it was first published.")]
    sent: Annotated[datetime, Meta(description="When this message was published.")]
    ended_at: Annotated[
        datetime | UnsetType, Meta(description="When it was cancelled or expired.")
    ] = UNSET
    cap: Annotated[str, Meta(description="Where the message is as CAP 1.2 XML.")]


class AlertList(View, frozen=True, kw_only=True, omit_defaults=False):
    """The alerts that hold now, the one published last first."""

    items: Annotated[list[AlertView], Meta(description="One after the other.")]


class PersonView(View, frozen=True, kw_only=True):
    """A member of staff."""

    id: Annotated[UUID, Meta(description="The id of their account.")]
    name: Annotated[str | UnsetType, Meta(description="What colleagues call them.")] = UNSET


class OfficerContent(ContentView, frozen=True, kw_only=True):
    """What an alert says, in all its languages."""

    texts: Annotated[Mapping[str, AlertWords], Meta(description="Language → words.")]


class DraftView(OfficerContent, frozen=True, kw_only=True):
    """What is to go out next."""

    by: Annotated[PersonView, Meta(description="Who wrote it last.")]
    at: Annotated[datetime, Meta(description="When they did.")]
    second_person: Annotated[
        bool, Meta(description="Whether somebody else must confirm it before it is issued.")
    ]
    confirmed_by: Annotated[
        PersonView | UnsetType, Meta(description="Who confirmed just these words.")
    ] = UNSET
    confirmed_at: Annotated[datetime | UnsetType, Meta(description="When they did.")] = UNSET


class MessageView(OfficerContent, frozen=True, kw_only=True):
    """One thing that was published."""

    id: Annotated[UUID, Meta(description="Its CAP identifier.")]
    kind: Annotated[MessageKind, Meta(description="CAP's `msgType`.")]
    sent: Annotated[datetime, Meta(description="When it was published.")]
    note: Annotated[Mapping[str, str], Meta(description="Language → why it was cancelled.")] = {}


class AlertStepView(View, frozen=True, kw_only=True):
    """One step of its life; none is `by` the clock."""

    at: Annotated[datetime, Meta(description="When it was taken.")]
    action: Annotated[AlertAction, Meta(description="What was done.")]
    by: Annotated[PersonView | UnsetType, Meta(description="Who did it.")] = UNSET
    status: Annotated[AlertStatus, Meta(description="Where the alert stood after it.")]
    version: Annotated[int, Meta(description="The version that it made.")]
    message: Annotated[UUID | UnsetType, Meta(description="What it published.")] = UNSET


class DeliveryView(View, frozen=True, kw_only=True, omit_defaults=False):
    """How far the telling of phones is, for one message."""

    message: Annotated[UUID, Meta(description="Which message.")]
    mode: Annotated[DeliveryMode, Meta(description="`direct`: each device; `topics`: by unit.")]
    state: Annotated[DeliveryState, Meta(description="Whether somebody is still to be told.")]
    reason: Annotated[str | None, Meta(description="Why it was stopped.")]
    sent: Annotated[int, Meta(description="So many devices or topics were told.")]
    failed: Annotated[int, Meta(description="So many could not be told.")]
    updated_at: Changed


class OfficerView(View, frozen=True, kw_only=True):
    """An alert as those see it who work on it. `If-Match` names its version."""

    id: Id
    version: Version
    status: Standing
    active: Active
    draft: Annotated[
        DraftView | UnsetType, Meta(description="The first draft, or an update being written.")
    ] = UNSET
    messages: Annotated[
        list[MessageView], Meta(description="Everything published, the first first.")
    ]
    timeline: Annotated[list[AlertStepView], Meta(description="Every step, the first first.")]
    deliveries: Annotated[list[DeliveryView], Meta(description="How far the telling of phones is.")]
    created_at: Annotated[datetime, Meta(description="When it was begun.")]
    updated_at: Changed
    expires_at: Annotated[
        datetime | UnsetType, Meta(description="While it is issued: when it ends by itself.")
    ] = UNSET
    ended_at: Annotated[
        datetime | UnsetType, Meta(description="When it was cancelled, expired or discarded.")
    ] = UNSET


class AlertSummary(View, frozen=True, kw_only=True):
    """An alert in an officers' list: the draft's words if there is a draft."""

    id: Id
    version: Version
    status: Standing
    active: Active
    severity: HowBad
    urgency: HowSoon
    event: Event
    headline: Annotated[str, Meta(description="In a line.")]
    area: Annotated[str, Meta(description="In words.")]
    draft: Annotated[bool, Meta(description="A draft waits to be issued.")]
    confirmed: Annotated[bool, Meta(description="A second person confirmed the draft.")]
    expires: Ends
    updated_at: Changed


class SummaryPage(View, frozen=True, kw_only=True):
    """The one that changed last first."""

    items: Annotated[list[AlertSummary], Meta(description="One after the other.")]
    next_cursor: Annotated[str | UnsetType, Meta(description="Where the next page begins.")] = UNSET


class UnitReachedView(AlertUnit, frozen=True, kw_only=True):
    """One unit: how many devices follow it, and how many people live there, where it is known."""

    devices: Annotated[int, Meta(description="Devices that follow it.")] = 0
    population: Annotated[int | UnsetType, Meta(description="People who live there.")] = UNSET


class PreviewView(View, frozen=True, kw_only=True, omit_defaults=False):
    """What issuing the draft would do. Look at it before you confirm."""

    version: Annotated[int, Meta(description="Of the alert: `If-Match` of what follows.")]
    mode: Annotated[
        DeliveryMode, Meta(description="`direct`: each device at once; `topics`: by unit.")
    ]
    devices: Annotated[int, Meta(description="Devices that are told, each counted once.")]
    everywhere: Annotated[bool, Meta(description="Every device in the city is told.")]
    approximate: Annotated[
        bool, Meta(description="The units were found without true boundaries: look twice.")
    ]
    units: Annotated[list[UnitReachedView], Meta(description="The units that it is for.")]
    no_longer: Annotated[
        list[AlertUnit],
        Meta(description="Units that were warned before and are left out now: they are told so."),
    ]
    residents: Annotated[
        int | UnsetType, Meta(description="People in the units whose population is known.")
    ] = UNSET
    not_reached: Annotated[
        int | UnsetType,
        Meta(description="So many of them no device tells: think of loudspeakers."),
    ] = UNSET
    second_person: Annotated[bool, Meta(description="Somebody else must confirm it.")]
    confirmed: Annotated[bool, Meta(description="Somebody else did.")]
    others: Annotated[
        list[AlertSummary],
        Meta(description="Alerts and drafts that concern the same people: is it one of these?"),
    ]
