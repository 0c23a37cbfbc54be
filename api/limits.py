"""How often one caller may call: counted in each process, by class of operation.

Wrong passwords and secrets are counted elsewhere, for all processes together (`Attempts`).
"""

from collections.abc import Mapping
from typing import Final, Literal
from uuid import UUID

from limits import parse
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.addresses import Addresses
from api.windows import Window, Windows
from smartcity.errors import TooManyRequests
from smartcity.identity.roles import Actor
from smartcity.settings import Settings

Class = Literal["devices", "reports", "actions", "reads"]
"""What is counted together, each by a limit of its own."""

CLASS_OF: Final[Mapping[str, Class]] = {
    "RegisterDevice": "devices",
    "SubmitReport": "reports",
    "ActOnReport": "actions",
    "ActOnReports": "actions",
    "CreateAlert": "actions",
    "ReviseAlert": "actions",
    "ActOnAlert": "actions",
    "FollowReport": "actions",
    "UnfollowReport": "actions",
    "FollowDossier": "actions",
    "UnfollowDossier": "actions",
    "UploadAttachment": "actions",
    "AnnounceAttachment": "actions",
    "UpdateDevice": "actions",
    "LogIn": "actions",
    "FindCallersReports": "actions",
    "DiscloseReporter": "actions",
    "GiveConsent": "actions",
    "WithdrawConsent": "actions",
    "ExportMe": "actions",
    "EraseMe": "actions",
    "RestrictSender": "actions",
    "FreeSender": "actions",
    "LogInByOidc": "actions",
    "LinkAccount": "actions",
    "UnlinkAccount": "actions",
}
"""Operations that are not here are reads."""

STANDING: Final = "rate_limit"
"""Where in `scope["state"]` the limit and the caller's window stand."""


class Limit:
    """So many in so long; `policy` is the field `RateLimit-Policy`."""

    __slots__ = ("amount", "lasts_s", "name", "policy")

    def __init__(self, name: Class, rate: str) -> None:
        parsed = parse(rate)
        self.name = name
        self.amount = parsed.amount
        self.lasts_s = parsed.get_expiry()
        self.policy = f'"{name}";q={self.amount};w={self.lasts_s}'.encode()


class RateLimits:
    """The app's second middleware, after `Authentication`; `announce` is its `before_send` hook.

    Callers with a credential are counted by it, others by their address; new devices always by
    address. Over the limit it raises `TooManyRequests`. The header fields are those of
    draft-ietf-httpapi-ratelimit-headers-11.

    Reports are counted by the operation itself, with `allows` and `count`, when they were taken in:
    a replay and a mistake cost nothing.
    """

    def __init__(self, settings: Settings, addresses: Addresses) -> None:
        self._on = settings.rate_limits == "on"
        self._addresses = addresses
        self._windows = Windows()
        self._limits: Mapping[Class, Limit] = {
            "devices": Limit("devices", settings.limit_devices),
            "reports": Limit("reports", settings.limit_reports),
            "actions": Limit("actions", settings.limit_actions),
            "reads": Limit("reads", settings.limit_reads),
        }

    def __call__(self, app: ASGIApp) -> ASGIApp:
        if not self._on:
            return app

        async def limited(scope: Scope, receive: Receive, send: Send) -> None:
            limit = self._limits[_class(scope)]
            window = self._window(limit, self._caller(scope, limit))
            scope["state"][STANDING] = limit, window
            if limit.name != "reports":
                if window.count >= limit.amount:
                    raise TooManyRequests(retry_after_s=window.left_s)
                window.count += 1
            await app(scope, receive, send)

        return limited

    async def announce(self, message: Message, scope: Scope) -> None:
        """Tell the caller how much is left."""
        if message["type"] != "http.response.start" or STANDING not in scope["state"]:
            return
        limit, window = scope["state"][STANDING]
        left = f'"{limit.name}";r={max(0, limit.amount - window.count)};t={window.left_s:.0f}'
        message["headers"] = [
            *message["headers"],
            (b"ratelimit-policy", limit.policy),
            (b"ratelimit", left.encode()),
        ]

    def allows(self, kind: Class, actor: Actor) -> bool:
        """Whether one more would be within the limit."""
        limit = self._limits[kind]
        return not self._on or self._window(limit, actor.own_id).count < limit.amount

    def count(self, kind: Class, actor: Actor) -> None:
        self._window(self._limits[kind], actor.own_id).count += 1

    def refusal(self, kind: Class, actor: Actor) -> TooManyRequests:
        """What to raise when `allows` said no."""
        return TooManyRequests(retry_after_s=self._window(self._limits[kind], actor.own_id).left_s)

    def _window(self, limit: Limit, caller: UUID | str) -> Window:
        return self._windows.open((limit.name, caller), limit.lasts_s)

    def _caller(self, scope: Scope, limit: Limit) -> UUID | str:
        actor: Actor = scope["user"]
        if actor.id is None or limit.name == "devices":
            return self._addresses.of(scope)
        return actor.id


def _class(scope: Scope) -> Class:
    handler = scope["route_handler"]
    operation_id = handler.operation_id if isinstance(handler, HTTPRouteHandler) else None
    return CLASS_OF.get(str(operation_id), "reads")
