"""The OpenAPI document: what the code says, with the problems that every operation may answer.

`python -m api.document` writes `openapi/openapi.json`; `--check` fails if that is not what the code
says.
"""

import sys
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.openapi.spec import (
    Components,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    PathItem,
    Schema,
    SecurityRequirement,
    SecurityScheme,
)

from api.auth import COOKIE
from api.permissions import PERMISSIONS
from smartcity.identity.roles import Role
from smartcity.settings import PROJECT, load_settings

FILE: Final = PROJECT / "openapi" / "openapi.json"

PROBLEMS: Final = (400, 401, 403, 404, 405, 409, 413, 415, 422, 428, 429, 500, 503)
"""Every operation may refuse in these ways, each with a problem document."""

MEDIA_TYPE: Final = "application/problem+json"

CREDENTIALS: Final = Components(
    security_schemes={
        "bearer": SecurityScheme(
            type="http",
            scheme="bearer",
            description="The token of a device, a session or an API key.",
        ),
        "cookie": SecurityScheme(
            type="apiKey",
            security_scheme_in="cookie",
            name=COOKIE,
            description="The same token, as a browser keeps it.",
        ),
    }
)

_WITH_A_CREDENTIAL: Final[list[SecurityRequirement]] = [{"bearer": []}, {"cookie": []}]
_WITH_OR_WITHOUT: Final[list[SecurityRequirement]] = [{}, *_WITH_A_CREDENTIAL]

_TEXT: Final = Schema(type=OpenAPIType.STRING)
_PROBLEM: Final = Schema(
    title="Problem",
    description="Why a request was refused (RFC 9457); details stand beside these members.",
    type=OpenAPIType.OBJECT,
    required=["type", "title", "status", "code", "detail"],
    properties={
        "type": _TEXT,
        "title": _TEXT,
        "status": Schema(type=OpenAPIType.INTEGER),
        "code": Schema(type=OpenAPIType.STRING, description="Stable: clients may rely on it."),
        "detail": Schema(type=OpenAPIType.STRING, description="In the caller's language."),
        "fields": Schema(
            type=OpenAPIType.ARRAY,
            description="What was not accepted: its path, and why.",
            items=Schema(
                type=OpenAPIType.OBJECT,
                required=["path", "reason"],
                properties={"path": _TEXT, "reason": _TEXT},
            ),
        ),
    },
)


@get("/openapi.json", operation_id="GetOpenApiDocument", include_in_schema=False)
async def openapi_document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Describe this API (OpenAPI 3.1)."""
    return Response(encoded(request.app), media_type="application/json")


def describe_shared(app: Litestar) -> None:
    """Say of every operation what its own code does not: who may call it, and how it refuses."""
    for path in (app.openapi_schema.paths or {}).values():
        for operation in _operations(path):
            operation.security = _security(operation)
            answers = operation.responses = operation.responses or {}
            if operation is path.get:
                answers["304"] = OpenAPIResponse(description="The caller has it already.")
            for status in PROBLEMS:
                answers[str(status)] = OpenAPIResponse(
                    description=HTTPStatus(status).phrase,
                    content={MEDIA_TYPE: OpenAPIMediaType(schema=_PROBLEM)},
                )


def _security(operation: Operation) -> list[SecurityRequirement]:
    open_to_all = Role.ANYONE in PERMISSIONS.get(str(operation.operation_id), ())
    return _WITH_OR_WITHOUT if open_to_all else _WITH_A_CREDENTIAL


def encoded(app: Litestar) -> bytes:
    """The document as it is served and committed."""
    return msgspec.json.format(msgspec.json.encode(app.openapi_schema.to_schema()), indent=1)


def _operations(path: PathItem) -> list[Operation]:
    named = (path.get, path.put, path.post, path.delete, path.patch, path.head)
    return [operation for operation in named if operation is not None]


def main() -> int:
    from api.app import create_app

    wanted = encoded(create_app(load_settings({"mongo_uri": "mongodb://127.0.0.1"}))) + b"\n"
    if "--check" not in sys.argv:
        FILE.write_bytes(wanted)
        return 0
    if FILE.read_bytes() == wanted:
        return 0
    sys.stderr.write(f"{FILE} is not what the code says; run: make openapi\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
