"""What the parameters of each operation are called in a request: looked up once, at the start."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Litestar, Request
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send

from smartcity.errors import FieldError, Invalid

_QUERY: Final = "query_parameters"
_NAMES: Final = "parameter_names"


def learn_parameters(app: Litestar) -> None:
    """Note beside each operation what it takes, itself or by what it depends on. Litestar's own
    answers to OPTIONS take nothing, and refuse nothing.
    """
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler, model in route.route_handler_map.values():
                if handler.operation_id is not None:
                    query, headers = model.expected_query_params, model.expected_header_params
                    handler.opt[_QUERY] = frozenset(known.field_alias for known in query)
                    handler.opt[_NAMES] = {
                        known.field_name: known.field_alias for known in query | headers
                    }


def known_parameters(app: ASGIApp) -> ASGIApp:
    """The app's fourth middleware, after the permissions: refuses a query parameter that the
    operation does not have. With `overdu=true` left aside, everything would look overdue.
    """

    async def known(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["query_string"]:
            _refuse_unknown(Request(scope))
        await app(scope, receive, send)

    return known


def name_of(request: Request[Any, Any, Any], argument: str) -> str:
    """What an argument of the request's handler is called in the request."""
    names: Mapping[str, str] = request.route_handler.opt.get(_NAMES, {})
    return names.get(argument, argument)


def _refuse_unknown(request: Request[Any, Any, Any]) -> None:
    known: frozenset[str] | None = request.route_handler.opt.get(_QUERY)
    if known is not None and (unknown := request.query_params.keys() - known):
        raise Invalid(*(FieldError(name, "unknown") for name in sorted(unknown)))
