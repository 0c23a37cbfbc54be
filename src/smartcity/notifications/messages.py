"""The words of a notification: the pack's texts, filled with a code and with names of the pack.

No free text and no personal data comes in here: a notification is read on locked screens and
passes through other companies' servers.
"""

from typing import Final

import msgspec

from smartcity.city.model import City, Texts
from smartcity.feed.event import Event, Internal, PublicState, Topic
from smartcity.notifications.audience import Relation, Row

STATUS_KEYS: Final = {Topic.REPORT: "status", Topic.DOSSIER: "dossier_status"}
ELLIPSIS: Final = "…"


class Words(msgspec.Struct, frozen=True):
    """What is read."""

    title: str
    body: str


def words(city: City, language: str, event: Event, row: Row) -> Words:
    """The row's texts about this event, in one of the city's languages."""
    values = values_of(city, language, event, row)
    prefix = f"notifications.{row.template}"
    return Words(
        _sentence(city.messages.render(language, f"{prefix}.title", **values)),
        _sentence(city.messages.render(language, f"{prefix}.body", **values)),
    )


def values_of(city: City, language: str, event: Event, row: Row) -> dict[str, str]:
    """A name for every placeholder; what may not be told yet is the city, or nothing."""
    state = _state(event, row)
    category = city.categories.get(state.category or "")
    agency = city.agencies.get(state.agency or "")
    unit = city.units.get(state.unit or "")
    return {
        "code": state.code or "",
        "category": category.name[language] if category else state.category or "",
        "agency": _name(city, language, agency.name if agency else None),
        "unit": _name(city, language, unit.name if unit else None),
        "status": _status(city, language, event, state.status),
    }


def shortened(text: str, size: int) -> str:
    """The text in at most `size` bytes of UTF-8, ending in an ellipsis where it was cut."""
    if len(text.encode()) <= size:
        return text
    room = max(0, size - len(ELLIPSIS.encode()))
    return text.encode()[:room].decode(errors="ignore").rstrip() + ELLIPSIS


def _state(event: Event, row: Row) -> Internal | PublicState:
    """What the recipient may know: followers of a report only what the public may."""
    if row.relation is Relation.FOLLOWER and event.topic is Topic.REPORT:
        assert event.public is not None, "followers hear only of what is public"
        return event.public
    assert event.internal is not None, "an event that somebody hears of tells the state"
    return event.internal


def _name(city: City, language: str, name: Texts | None) -> str:
    return (name or city.name)[language]


def _status(city: City, language: str, event: Event, status: str) -> str:
    texts = city.messages.texts[language]
    key = f"{STATUS_KEYS.get(event.topic, 'status')}.{status}"
    return texts.get(key, status)


def _sentence(text: str) -> str:
    """Without the gaps that an empty placeholder leaves."""
    return " ".join(text.split())
