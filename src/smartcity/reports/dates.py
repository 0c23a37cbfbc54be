"""The dates that a report carries: promised, watched by the clock, proposed, asked for."""

from datetime import datetime
from typing import Final

from smartcity.reports.document import Struct


class Deadlines(Struct, frozen=True, kw_only=True):
    """Until when, in working time of the agency's calendar at the version named.

    `receive_by` is given anew to an agency that a report is transferred to. `resolve_by` moves only
    when the clock stopped for a question, an extension was granted, or the report was reopened;
    figures count against `first_resolve_by`. `calendar` made the dates that were given first;
    `receive_calendar` and `resolve_calendar` are there once another made the present ones.
    """

    receive_by: datetime
    resolve_by: datetime
    first_resolve_by: datetime
    calendar: str
    receive_calendar: str | None = None
    resolve_calendar: str | None = None
    paused_at: datetime | None = None


GRANTED: Final = "granted"
"""Stands for the calendar of a date that a supervisor named."""


class Watch(Struct, frozen=True, kw_only=True):
    """The deadline that the clock has its eye on, and what it did about it. Another deadline, or
    the same one with another agency, is watched anew.
    """

    agency: str
    since: datetime
    by: datetime
    warned: bool = False
    raised_at: datetime | None = None
    """When it last went a level up."""


class Proposal(Struct, frozen=True, kw_only=True):
    """What a correction would mean: agency and date of the new route, beside the first ones."""

    agency: str
    rule: str
    resolve_by: datetime


class ExtensionWish(Struct, frozen=True, kw_only=True):
    """A handler's request for a later date, until a supervisor takes the action."""

    until: datetime
    text: str
