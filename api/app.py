"""The composition root of the API: parts, controllers, and how a request passes through them."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Litestar, Request
from litestar.di import Provide
from litestar.routes import HTTPRoute

from api.agency.actions import ActionController
from api.agency.held import HeldController
from api.agency.menus import MenuController
from api.agency.operators import DisclosureController, OperatorController
from api.agency.own_account import OwnAccountController
from api.agency.queue import AgencyController
from api.agency.senders import RestrictionController, SenderController
from api.agency.sessions import SessionController
from api.agency.staff import StaffController
from api.agency.tasks import TaskController
from api.auth import Authentication, provide_actor
from api.bodies import JsonRequest
from api.citizen.account import AccountController
from api.citizen.attachments import AttachmentController, UploadController
from api.citizen.confirmations import ConfirmationController
from api.citizen.devices import DeviceController
from api.citizen.dossiers import DossierController, FollowedDossierController
from api.citizen.email import OwnEmailController, UnsubscribeController
from api.citizen.follows import FollowController
from api.citizen.me import ConsentController, MeController
from api.citizen.notifications import NotificationController
from api.citizen.places import CityController
from api.citizen.reports import MyReportController, ReportController
from api.citizen.sync import SyncController
from api.conditional import ConditionalRequests
from api.document import CONFIG, openapi_document
from api.errors import Problems
from api.languages import language_of
from api.operations.alerts import AlertDeskController, AlertingController
from api.operations.audit import AuditController
from api.operations.health import HealthController, metrics
from api.operations.letters import LetterController
from api.operations.live import LiveController
from api.operations.map import MapController
from api.operations.pushes import PushController
from api.operations.sms import SmsController
from api.operations.statistics import StatisticsController
from api.operations.webhooks import WebhookController
from api.parameters import known_parameters, learn_parameters
from api.parts import Parts
from api.permissions import permissions
from api.readiness import Kept
from api.searches import provide_wanted
from smartcity.settings import Settings, load_settings

HANDLERS: Final = (
    AccountController,
    ActionController,
    AgencyController,
    AlertDeskController,
    AlertingController,
    AttachmentController,
    AuditController,
    CityController,
    ConfirmationController,
    ConsentController,
    DeviceController,
    DisclosureController,
    DossierController,
    FollowController,
    FollowedDossierController,
    HealthController,
    HeldController,
    LetterController,
    LiveController,
    MapController,
    MenuController,
    MeController,
    MyReportController,
    NotificationController,
    OperatorController,
    OwnAccountController,
    OwnEmailController,
    ReportController,
    RestrictionController,
    SenderController,
    SessionController,
    SmsController,
    StaffController,
    PushController,
    StatisticsController,
    SyncController,
    TaskController,
    UnsubscribeController,
    UploadController,
    WebhookController,
    metrics,
    openapi_document,
)


ANSWERS_FROM: Final[Mapping[str, Kept]] = {
    "alerts": Kept.AREAS,
    "current_alerts": Kept.ALERTS,
    "areas": Kept.AREAS,
    "intake": Kept.AREAS,
    "reports": Kept.AREAS,
    "pins": Kept.PINS,
    "tiles": Kept.PINS,
    "statistics": Kept.PINS,
    "sync": Kept.ALERTS,
}
"""Parts that are handed out only when what they answer from is loaded."""


def create_app(settings: Settings | None = None) -> Litestar:
    """The API of one city. It connects when it starts, and answers 503 until it is loaded."""
    settings = settings or load_settings()
    parts = Parts(settings)
    app = Litestar(
        route_handlers=HANDLERS,
        dependencies=_dependencies(parts),
        exception_handlers=Problems(parts.city).handlers,
        middleware=[
            Authentication(parts.credentials, settings),
            parts.limits,
            permissions,
            known_parameters,
            ConditionalRequests(),
        ],
        before_send=[parts.limits.announce],
        lifespan=[parts.running],
        request_max_body_size=settings.body_bytes,
        openapi_config=CONFIG,
        logging_config=None,
        request_class=JsonRequest,
    )
    _resolve_in_turn(app)
    learn_parameters(app)
    return app


def _resolve_in_turn(app: Litestar) -> None:
    """Get what handlers ask for one by one. Nothing of it waits for anything, and Litestar would
    start a task for each, which took a tenth of a submission.
    """
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for _, model in route.route_handler_map.values():
                model.dependency_batches = [
                    {dependency} for batch in model.dependency_batches for dependency in batch
                ]


def _dependencies(parts: Parts) -> Mapping[str, Provide]:
    def provide_language(request: Request[Any, Any, Any]) -> str:
        return language_of(request, parts.city)

    shared = {
        name: Provide(_always(part), sync_to_thread=False)
        for name, part in vars(parts).items()
        if not name.startswith("_")
    }
    shared |= {
        name: Provide(_once_loaded(getattr(parts, name), kept, parts), sync_to_thread=False)
        for name, kept in ANSWERS_FROM.items()
    }
    return shared | {
        "actor": Provide(provide_actor, sync_to_thread=False),
        "address": Provide(parts.addresses.provide, sync_to_thread=False),
        "language": Provide(provide_language, sync_to_thread=False),
        "wanted": Provide(provide_wanted),
    }


def _once_loaded(part: Any, kept: Kept, parts: Parts) -> Any:
    def provide() -> Any:
        parts.readiness.require(kept)
        return part

    return provide


def _always(part: Any) -> Any:
    def provide() -> Any:
        return part

    return provide
