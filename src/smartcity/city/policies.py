"""What a city decides about the clock, about results that wait, about personal data, about whom it
lets wait, about who may warn everybody, and about what it pays for text messages.
"""

from datetime import time
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from smartcity.city.values import Code, Coded, Count, Struct, Texts


class Windows(Struct, frozen=True, kw_only=True):
    """The pack's days and counts for what the clock does."""

    reopen_days: Count
    reopen_limit: Count
    close_days: Count
    lapse_days: Count
    remind_days: Annotated[int, msgspec.Meta(ge=1)]
    """So long before it closes or gives up a report, the clock says so."""
    transfer_limit: Count


CONTACT: Final = "contact"
"""The purpose for which every city asks: keeping how to reach whoever reported."""

EMAIL: Final = "email"
"""The purpose for which a city may ask: keeping an address that it writes to until told to stop."""


class Consent(Coded, frozen=True, kw_only=True):
    """What the city asks people to agree to, for one purpose. A new version asks everybody anew."""

    version: Code
    text: Texts


class Privacy(Struct, frozen=True, kw_only=True):
    """How long the personal data of a finished report and what stands in an inbox are kept, and
    what is kept by consent only.
    """

    personal_months: Annotated[int, msgspec.Meta(ge=1, le=1200)]
    inbox_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 180
    consents: tuple[Consent, ...] = ()


class Escalation(Struct, frozen=True, kw_only=True):
    """When the clock presses: a warning after a share of a deadline's working time, and once it is
    missed, so many working hours at each level before the next one up hears of it.
    """

    warn_share: Annotated[float, msgspec.Meta(gt=0, lt=1)]
    level_h: Annotated[float, msgspec.Meta(gt=0, le=1000)]


class Dossiers(Struct, frozen=True, kw_only=True):
    """So many days after a result was ready, whoever follows the dossier is reminded to collect it,
    if it still waits.
    """

    collect_days: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=1, le=366)], ...], msgspec.Meta(max_length=10)
    ]


class Burst(Struct, frozen=True, kw_only=True):
    """When reports from new devices wait for a dispatcher: more than `devices` of them, all younger
    than `new_hours`, have something in common within `minutes`.
    """

    new_hours: Annotated[float, msgspec.Meta(gt=0, le=720)]
    devices: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    minutes: Annotated[float, msgspec.Meta(gt=0, le=1440)]


class Severity(StrEnum):
    """How bad the event of an alert is, in the words of CAP 1.2."""

    EXTREME = "Extreme"
    SEVERE = "Severe"
    MODERATE = "Moderate"
    MINOR = "Minor"
    UNKNOWN = "Unknown"


class Alerts(Struct, frozen=True, kw_only=True):
    """Who an alert is from, as CAP names it (a domain of the city's, say), and how bad one must be
    to need a second person before it goes out.
    """

    sender: Annotated[str, msgspec.Meta(pattern=r"^[^\s,<&]+$", max_length=100)]
    second_person: frozenset[Severity]


class Sms(Struct, frozen=True, kw_only=True):
    """What text messages may cost in a calendar month, counted in the parts that they are paid by,
    and how they are written. Without a budget none is written at all.
    """

    monthly_parts: Count = 0
    reserve_share: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.0
    """The last of the month's parts, which only what is urgent may use."""
    most_parts: Annotated[int, msgspec.Meta(ge=1, le=10)] = 2
    """What would be longer is shortened."""
    marks: bool = False
    """With the marks of the language a part holds 70 letters, without them 160."""
    hours: tuple[time, time] | None = None
    """When phones may ring; what is urgent goes at any time, and a receipt to who has just called.
    """
    hotline: Annotated[str, msgspec.Meta(max_length=20)] = ""
    """Where who has no app calls."""
