"""Alerts as officers make them: write, look at what it would do, confirm, issue, change, cancel."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post, put
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, JSONBody, PathParameter, QueryParameter

from api.citizen.alerts import AlertController
from api.pagination import Cursor, Limit, decode_cursor, encode_cursor, page_of
from api.versions import KEY, bounded, version_of, versioned
from smartcity.alerts.desk import AlertDesk
from smartcity.alerts.model import AlertStatus
from smartcity.alerts.requests import STEPS_LIMIT, NewAlert, Steps
from smartcity.alerts.service import AlertService
from smartcity.alerts.shapes import OfficerView, PreviewView, SummaryPage
from smartcity.identity.roles import Actor

AT_WORK: Final = (AlertStatus.DRAFT, AlertStatus.ISSUED)

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match",
        max_length=64,
        pattern=r'^"[0-9]{1,9}(\.[^"]*)?"$',
        description="The alert's ETag as last seen. To cancel, none is needed.",
    ),
]
AlertId = Annotated[UUID, PathParameter(description="The alert's id.")]
Statuses = Annotated[
    list[AlertStatus] | None,
    QueryParameter(max_items=5, description="Drafts and issued ones by default."),
]


class AlertingController(AlertController):
    """With what everybody reads: Litestar takes one controller for a path."""

    @post(
        "/alerts",
        operation_id="CreateAlert",
        responses={200: ResponseSpec(OfficerView, description="It was made before")},
    )
    async def create(
        self,
        data: JSONBody[NewAlert],
        actor: NamedDependency[Actor],
        alerts: NamedDependency[AlertService],
        alert_desk: NamedDependency[AlertDesk],
        language: NamedDependency[str],
        idempotency_key: Annotated[str, KEY],
    ) -> Response[OfficerView]:
        """Write the draft of an alert. Nobody but officers sees it before it is issued.

        The same `Idempotency-Key` makes one alert, however often it is sent. Its area becomes the
        units that it touches, and these stay, whatever boundaries are imported before it goes out.
        """
        alert, fresh = await alerts.create(data, actor, idempotency_key)
        view = await alert_desk.show(alert, language)
        return versioned(view, view.version, language, status_code=201 if fresh else 200)

    @put("/alerts/{alert_id:uuid}/draft", operation_id="ReviseAlert")
    async def revise(
        self,
        alert_id: AlertId,
        data: JSONBody[NewAlert],
        actor: NamedDependency[Actor],
        alerts: NamedDependency[AlertService],
        alert_desk: NamedDependency[AlertDesk],
        language: NamedDependency[str],
        if_match: IfMatch = None,
    ) -> Response[OfficerView]:
        """Put other words in place of the draft's; of an issued alert, begin an update, which
        everybody reads once it is issued too. Whoever confirmed the words before did not confirm
        these.
        """
        alert = await alerts.revise(alert_id, data, actor, version=version_of(if_match))
        view = await alert_desk.show(alert, language)
        return versioned(view, view.version, language)

    @get("/alerts/{alert_id:uuid}/preview", operation_id="PreviewAlert")
    async def preview(
        self,
        alert_id: AlertId,
        alerts: NamedDependency[AlertService],
        alert_desk: NamedDependency[AlertDesk],
        language: NamedDependency[str],
    ) -> PreviewView:
        """Tell what issuing the draft would do: which units, how many devices, how many residents
        no device tells, and which other alerts concern the same people.
        """
        return await alert_desk.preview(await alerts.find(alert_id), language)

    @post("/alerts/{alert_id:uuid}/actions", operation_id="ActOnAlert", status_code=200)
    async def act(
        self,
        alert_id: AlertId,
        data: JSONBody[Steps],
        actor: NamedDependency[Actor],
        alerts: NamedDependency[AlertService],
        alert_desk: NamedDependency[AlertDesk],
        language: NamedDependency[str],
        if_match: IfMatch = None,
        idempotency_key: Annotated[str | None, KEY] = None,
    ) -> Response[OfficerView]:
        """Take one action, or an ordered list of them as one step.

        `confirm` is a second person's word for the draft as it stands, and never its author's;
        `issue` publishes the draft, which needs that word where the city demands it; `cancel` ends
        an issued alert at once, perhaps with a `note` in each language, and needs no `If-Match`;
        `discard` throws a draft away, of an issued alert the update.
        """
        steps = bounded(data if isinstance(data, list) else [data], STEPS_LIMIT)
        alert = await alerts.act(
            alert_id, steps, actor, version=version_of(if_match), key=idempotency_key
        )
        view = await alert_desk.show(alert, language)
        return versioned(view, view.version, language)


class AlertDeskController(Controller):
    path = "/v1/operations/alerts"
    tags = ("Alerts",)

    @get(operation_id="ListAllAlerts")
    async def listed(
        self,
        alert_desk: NamedDependency[AlertDesk],
        language: NamedDependency[str],
        status: Statuses = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> SummaryPage:
        """List alerts with their drafts, the one that changed last first."""
        before = decode_cursor(cursor, tuple[Moment, UUID])
        found = await alert_desk.page(status or AT_WORK, before=before, limit=limit + 1)
        items, more = page_of(found, limit)
        return SummaryPage(
            items=alert_desk.summaries(items, language),
            next_cursor=encode_cursor((items[-1].updated_at, items[-1].id))
            if more
            else msgspec.UNSET,
        )

    @get("/{alert_id:uuid}", operation_id="GetWholeAlert")
    async def one(
        self,
        alert_id: AlertId,
        alerts: NamedDependency[AlertService],
        alert_desk: NamedDependency[AlertDesk],
        language: NamedDependency[str],
    ) -> Response[OfficerView]:
        """Read an alert with its draft, everything that was published, who did what, and how far
        the telling of phones is.
        """
        view = await alert_desk.show(await alerts.find(alert_id), language)
        return versioned(view, view.version, language)
