"""When a letter leaves, and which of them leave in one envelope.

What somebody waits for leaves at once. Everything else waits for a while (`letter_wait_s`), and
takes with it what is to be told of the same subject until then, as does whatever leaves at once.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from smartcity.notifications.letters.model import Envelope, Letter
from smartcity.notifications.model import STALE_AFTER, Push, PushState, Urgency

ENCLOSED: Final = 20
"""So many letters go in one envelope at the most."""

TOO_OLD: Final = "older than a day"


def beginning(urgency: Urgency, happened: datetime, at: datetime, wait: timedelta) -> Push:
    """How a letter about what happened then stands when it is written."""
    if happened < at - STALE_AFTER:
        return Push(state=PushState.NONE, urgency=urgency, reason=TOO_OLD)
    next_at = at if urgency is Urgency.HIGH else at + wait
    return Push(state=PushState.PENDING, urgency=urgency, next_at=next_at)


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


def settled(letter: Letter, state: PushState, reason: str | None) -> Push:
    """How a letter stands that is not tried again."""
    return msgspec.structs.replace(letter.sending, state=state, reason=reason, next_at=None)
