"""What officers send: what an alert is to say, and the steps of its life. Shapes, bounds only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from smartcity.alerts.model import (
    AlertCategory,
    AlertWords,
    Area,
    Certainty,
    ResponseType,
    Urgency,
)
from smartcity.city.policies import Severity
from smartcity.clock import in_utc

Moment = Annotated[datetime, Meta(tz=True, description="With its offset from UTC.")]
Language = Annotated[str, Meta(max_length=35)]


class NewArea(Area, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where it is: exactly one of `units` (codes of the city), `polygon` (corners as `[lon, lat]`),
    `circle`, or `"everywhere": true` for every device in the city.
    """


class NewAlert(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an alert is to say, in the words of CAP 1.2 and in every language of the city."""

    category: Annotated[AlertCategory, Meta(description="What kind of danger it is.")]
    severity: Annotated[
        Severity,
        Meta(description="How bad it is; the city decides from which on a second person confirms."),
    ]
    urgency: Annotated[Urgency, Meta(description="How soon people must act.")]
    certainty: Annotated[Certainty, Meta(description="How sure the city is.")]
    response: Annotated[ResponseType | None, Meta(description="What people are asked to do.")] = (
        None
    )
    texts: Annotated[
        Mapping[Language, AlertWords],
        Meta(max_length=20, description="Language → words; every language of the city."),
    ]
    area: Annotated[NewArea, Meta(description="Where it is, and so whom it is for.")]
    effective: Annotated[
        Moment | None, Meta(description="From when on it holds; without it, once it is issued.")
    ] = None
    onset: Annotated[
        Moment | None, Meta(description="When what it warns of is expected to begin.")
    ] = None
    expires: Annotated[Moment, Meta(description="When it ends by itself, within 31 days.")]

    def __post_init__(self) -> None:
        for moment in (self.effective, self.onset, self.expires):
            if moment is not None:
                in_utc(moment)


class AlertStep(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step. `confirm` is a second person's word for the draft as it stands; `issue` publishes
    it; `cancel` ends an issued alert at once and tells everybody who was told of it; `discard`
    throws the draft away.
    """

    action: Annotated[
        Literal["confirm", "issue", "cancel", "discard"], Meta(description="What is to be done.")
    ]
    note: Annotated[
        Mapping[Language, Annotated[str, Meta(min_length=1, max_length=1000, pattern="\\S")]],
        Meta(max_length=20, description="With `cancel`: language → why, for everybody to read."),
    ] = {}


STEPS_LIMIT: Final = 4

Steps = AlertStep | Annotated[list[AlertStep], Meta(min_length=1, max_length=STEPS_LIMIT)]
"""One step, or several that are taken in order and written as one: `confirm` and `issue`."""
