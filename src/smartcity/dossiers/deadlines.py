"""Whether a dossier was handled on time: the indicator of Decision 766, as a pure rule.

A dossier is on time if it was finished by its due date, where

- finished means: status 9 (done), else 10 (returned), else stopped, refused or withdrawn after it
  had been accepted. Collecting a result late never makes it late;
- the time in which the agency waited for a supplement does not count;
- one that still waits for a supplement counts up to the request for it;
- more than one request for a supplement counts as late;
- one without an end counts up to the end of the period looked at.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from smartcity.dossiers.model import Step, first, turns
from smartcity.dossiers.statuses import Stage, Status, stage

NOT_YET_ACCEPTED: Final = frozenset({Status.REGISTERED, Status.NOT_ACCEPTED})
WITH_OR_WITHOUT_ACCEPTANCE: Final = frozenset({Status.WITHDRAWN, Status.STOPPED, Status.REFUSED})
"""For these the date of acceptance tells which."""


def on_time(
    steps: Sequence[Step],
    received_at: datetime | None,
    due_at: datetime | None,
    period_end: datetime,
) -> bool | None:
    """Whether a timeline met its due date, as seen at `period_end` (for one still open: so far).

    None where there is nothing to measure: no due date, or not accepted by then.
    """
    past = turns(s for s in steps if s.at <= period_end and stage(s.status) is not Stage.UNKNOWN)
    if due_at is None or not any(_shows_acceptance(step, received_at) for step in past):
        return None
    if sum(step.status == Status.SUPPLEMENT_ASKED for step in past) > 1:
        return False
    end = finished_at(past)
    if end is None:
        waiting = past[-1].status == Status.SUPPLEMENT_ASKED
        end = past[-1].at if waiting else period_end
    return end - _waited(past, end) <= due_at


def finished_at(steps: Sequence[Step]) -> datetime | None:
    """When the agency was done with it; none for one that is open, also one that was opened again.

    Only what came after the last open status counts: 9, else 10, else the first of the others.
    """
    end = ending(steps)
    if not end:
        return None
    return first(end, Status.DONE) or first(end, Status.RETURNED) or end[0].at


def ending(steps: Sequence[Step]) -> list[Step]:
    """What came after the last open status; nothing for one that is open."""
    end: list[Step] = []
    for step in steps:
        match stage(step.status):
            case Stage.OPEN:
                end.clear()
            case Stage.FINISHED | Stage.FINAL:
                end.append(step)
            case Stage.UNKNOWN:
                pass
    return end


def _shows_acceptance(step: Step, received_at: datetime | None) -> bool:
    if step.status in WITH_OR_WITHOUT_ACCEPTANCE:
        return received_at is not None and received_at <= step.at
    return step.status not in NOT_YET_ACCEPTED


def _waited(past: Sequence[Step], end: datetime) -> timedelta:
    """How long, up to `end`, the agency waited for the applicant's supplement."""
    waits = (
        min(after.at, end) - step.at
        for step, after in pairwise(past)
        if step.status == Status.SUPPLEMENT_ASKED and step.at < end
    )
    return sum(waits, timedelta())
