"""A pack that was read and is not yet checked: every thing on its sheet, beside its mistakes."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

import msgspec

from smartcity.city.answers import Reason, Template
from smartcity.city.model import (
    Agency,
    Bounds,
    Calendar,
    Category,
    Code,
    Field,
    FormerUnit,
    Latitude,
    Limits,
    Longitude,
    Procedure,
    Rule,
    Struct,
    Texts,
    Unit,
)
from smartcity.city.policies import Alerts, Burst, Dossiers, Escalation, Privacy, Sms, Windows
from smartcity.city.reading import Page
from smartcity.city.sheets import Sheet


class Point(Struct, frozen=True, kw_only=True):
    lon: Longitude
    lat: Latitude


class Head(Struct, frozen=True, kw_only=True):
    """What `city.toml` holds."""

    code: Code
    name: Texts
    zone: str
    languages: tuple[Annotated[str, msgspec.Meta(pattern="^[a-z]{2,3}(-[A-Za-z0-9]+)*$")], ...]
    region: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]
    dispatch: str
    bounds: Bounds
    centre: Point
    windows: Windows
    privacy: Privacy
    escalation: Escalation
    alerts: Alerts
    identity_pattern: str = ""
    burst: Burst | None = None
    dossiers: Dossiers | None = None
    sms: Sms = Sms()


class OwnAgencies(Struct, frozen=True, kw_only=True):
    """One line for an agency in each unit: `{unit}` is its code, `{name}` its name."""

    code: str
    name: Texts
    parent: str | None = None
    calendar: str = "office"
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The sheets of a pack; no `head` if that is malformed."""

    page: Page
    head: Head | None
    languages: tuple[str, ...]
    fields: Sheet[Field]
    categories: Sheet[Category]
    agencies: Sheet[Agency]
    own: Sheet[OwnAgencies]
    units: Sheet[Unit]
    former_units: Sheet[FormerUnit]
    rules: Sheet[Rule]
    limits: Sheet[Limits]
    calendars: Sheet[Calendar]
    reasons: Sheet[Reason]
    templates: Sheet[Template]
    procedures: Sheet[Procedure]
