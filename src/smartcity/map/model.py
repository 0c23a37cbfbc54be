"""What the map knows of a report, what is drawn of it, and where the rows come from."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple, Protocol
from uuid import UUID

import msgspec

from smartcity.feed.event import Event, Topic

OFF_THE_MAP: Final = frozenset(
    {
        "merged",  # the earlier report is drawn
        "withdrawn",  # there is no problem any more, or never was
    }
)


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """A report as the map and the figures keep it; without a point it only counts in figures.

    `public` says whether everybody may see its point by now, `never_public` that not even figures
    may tell of it. `due_at` is the next deadline of an open report, none while the clock stands
    still, and `risk_at` from when on it may be missed; `first_resolve_by` is the date that was
    first given.
    """

    id: UUID
    version: int
    status: str
    category: str
    field: str
    agency: str | None = None
    unit: str | None = None
    lon: float | None = None
    lat: float | None = None
    public: bool = False
    never_public: bool = False
    submitted_at: datetime
    received_at: datetime | None = None
    finished_at: datetime | None = None
    receive_by: datetime | None = None
    due_at: datetime | None = None
    risk_at: datetime | None = None
    first_resolve_by: datetime | None = None


class Kind(NamedTuple):
    """How a row looks, whether it is drawn, and whether the public's figures count it. A city has
    some hundreds of kinds, so that a filter is a look-up in a short table.
    """

    status: str
    category: str
    field: str
    drawn: bool
    told: bool


class Filters(msgspec.Struct, frozen=True):
    """What is to be drawn; an empty set lets everything through."""

    statuses: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()

    @property
    def size(self) -> int:
        return len(self.statuses) + len(self.categories) + len(self.fields)

    def allow(self, kind: Kind) -> bool:
        return (
            kind.drawn
            and (not self.statuses or kind.status in self.statuses)
            and (not self.categories or kind.category in self.categories)
            and (not self.fields or kind.field in self.fields)
        )


class Mark(msgspec.Struct, frozen=True):
    """One thing drawn, at world coordinates: a report with its `id`, or a cluster of `count`, whose
    words are the commonest ones in it.
    """

    x: int
    y: int
    status: str
    category: str
    field: str
    count: int
    id: UUID | None = None


class PinSource(Protocol):
    """Where reports are read from when they do not come through the feed one by one.

    Both give batches of at most some thousands, so that taking one in holds up nobody.
    """

    def pins(self) -> AsyncIterator[Sequence[Pin]]:
        """Every report."""
        ...

    def batch(self, batch: UUID) -> AsyncIterator[Sequence[Pin]]:
        """The reports of one chunk of an import."""
        ...


def pin_of(event: Event) -> Pin | None:
    """The row of a report's event; none if the event is about something else, or about a report
    that is held.
    """
    state = event.internal
    if event.topic is not Topic.REPORT or event.subject is None or state is None or state.held:
        return None
    if state.category is None or state.field is None or state.submitted_at is None:
        return None
    return Pin(
        id=event.subject,
        version=state.version,
        status=state.status,
        category=state.category,
        field=state.field,
        agency=state.agency,
        unit=state.unit,
        lon=state.lon,
        lat=state.lat,
        public=state.public,
        never_public=state.never_public,
        submitted_at=state.submitted_at,
        received_at=state.received_at,
        finished_at=state.finished_at,
        receive_by=state.receive_by,
        due_at=state.due_at,
        risk_at=state.risk_at,
        first_resolve_by=state.first_resolve_by,
    )
