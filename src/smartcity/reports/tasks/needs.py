"""What the task actions must come with."""

from datetime import timedelta
from typing import Final

from smartcity.errors import Conflict, FieldError, Forbidden, IllegalTransition, TasksOpen
from smartcity.reports.circumstances import Circumstances
from smartcity.reports.model import TASKS_LIMIT, Report
from smartcity.reports.requests import Step
from smartcity.reports.words import Action, Party, TaskStatus

LATEST: Final = timedelta(days=366)
"""No date that is promised is further away."""

OTHERS: Final = frozenset({Action.CANCEL_TASK, Action.WARN_TASK})
"""What the lead does with a task, or the clock; everything else is the helper's."""


def due(report: Report, step: Step, among: Circumstances) -> FieldError | None:
    """A date of the lead's own, if one is given; and room for one more task."""
    if len(report.tasks) >= TASKS_LIMIT:
        raise Conflict(reason="tasks_limit", limit=TASKS_LIMIT)
    if step.until is None:
        return None
    if step.until <= among.at:
        return FieldError("until", "not_later")
    return FieldError("until", "too_late") if step.until > among.at + LATEST else None


def task(report: Report, step: Step, among: Circumstances) -> FieldError | None:
    """One of the report's tasks that is not finished. Raises `Forbidden` for another helper's, and
    `IllegalTransition` for one that is finished, or already begun.
    """
    if step.task is None:
        return FieldError("task", "required")
    found = next((one for one in report.tasks if one.id == step.task), None)
    if found is None:
        return FieldError("task", "unknown")
    if step.action not in OTHERS and found.agency not in among.agencies:
        raise Forbidden
    begun = step.action is Action.START_TASK and found.status is not TaskStatus.OPEN
    if begun or not found.is_open:
        raise IllegalTransition(action=step.action, status=found.status)
    return None


def why(report: Report, step: Step, among: Circumstances) -> FieldError | None:
    """Nobody's work is dropped in silence. Raises `TasksOpen`, with the tasks."""
    unfinished = [one for one in report.tasks if one.is_open]
    if not unfinished or (step.why and Party.SUPERVISOR in among.parties):
        return None
    raise TasksOpen(
        reason="tasks_open",
        needs=Party.SUPERVISOR,
        tasks=[
            {
                "id": str(one.id),
                "agency": one.agency,
                "status": one.status,
                "due_at": one.due_at.isoformat(),
            }
            for one in unfinished
        ],
    )
