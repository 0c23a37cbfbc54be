"""What other agencies asked of the caller's."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import UNSET, Meta, UnsetType

from api.agency.scope import within
from api.pagination import Cursor, Limit, decode_cursor, encode_cursor, page_of
from api.searches import Codes
from smartcity.city.model import City
from smartcity.clock import now
from smartcity.identity.roles import Actor
from smartcity.reports.model import Report, Task
from smartcity.reports.parties import parties_of, shown_to
from smartcity.reports.shapes import Named, ReportView, TaskView, View
from smartcity.reports.tasks.store import TaskFilter, TaskLists
from smartcity.reports.views import Views
from smartcity.reports.words import UNFINISHED, TaskStatus

Moment = Annotated[datetime, Meta(tz=True)]


class TaskItem(View, frozen=True, kw_only=True):
    """A task, who asked for it, and the report that it is in: its `version` is what the actions
    `start_task`, `finish_task` and `decline_task` are guarded by.
    """

    task: TaskView
    lead: Named
    report: ReportView


class TaskPage(View, frozen=True, kw_only=True):
    items: list[TaskItem]
    next_cursor: str | UnsetType = UNSET


class TaskController(Controller):
    path = "/v1/agency/tasks"
    tags = ("Agency",)

    @get(operation_id="ListTasks")
    async def tasks(
        self,
        actor: NamedDependency[Actor],
        city: NamedDependency[City],
        tasks: NamedDependency[TaskLists],
        views: NamedDependency[Views],
        language: NamedDependency[str],
        status: Annotated[
            list[TaskStatus] | None,
            QueryParameter(max_items=5, description="Open ones and begun ones by default."),
        ] = None,
        agency: Codes = None,
        overdue: Annotated[bool, QueryParameter(description="Only past their deadline.")] = False,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> TaskPage:
        """The tasks that other agencies gave to the caller's, by their deadline. Beside one that
        has ended its report is as all of the city's staff see it.

        A dispatcher may ask for any agency's.
        """
        wanted = TaskFilter(
            agencies=within(agency, actor, city),
            statuses=frozenset(status or UNFINISHED),
            due_before=now() if overdue else None,
        )
        after = decode_cursor(cursor, tuple[Moment, UUID])
        found = await tasks.by_deadline(wanted, after=after, limit=limit + 1)
        page, more = page_of(found, limit)
        return TaskPage(
            items=[_item(report, task, actor, views, language) for report, task in page],
            next_cursor=encode_cursor((page[-1][1].due_at, page[-1][1].id)) if more else UNSET,
        )


def _item(report: Report, task: Task, actor: Actor, views: Views, language: str) -> TaskItem:
    return TaskItem(
        task=views.task(task, language),
        lead=views.agency(report.agency, language),
        report=views.summary(report, shown_to(actor, report, parties_of(actor, report)), language),
    )
