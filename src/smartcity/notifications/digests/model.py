"""What a digest tells of, and which week it is of."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Hour(msgspec.Struct, frozen=True):
    """When digests are due: a day of the week, Monday is 0, and a time by the city's clock."""

    weekday: int
    at: time

    @classmethod
    def parse(cls, text: str) -> "Hour":
        """From the words of the settings, such as `mon 08:00`."""
        day, _, at = text.partition(" ")
        return cls(WEEKDAYS.index(day), time.fromisoformat(at))


class Week(msgspec.Struct, frozen=True):
    """The seven days before a digest is due. `name` is the date of that, by the city's clock."""

    name: str
    since: datetime
    until: datetime


class Happened(msgspec.Struct, frozen=True):
    """How many reports of a unit were received and resolved."""

    received: int
    resolved: int


class Standing(msgspec.Struct, frozen=True):
    """How many reports of an agency are open, and of these at risk and overdue."""

    open: int
    at_risk: int
    overdue: int


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """The document: how far the digests of a week are. `after`: the last person who has theirs."""

    id: str = msgspec.field(name="_id")
    after: UUID | None = None
    done: bool = False


def latest_week(hour: Hour, at: datetime, zone: ZoneInfo) -> Week:
    """The last week whose digests are due by a moment."""
    today = at.astimezone(zone).date()
    day = today - timedelta(days=(today.weekday() - hour.weekday) % 7)
    if datetime.combine(day, hour.at, zone) > at:
        day -= timedelta(days=7)
    before = day - timedelta(days=7)
    return Week(
        name=day.isoformat(),
        since=datetime.combine(before, hour.at, zone),
        until=datetime.combine(day, hour.at, zone),
    )


def figures_of_units(
    happened: Mapping[str, Happened], followed: frozenset[str], around: Mapping[str, frozenset[str]]
) -> Happened:
    """The figures of all units that somebody follows; `around` says in which each unit lies, and
    what lies in two that are followed counts once.
    """
    within = [
        figures for unit, figures in happened.items() if not around[unit].isdisjoint(followed)
    ]
    return Happened(
        received=sum(figures.received for figures in within),
        resolved=sum(figures.resolved for figures in within),
    )
