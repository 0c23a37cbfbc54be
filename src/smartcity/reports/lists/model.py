"""What may be asked of an agency's queue, and how its tabs are counted."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from smartcity.clock import in_utc
from smartcity.reports.requests import ReportFilter
from smartcity.reports.words import Party, Status

Moment = Annotated[datetime, Meta(tz=True)]

OPEN_TABS: Final = (Status.SUBMITTED, Status.RECEIVED, Status.IN_PROGRESS, Status.WAITING)
FINISHED_TABS: Final = (
    Status.RESOLVED,
    Status.REJECTED,
    Status.MERGED,
    Status.WITHDRAWN,
    Status.CLOSED,
)
QUEUED: Final = frozenset(OPEN_TABS + FINISHED_TABS)
"""What a queue may show. A status that is not here never stands in any agency's queue."""


class Along(StrEnum):
    """The indexes of queues, by name. All but the last hold nothing but open reports; those of what
    was escalated and wished for are empty most of the time.
    """

    DEADLINE = "queue"
    UNIT = "queue_unit"
    CATEGORY = "queue_category"
    ASSIGNEE = "queue_assignee"
    ESCALATED = "queue_escalated"
    WISHES = "queue_wishes"
    NEWEST = "queue_newest"
    FINISHED = "finished"


class Order(StrEnum):
    """How a queue is sorted."""

    DEADLINE = "deadline"  # the next one first; those whose clock stands still come last
    NEWEST = "newest"


class Position(Struct, frozen=True, array_like=True):
    """Where a page ended: its last report, and the moment of the first page, which decides on every
    page of the list what is overdue and at risk.
    """

    as_of: Moment
    due_at: Moment | None
    id: UUID

    def __post_init__(self) -> None:
        for moment in (self.as_of, self.due_at):
            if moment is not None:
                in_utc(moment)


class Standing(Struct, frozen=True):
    """What was escalated to somebody: to the supervisors of which agencies, to the dispatchers of
    which; and from which agencies it may come, if they named some.
    """

    rungs: Mapping[Party, frozenset[str]] = {}
    within: frozenset[str] = frozenset()


class QueueFilter(ReportFilter, frozen=True, kw_only=True):
    """Which of some agencies' reports a queue holds."""

    as_of: Moment
    order: Order = Order.DEADLINE
    priority: frozenset[str] = frozenset()
    assignee: UUID | None = None
    unassigned: bool = False
    overdue: bool = False
    """With `at_risk`, either of them."""
    at_risk: bool = False
    wishes: bool = False
    """Only those that a handler wishes a later date for."""
    escalated: bool = False
    """Only those of `standing`, whichever agency has them."""
    standing: Standing = Standing()


class TabCounts(Struct, frozen=True, kw_only=True):
    """How many open reports some agencies have, by status and otherwise."""

    as_of: Moment
    status: dict[str, int]
    unassigned: int = 0
    overdue: int = 0
    at_risk: int = 0
    escalated: int = 0
    wishes: int = 0
