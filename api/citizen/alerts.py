"""Alerts as everybody reads them: in words, as CAP 1.2, and as a feed for other systems."""

from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Schema,
)
from litestar.params import PathParameter, QueryParameter

from api.languages import said_in
from smartcity.alerts import atom, cap
from smartcity.alerts.current import CurrentAlerts
from smartcity.alerts.shapes import AlertList, AlertView
from smartcity.alerts.views import AlertViews
from smartcity.city.model import City
from smartcity.clock import now
from smartcity.errors import FieldError, Invalid, NotFound
from smartcity.settings import Settings

FOR_A_MOMENT: Final = {"Cache-Control": "public, max-age=5"}
"""When one goes out, everybody reads at once; nobody reads one that was cancelled for longer."""

CAP_SUFFIX: Final = ".cap.xml"

Unit = Annotated[
    str | None, QueryParameter(max_length=40, description="Only those for this unit, by its code.")
]
Document = Annotated[
    str,  # Litestar's paths have no parameter with a suffix
    PathParameter(
        pattern=r"^[0-9a-fA-F-]{36}(\.cap\.xml)?$",
        description="The alert's id; with `.cap.xml` behind it, its last message as CAP 1.2.",
    ),
]


@dataclass
class ReadsAlert(Operation):
    """Documents an answer that is JSON or CAP."""

    def __post_init__(self) -> None:
        answer = (self.responses or {}).get("200")
        if isinstance(answer, OpenAPIResponse) and answer.content is not None:
            answer.content[cap.MEDIA_TYPE] = OpenAPIMediaType(
                schema=Schema(type=OpenAPIType.STRING)
            )


class AlertController(Controller):
    path = "/v1"
    tags = ("Alerts",)

    @get("/alerts", operation_id="ListAlerts")
    async def active(
        self,
        current_alerts: NamedDependency[CurrentAlerts],
        alert_views: NamedDependency[AlertViews],
        city: NamedDependency[City],
        language: NamedDependency[str],
        unit: Unit = None,
    ) -> Response[AlertList]:
        """List the alerts that hold now, for the whole city or for one unit."""
        if unit is not None and unit not in city.units:
            raise Invalid(FieldError("unit", "unknown"))
        at = now()
        found = current_alerts.active(at, unit)
        page = AlertList(items=[alert_views.public(alert, language, at) for alert in found])
        return Response(page, headers=said_in(language) | FOR_A_MOMENT)

    @get("/alerts/{document:str}", operation_id="GetAlert", operation_class=ReadsAlert)
    async def one(
        self,
        document: Document,
        current_alerts: NamedDependency[CurrentAlerts],
        alert_views: NamedDependency[AlertViews],
        city: NamedDependency[City],
        language: NamedDependency[str],
    ) -> Response[AlertView]:
        """Read an alert, as it was published last, whether it still holds or not.

        With `.cap.xml` behind the id the answer is `application/cap+xml`: the last message in the
        Common Alerting Protocol 1.2, in all of the city's languages, referring to those before it.
        """
        alert = await current_alerts.find(_id(document))
        if alert is None:
            raise NotFound
        if document.endswith(CAP_SUFFIX):
            written: Any = cap.cap_xml(city, alert, alert.messages[-1])
            return Response(written, media_type=cap.MEDIA_TYPE, headers=FOR_A_MOMENT)
        view = alert_views.public(alert, language, now())
        return Response(view, headers=said_in(language) | FOR_A_MOMENT)

    @get("/alerts.cap.atom", operation_id="GetAlertFeed", media_type=atom.MEDIA_TYPE)
    async def feed(
        self,
        current_alerts: NamedDependency[CurrentAlerts],
        city: NamedDependency[City],
        language: NamedDependency[str],
        settings: NamedDependency[Settings],
        request: Request[Any, Any, Any],
    ) -> Response[bytes]:
        """The alerts as an Atom feed of CAP 1.2 messages: those that hold, and those that were
        cancelled and would still hold, so that whoever has passed one on learns that it is over.
        """
        address = settings.public_url or _asked_of(request)
        written = atom.atom_xml(
            city, current_alerts.to_know_of(now()), language, address.rstrip("/")
        )
        headers = said_in(language) | FOR_A_MOMENT
        return Response(written, media_type=atom.MEDIA_TYPE, headers=headers)


def _asked_of(request: Request[Any, Any, Any]) -> str:
    """The address that the request names. Raises `Invalid` for one that is none."""
    try:
        return str(request.base_url)
    except ValueError as error:
        raise Invalid(FieldError("Host", "malformed")) from error


def _id(document: str) -> UUID:
    try:
        return UUID(document.removesuffix(CAP_SUFFIX))
    except ValueError as error:
        raise NotFound from error
