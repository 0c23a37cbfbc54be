"""How an imported report came to its status: the shortest way that the lifecycle table allows.

The other system tells where a report stands, and not how it came there. What is waiting for an
answer, or merged, cannot be told so: the question and the other report are not known.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from smartcity.errors import IllegalTransition
from smartcity.reports.lifecycle import TRANSITIONS
from smartcity.reports.words import Action, Status

A, S = Action, Status

WAYS: Final[Mapping[Status, Sequence[Action]]] = {
    S.SUBMITTED: (),
    S.RECEIVED: (A.RECEIVE,),
    S.IN_PROGRESS: (A.RECEIVE, A.START),
    S.RESOLVED: (A.RECEIVE, A.RESOLVE),
    S.CLOSED: (A.RECEIVE, A.RESOLVE, A.CLOSE),
    S.REJECTED: (A.RECEIVE, A.REJECT),
    S.WITHDRAWN: (A.RECEIVE, A.WITHDRAW),
}

AT_ONCE: Final = frozenset({A.SUBMIT, A.RECEIVE, A.START})
"""A system that keeps reports had them from the day that it gives; the rest came at the end."""


class Stage(msgspec.Struct, frozen=True):
    """An action, and the status that it led to."""

    action: Action
    status: Status


def stages(status: Status) -> tuple[Stage, ...]:
    """The way to a status. Raises `IllegalTransition` where the lifecycle table has none."""
    now = Status.SUBMITTED
    passed = [Stage(Action.SUBMIT, now)]
    for action in WAYS[status]:
        row = TRANSITIONS[action]
        if now not in row.sources:
            raise IllegalTransition(action=action, status=now)
        now = row.to or now
        passed.append(Stage(action, now))
    return tuple(passed)
