"""How much a report may hold, and for whom room is kept in it."""

from typing import Final

import msgspec

from smartcity.reports.timeline import Entry
from smartcity.reports.words import Party

TIMELINE_LIMIT: Final = 500
REPORTERS_LIMIT: Final = 400


class Room(msgspec.Struct, frozen=True):
    """How full a report may be before one more entry: so many entries on its timeline, and so many
    bytes of it in the database.
    """

    entries: int | None
    size_b: int


COMMENTING: Final = Room(REPORTERS_LIMIT, 4 * 2**20)
"""The reporter's comments. The room behind is kept for those who work on it."""

ADDING: Final = Room(TIMELINE_LIMIT, 8 * 2**20)
"""Their comments and notes. Past that only lifecycle actions are taken."""

ACTING: Final = Room(None, 12 * 2**20)
"""Lifecycle actions. MongoDB takes 16 MiB: what is left is for the clock, whose entries are short,
and for events that wait to be published.
"""


def room_for(entry: Entry, *, adds: bool) -> Room | None:
    """The room for an entry that only `adds` to the timeline, or tells of a lifecycle action; none
    where it always finds some.
    """
    if entry.by.party is Party.CLOCK:
        return None
    if not adds:
        return ACTING
    return COMMENTING if entry.by.party is Party.REPORTER else ADDING
