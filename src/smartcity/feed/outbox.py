"""How a document promises events: they ride in it, in the same atomic write as the change.

`outbox` holds the events themselves, oldest first, so that the publisher needs to know nothing of
the slice they come from and each event tells the state after its own change, whatever happened
since. `outbox_at` is the time of the oldest; it is set exactly while the outbox is not empty, and
a partial index on it finds the work.
"""

from collections.abc import Sequence
from typing import Any

from smartcity.feed.event import Event
from smartcity.storage.mongo import to_document

OUTBOX_AT = "outbox_at"


def outbox(events: Sequence[Event]) -> dict[str, Any]:
    """The fields of a new document that promises these events."""
    if not events:
        return {}
    return {"outbox": [to_document(event) for event in events], OUTBOX_AT: events[0].at}


def promise(events: Sequence[Event]) -> dict[str, Any]:
    """The operators that make an update promise these events as well.

    `$min` sets the time if none is set, and never moves one that is.
    """
    if not events:
        return {}
    return {
        "$push": {"outbox": {"$each": [to_document(event) for event in events]}},
        "$min": {OUTBOX_AT: events[0].at},
    }


class Promise:
    """A document whose outbox is not empty: where it stands, and what it promises."""

    __slots__ = ("collection", "document_id", "events")

    def __init__(self, collection: str, document_id: Any, events: Sequence[Event]) -> None:
        self.collection = collection
        self.document_id = document_id
        self.events = events
