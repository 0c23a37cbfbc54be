"""What the task actions change in a report."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from smartcity.identifiers import new_id
from smartcity.reports.circumstances import Circumstances
from smartcity.reports.model import Report, Task
from smartcity.reports.requests import Step
from smartcity.reports.words import Action, TaskStatus

Tasks = tuple[Task, ...]
Changes = dict[str, Any]


def _open(report: Report, step: Step, among: Circumstances) -> Changes:
    assert step.agency is not None, "the table needs it"
    assert step.text is not None, "the table needs it"
    category = among.city.categories[report.category]
    counted = among.clocks.give(category, report.priority, step.agency, among.at)
    opened = Task(
        id=new_id(),
        agency=step.agency,
        text=step.text,
        status=TaskStatus.OPEN,
        opened_at=among.at,
        due_at=step.until or counted.resolve_by,
    )
    return {"tasks": (*report.tasks, opened)}


def _start(report: Report, step: Step, _among: Circumstances) -> Changes:
    return _changed(report, step, status=TaskStatus.IN_PROGRESS)


def _finish(report: Report, step: Step, among: Circumstances) -> Changes:
    return _changed(
        report,
        step,
        status=TaskStatus.DONE,
        answer=step.text,
        attachments=tuple(step.attachments),
        finished_at=among.at,
    )


def _decline(report: Report, step: Step, among: Circumstances) -> Changes:
    return _changed(
        report, step, status=TaskStatus.DECLINED, answer=step.text, finished_at=among.at
    )


def _warn(report: Report, step: Step, _among: Circumstances) -> Changes:
    return _changed(report, step, warned=True)


def _cancel(report: Report, step: Step, among: Circumstances) -> Changes:
    return _changed(report, step, status=TaskStatus.CANCELLED, why=step.text, finished_at=among.at)


EFFECTS: Final[Mapping[Action, Callable[[Report, Step, Circumstances], Changes]]] = {
    Action.OPEN_TASK: _open,
    Action.START_TASK: _start,
    Action.FINISH_TASK: _finish,
    Action.DECLINE_TASK: _decline,
    Action.CANCEL_TASK: _cancel,
    Action.WARN_TASK: _warn,
}


def ended(tasks: Tasks, step: Step, among: Circumstances) -> Tasks:
    """The tasks of a report that this step finished: nothing is left to help with."""
    return tuple(_dropped(one, step, among) if one.is_open else one for one in tasks)


def without_the_lead(tasks: Tasks, lead: str, step: Step, among: Circumstances) -> Tasks:
    """The tasks after a transfer: what was asked of the new lead is its own work now."""
    return tuple(
        _dropped(one, step, among) if one.is_open and one.agency == lead else one for one in tasks
    )


def _dropped(one: Task, step: Step, among: Circumstances) -> Task:
    return msgspec.structs.replace(
        one,
        status=TaskStatus.CANCELLED,
        why=step.why,
        ended_by=step.action,
        finished_at=among.at,
    )


def _changed(report: Report, step: Step, **changes: Any) -> Changes:
    return {
        "tasks": tuple(
            msgspec.structs.replace(one, **changes) if one.id == step.task else one
            for one in report.tasks
        )
    }
