"""When somebody is reminded that a result waits. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import msgspec

from smartcity.dossiers.deadlines import ending
from smartcity.dossiers.model import Step
from smartcity.dossiers.statuses import Status

MORNING: Final = time(9)
EVENING: Final = time(18)
"""Reminders go out between these: a counter is open or soon will be, and nobody is asleep. What was
missed while no worker ran waits for the next morning.
"""

LATE_AT_MOST: Final = timedelta(days=14)
"""A day that passed longer ago is not made up for: nobody hears now of what lay there for a year,
because workers were away, or because the city has only begun to remind.
"""


class Slot(msgspec.Struct, frozen=True):
    """The day `days` after the one on which a result was ready."""

    ready_on: date
    days: int

    @property
    def day(self) -> date:
        return self.ready_on + timedelta(days=self.days)

    def reminder_id(self, dossier: UUID) -> UUID:
        """The same whoever works it out: a slot is told once. It counts days and not moments, as a
        source may correct the hour afterwards.
        """
        return uuid5(dossier, f"collect {self.ready_on} {self.days}")


def waits_since(steps: Sequence[Step]) -> datetime | None:
    """When the result was ready that still waits. None while there is none, and once it was handed
    over or the matter ended in another way; what was finished anew after that waits anew.
    """
    end = ending(steps)
    if not end or any(step.status != Status.DONE for step in end):
        return None
    return end[0].at


def slot_on(day: date, ready_on: date, days: Sequence[int]) -> Slot | None:
    """The slot to tell of on a day: the last that has come, so that who missed some hears once."""
    slots = [slot for slot in (Slot(ready_on, n) for n in days) if slot.day <= day]
    return slots[-1] if slots and day - slots[-1].day <= LATE_AT_MOST else None


def earliest(day: date, days: Sequence[int], zone: ZoneInfo) -> datetime:
    """No result that was ready before has a slot to tell of on a day."""
    return datetime.combine(day - timedelta(days=max(days)) - LATE_AT_MOST, time.min, zone)


def morning_of(day: date, zone: ZoneInfo) -> datetime:
    """When reminders of a day begin."""
    return datetime.combine(day, MORNING, zone)


def is_daytime(local: datetime) -> bool:
    """Whether people are reminded at such a time of their city."""
    return MORNING <= local.time() < EVENING
