"""Which events of the feed are audited, and what an entry keeps of one: ids and codes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final
from uuid import UUID, uuid5

from smartcity.audit.model import AuditEntry
from smartcity.clock import now
from smartcity.feed.event import Event, Internal, Published, Topic

CITIZENS: Final = frozenset({"reporter", "stranger"})
"""Parties whose acts are their own affair, unless it is staff who act for them. A party that is
not named here is audited: one that is new is rather told of too often than not at all.
"""

LOST: Final = "lost"
"""The action of an entry that stands for events which the feed no longer had to tell."""

_LOST_EVENTS: Final = UUID("6f1d3f0e-5f0b-5c53-9a37-1b2a4f6f6a01")

_TOLD: Final[Mapping[str, Callable[[Internal], Mapping[str, object]]]] = {
    "assign": lambda state: {"assignee": state.assignee},
    "escalate": lambda state: {"level": state.level},
    "correct": lambda state: {"category": state.category, "priority": state.priority},
}
"""What an action changed that an entry's other fields do not show."""


def may_be_citizens(events: Sequence[Published]) -> set[UUID]:
    """The actors of whom it must be known whether they are staff."""
    return {
        state.actor
        for published in events
        if (state := published.event.internal) and state.party in CITIZENS and state.actor
    }


def entries(
    events: Sequence[Published], staff: Collection[UUID], *, number: int, place: int
) -> list[AuditEntry]:
    """The entries, still unchained, that these events behind `place` in the feed make after entry
    `number`. `staff` are those of `may_be_citizens` who are no citizens.
    """
    found: list[AuditEntry] = []
    for published in events:
        if published.seq != place + 1:
            found.append(_lost(place + 1, published.seq - 1, number + len(found) + 1))
        place = published.seq
        if _is_audited(published.event, staff):
            found.append(_entry(published.event, number + len(found) + 1))
    return found


def _is_audited(event: Event, staff: Collection[UUID]) -> bool:
    state = event.internal
    return state is None or state.party not in CITIZENS or state.actor in staff


def _entry(event: Event, number: int) -> AuditEntry:
    state = event.internal or Internal()
    told = _TOLD.get(event.action)
    changed = told(state) if told is not None and event.topic is Topic.REPORT else {}
    return AuditEntry(
        number=number,
        source=event.id,
        at=event.at,
        topic=event.topic,
        action=event.action,
        actor=state.actor,
        party=state.party,
        subject=event.subject,
        batch=event.batch,
        version=state.version,
        status=state.status or None,
        agency=state.agency,
        details={**event.details, **{name: str(v) for name, v in changed.items() if v is not None}},
    )


def _lost(first: int, last: int, number: int) -> AuditEntry:
    return AuditEntry(
        number=number,
        source=uuid5(_LOST_EVENTS, f"{first}-{last}"),
        at=now(),
        topic=Topic.AUDIT,
        action=LOST,
        details={"first": str(first), "last": str(last)},
    )
