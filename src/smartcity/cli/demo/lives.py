"""What happens to sample reports: ways that real ones go, and how long each step takes."""

from collections.abc import Mapping
from typing import Final

import msgspec

from smartcity.cli.demo.dice import weighted
from smartcity.reports.words import Action

A = Action
Life = tuple[Action, ...]

LIVES: Final = weighted(
    (
        ((A.RECEIVE, A.ASSIGN, A.START, A.RESOLVE, A.ACCEPT), 26),
        ((A.RECEIVE, A.START, A.RESOLVE, A.CLOSE), 22),
        ((A.RECEIVE, A.RESOLVE, A.ACCEPT), 6),
        ((A.RECEIVE, A.START, A.COMMENT, A.NOTE, A.RESOLVE, A.CLOSE), 6),
        ((A.RECEIVE, A.ASK, A.ANSWER, A.RESOLVE, A.ACCEPT), 6),
        ((A.RECEIVE, A.START, A.ASK, A.LAPSE), 3),
        # The handler's wish, then the supervisor's word.
        ((A.RECEIVE, A.ASSIGN, A.START, A.EXTEND, A.EXTEND, A.RESOLVE, A.ACCEPT), 4),
        ((A.TRANSFER, A.RECEIVE, A.START, A.RESOLVE, A.CLOSE), 5),
        ((A.RECEIVE, A.CORRECT, A.START, A.RESOLVE, A.ACCEPT), 2),
        ((A.RECEIVE, A.REJECT), 4),
        ((A.REJECT,), 2),
        ((A.RECEIVE, A.REJECT, A.REOPEN, A.START, A.RESOLVE, A.CLOSE), 1),
        ((A.RECEIVE, A.START, A.RESOLVE, A.REOPEN, A.START, A.RESOLVE, A.ACCEPT), 3),
        ((A.WITHDRAW,), 1),
        ((A.RECEIVE, A.WITHDRAW), 1),
        ((A.RECEIVE, A.MERGE), 4),
        ((A.MERGE, A.UNMERGE, A.RECEIVE, A.START, A.RESOLVE, A.CLOSE), 1),
        # A supervisor says no; or has not said anything yet.
        ((A.RECEIVE, A.START, A.EXTEND, A.REFUSE_EXTENSION, A.RESOLVE, A.CLOSE), 1),
        ((A.RECEIVE, A.ASSIGN, A.START, A.EXTEND), 1),
        # Others help, or do not; some have not answered yet.
        (
            (A.RECEIVE, A.START, A.OPEN_TASK, A.START_TASK, A.FINISH_TASK, A.RESOLVE, A.ACCEPT),
            2,
        ),
        ((A.RECEIVE, A.START, A.OPEN_TASK, A.DECLINE_TASK, A.RESOLVE, A.CLOSE), 1),
        ((A.RECEIVE, A.START, A.OPEN_TASK, A.CANCEL_TASK, A.RESOLVE, A.CLOSE), 1),
        ((A.RECEIVE, A.START, A.OPEN_TASK), 1),
        # Something is hidden, by mistake or not; who reported is shown to a dispatcher.
        ((A.RECEIVE, A.REDACT, A.START, A.RESOLVE, A.CLOSE), 1),
        ((A.RECEIVE, A.REDACT, A.REVEAL, A.START, A.RESOLVE, A.CLOSE), 1),
        ((A.RECEIVE, A.START, A.DISCLOSE, A.RESOLVE, A.ACCEPT), 1),
        # A question that reached nobody.
        ((A.RECEIVE, A.START, A.ASK, A.PROCEED, A.RESOLVE, A.CLOSE), 1),
        # Left lying, as happens.
        ((), 1),
        ((A.RECEIVE, A.START), 3),
    )
)

OF_A_BURST: Final[tuple[Life, ...]] = (
    # what a dispatcher made of the first of them; the others still wait
    (A.RELEASE, A.RECEIVE),
    (A.REJECT,),
    (),
    (),
    (),
    (),
)

OF_A_PHONE: Final[tuple[tuple[float, Life], ...]] = (
    # days ago, and what happened since: one report in each state that somebody may want to see
    (0.1, ()),
    (4, (A.RECEIVE,)),
    (4.5, (A.RECEIVE, A.ASSIGN, A.START, A.COMMENT)),
    (5, (A.RECEIVE, A.START, A.ASK)),
    (5.5, (A.RECEIVE, A.START, A.RESOLVE)),
    (9, (A.RECEIVE, A.REJECT)),
    (16, (A.RECEIVE, A.ASSIGN, A.START, A.EXTEND, A.EXTEND)),
    (30, (A.RECEIVE, A.START, A.RESOLVE, A.ACCEPT)),
    (40, (A.TRANSFER, A.RECEIVE, A.START, A.RESOLVE, A.CLOSE)),
)


class Wait(msgspec.Struct, frozen=True):
    """How long somebody takes: hours of the agency's working time, or of the day."""

    low_h: float
    high_h: float
    working: bool = True


WAITS: Final[Mapping[Action, Wait]] = {
    A.TRANSFER: Wait(0.5, 4),
    A.ASSIGN: Wait(0.1, 1),
    A.CORRECT: Wait(0.1, 1),
    A.START: Wait(0.3, 4),
    A.ASK: Wait(0.5, 5),
    A.EXTEND: Wait(1, 6),
    A.REJECT: Wait(1, 7),
    A.MERGE: Wait(0.5, 6),
    A.UNMERGE: Wait(2, 10),
    A.NOTE: Wait(0.5, 4),
    A.COMMENT: Wait(2, 30, working=False),
    A.ANSWER: Wait(1, 70, working=False),
    A.ACCEPT: Wait(0.5, 120, working=False),
    A.REOPEN: Wait(3, 120, working=False),
    A.WITHDRAW: Wait(0.2, 20, working=False),
    A.REFUSE_EXTENSION: Wait(1, 6),
    A.OPEN_TASK: Wait(0.3, 3),
    A.START_TASK: Wait(0.5, 4),
    A.FINISH_TASK: Wait(2, 10),
    A.DECLINE_TASK: Wait(1, 6),
    A.CANCEL_TASK: Wait(2, 8),
    A.REDACT: Wait(0.2, 2),
    A.REVEAL: Wait(1, 6),
    A.DISCLOSE: Wait(0.5, 5),
    A.RELEASE: Wait(0.1, 0.3, working=False),
}
"""Of the others a deadline or the pack's windows say when: see `walk.py`."""

PROMPT: Final = (0.1, 0.9)
"""Which part of the time that there is until a deadline most agencies take,"""
TARDY: Final = (1.05, 1.8)
"""and which part those who are late;"""
TARDINESS: Final = {A.RECEIVE: 0.06, A.RESOLVE: 0.12}
"""how often that happens."""

PHOTOS: Final = 0.15
"""How many send a photo, and answer with one where nothing demands it."""

RATINGS: Final = weighted(((1, 10), (2, 12), (3, 23), (4, 28), (5, 27)))
"""Of real ratings 55 % are satisfied."""
