"""Who may call what: one table of every operation, checked before the operation's own code runs.

A row says which roles may *call* an operation. What they then see or may do with one subject (their
own report, their agency's) is the service's to decide. An operation that is not in the table is
refused for everybody, and a test fails for it.
"""

from collections.abc import Mapping
from typing import Final

from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Receive, RouteHandlerType, Scope, Send

from smartcity.errors import Forbidden, Unauthenticated
from smartcity.identity.roles import STAFF, Actor, Role
from smartcity.identity.roles import Scope as KeyScope

PUBLIC: Final = frozenset(Role) - {Role.CLOCK}
OWN_DEVICE: Final = frozenset({Role.DEVICE, Role.CITIZEN})
TRIAGE: Final = frozenset({Role.HANDLER, Role.SUPERVISOR, Role.DISPATCHER})
REPORTING: Final = OWN_DEVICE | {Role.OPERATOR}
OWN_ACCOUNT: Final = STAFF | {Role.NEWCOMER}
MANAGING: Final = frozenset({Role.ADMIN, Role.SUPERVISOR})
WRITTEN_TO: Final = STAFF | {Role.CITIZEN}
ACTING: Final = REPORTING | TRIAGE
UPLOADING: Final = ACTING
OPERATING: Final = frozenset({Role.OPERATIONS, Role.ADMIN})
ALERTING: Final = frozenset({Role.ALERTER})
AUDITING: Final = frozenset({Role.AUDITOR})
ADMINISTERING: Final = frozenset({Role.ADMIN})

PERMISSIONS: Final[Mapping[str, frozenset[Role]]] = {
    # --- the city -------------------------------------------------------------------------------
    "GetCity": PUBLIC,
    "ListCategories": PUBLIC,
    "ListUnits": PUBLIC,
    "ListAgencies": PUBLIC,
    "ListReasons": PUBLIC,
    # --- devices and sessions -------------------------------------------------------------------
    "RegisterDevice": PUBLIC,
    "GetDevice": OWN_DEVICE,
    "UpdateDevice": OWN_DEVICE,
    "LogIn": PUBLIC,
    "GetAccount": OWN_DEVICE,
    "LinkAccount": OWN_DEVICE,
    "UnlinkAccount": OWN_DEVICE,
    "LogInByOidc": PUBLIC,
    "GetSession": OWN_ACCOUNT,
    "LogOut": OWN_ACCOUNT,
    # --- staff accounts: whose a supervisor may manage is `identity/staff/rules.py`'s to say ------
    "ListStaff": MANAGING,
    "AddStaff": MANAGING,
    "GetStaff": MANAGING,
    "UpdateStaff": MANAGING,
    "DisableStaff": MANAGING,
    "EnableStaff": MANAGING,
    "ResetStaffPassword": MANAGING,
    "ResetStaffTotp": MANAGING,
    "EndStaffSessions": MANAGING,
    "ChangeMyPassword": OWN_ACCOUNT,
    "SetUpMyTotp": OWN_ACCOUNT,
    "ConfirmMyTotp": OWN_ACCOUNT,
    "RemoveMyTotp": STAFF,
    "RenewMyRecoveryCodes": STAFF,
    "EndMyOtherSessions": STAFF,
    # --- reports --------------------------------------------------------------------------------
    "SubmitReport": REPORTING,
    "GetReport": PUBLIC,
    "ListReports": PUBLIC,
    "FindSimilarReports": PUBLIC,
    "ListCandidates": TRIAGE,
    "OpenReceipt": PUBLIC,
    "ActOnReport": ACTING,
    "FindCallersReports": frozenset({Role.OPERATOR}),
    "EraseCaller": frozenset({Role.OPERATOR}),
    "ExportCaller": frozenset({Role.OPERATOR}),
    "DiscloseReporter": frozenset({Role.DISPATCHER}),
    # --- one's own data -------------------------------------------------------------------------
    "ListConsents": PUBLIC,
    "GiveConsent": OWN_DEVICE,
    "WithdrawConsent": OWN_DEVICE,
    "GetMyEmail": WRITTEN_TO,
    "SetMyEmail": OWN_DEVICE | STAFF,  # a device without an account is told that it needs one
    "ConfirmMyEmail": WRITTEN_TO,
    "RemoveMyEmail": WRITTEN_TO,
    "AskToUnsubscribe": PUBLIC,
    "Unsubscribe": PUBLIC,
    "ExportMe": OWN_DEVICE,
    "EraseMe": OWN_DEVICE,
    # --- attachments ----------------------------------------------------------------------------
    "UploadAttachment": UPLOADING,
    "AnnounceAttachment": UPLOADING,
    "AppendToAttachment": UPLOADING,
    "GetUpload": UPLOADING,
    "GetAttachment": PUBLIC,
    "GetAttachmentThumbnail": PUBLIC,
    # --- what a device follows and is told --------------------------------------------------------
    "ListMyReports": OWN_DEVICE,
    "SyncMe": OWN_DEVICE,
    "ConfirmReport": OWN_DEVICE,
    "WithdrawConfirmation": OWN_DEVICE,
    "FollowReport": OWN_DEVICE,
    "UnfollowReport": OWN_DEVICE,
    "ListNotifications": OWN_DEVICE | TRIAGE,
    "MarkNotificationsRead": OWN_DEVICE | TRIAGE,
    # --- dossiers -------------------------------------------------------------------------------
    "LookUpDossier": PUBLIC,
    "FollowDossier": OWN_DEVICE,
    "UnfollowDossier": OWN_DEVICE,
    "ListMyDossiers": OWN_DEVICE,
    # --- agencies -------------------------------------------------------------------------------
    "GetQueue": TRIAGE,
    "ActOnReports": TRIAGE,
    "ListHeldReports": frozenset({Role.DISPATCHER, Role.OPERATIONS}),
    "RestrictSender": frozenset({Role.DISPATCHER}),
    "FreeSender": frozenset({Role.DISPATCHER}),
    "ListRestrictions": frozenset({Role.DISPATCHER}),
    "ListTasks": TRIAGE,
    "ListColleagues": TRIAGE,
    "ListTemplates": TRIAGE,
    # --- alerts: what a second person must confirm is `alerts/lifecycle.py`'s ---------------------
    "ListAlerts": PUBLIC,
    "GetAlert": PUBLIC,
    "GetAlertFeed": PUBLIC,
    "CreateAlert": ALERTING,
    "ReviseAlert": ALERTING,
    "PreviewAlert": ALERTING,
    "ActOnAlert": ALERTING,
    "ListAllAlerts": ALERTING | {Role.OPERATIONS},
    "GetWholeAlert": ALERTING | {Role.OPERATIONS},
    # --- map, stream, figures -------------------------------------------------------------------
    "GetTile": PUBLIC,
    "GetReportsGeoJson": PUBLIC,
    "StreamLive": PUBLIC,
    "GetOverview": PUBLIC,
    "GetCounts": PUBLIC,
    "ListFigures": PUBLIC,
    # --- the audit log --------------------------------------------------------------------------
    "ListPushes": OPERATING,
    "GetPush": OPERATING,
    "ListLetters": OPERATING,
    "GetLetter": OPERATING,
    "GetSmsBudget": OPERATING,
    "ListAuditEntries": AUDITING,
    "ListAuditHeads": PUBLIC,
    "GetLatestAuditHead": PUBLIC,
    # --- other systems ----------------------------------------------------------------------------
    "ListWebhooks": ADMINISTERING,
    "AddWebhook": ADMINISTERING,
    "GetWebhook": ADMINISTERING,
    "UpdateWebhook": ADMINISTERING,
    "RenewWebhookSecret": ADMINISTERING,
    "ReplayWebhook": ADMINISTERING,
    "RemoveWebhook": ADMINISTERING,
    # --- running it -----------------------------------------------------------------------------
    "GetLiveness": PUBLIC,
    "GetReadiness": PUBLIC,
    "GetMetrics": PUBLIC,
    "GetOpenApiDocument": PUBLIC,
}

SCOPES: Final[Mapping[str, KeyScope]] = {}
"""What an API key must have been given, for an operation that it may call as a machine only."""


def permitted(operation_id: str | None, actor: Actor) -> bool:
    """Whether the table lets this actor call the operation; never for one that is not in it."""
    if operation_id is None or (roles := PERMISSIONS.get(operation_id)) is None:
        return False
    if actor.roles.isdisjoint(roles):
        return False
    scope = SCOPES.get(operation_id)
    return scope is None or Role.MACHINE not in actor.roles or scope in actor.scopes


def permissions(app: ASGIApp) -> ASGIApp:
    """The app's third middleware, after the limits: asks the table before every handler.

    Raises `Unauthenticated` for a caller without a credential, `Forbidden` for any other. It is no
    Litestar guard because each question to one copies the handler, a tenth of what a tile takes.
    """

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        _ask(scope["route_handler"], scope["user"])
        await app(scope, receive, send)

    return asked


def _ask(handler: RouteHandlerType, actor: Actor) -> None:
    if not isinstance(handler, HTTPRouteHandler):
        raise Forbidden
    if handler.http_methods == {HttpMethod.OPTIONS}:
        return  # Litestar's own answer, which only tells what methods a path has
    operation_id = handler.operation_id
    if not permitted(operation_id if isinstance(operation_id, str) else None, actor):
        raise Unauthenticated if Role.ANYONE in actor.roles else Forbidden
