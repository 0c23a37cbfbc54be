"""When a letter leaves, and which of them leave in one envelope.

What somebody waits for leaves at once. Everything else waits for a while (`letter_wait_s`), and
takes with it what is to be told of the same subject until then, as does whatever leaves at once.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from smartcity.notifications.letters.model import Envelope, Letter
from smartcity.notifications.model import Urgency

ENCLOSED: Final = 20
"""So many letters go in one envelope at the most."""


def leaves_at(urgency: Urgency, at: datetime, wait: timedelta) -> datetime:
    """When a letter leaves that is written now."""
    return at if urgency is Urgency.HIGH else at + wait


def in_envelopes(letters: Iterable[Letter], *, together: bool) -> list[Envelope]:
    """These letters of one channel, as they leave: those of a person and a subject in one envelope
    if the channel can take them `together`; those that were in one before, in that one.
    """
    by_envelope: defaultdict[tuple[UUID, ...], list[Letter]] = defaultdict(list)
    for letter in letters:
        if letter.envelope is not None:
            by_envelope[(letter.envelope,)].append(letter)
        elif together:
            by_envelope[letter.recipient, letter.subject].append(letter)
        else:
            by_envelope[(letter.id,)].append(letter)
    envelopes: list[Envelope] = []
    for alike in by_envelope.values():
        ordered = sorted(alike, key=_need)
        for start in range(0, len(ordered), ENCLOSED):
            inside = tuple(ordered[start : start + ENCLOSED])
            envelopes.append(Envelope(inside[0].envelope or inside[0].id, inside))
    return envelopes


def _need(letter: Letter) -> tuple[bool, float, UUID]:
    """What waits for this person first, then the newest: it says how things stand."""
    urgent = letter.sending.urgency is Urgency.HIGH
    return not urgent, -letter.created_at.timestamp(), letter.id
