"""The OpenAPI document: what the code says, with the problems that every operation may answer.

`python -m api.document` writes `openapi/openapi.json`; `--check` fails if that is not what the code
says.
"""

import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Final

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPI,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    PathItem,
    Reference,
    Schema,
    SecurityRequirement,
    SecurityScheme,
)

from api.auth import COOKIE
from api.descriptions import FIELDS, PARAMETERS
from api.errors import MEDIA_TYPE
from api.permissions import PERMISSIONS
from smartcity.errors import (
    Conflict,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    NotFound,
    PreconditionRequired,
    Refused,
    SmartCityError,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)
from smartcity.identity.roles import Role
from smartcity.settings import PROJECT, load_settings

FILE: Final = PROJECT / "openapi" / "openapi.json"

REFUSALS: Final[Mapping[type[SmartCityError], str]] = {
    Invalid: "The request is not of the operation's form: `fields` says where.",
    Unauthenticated: "No credential, or one that is unknown or expired.",
    Forbidden: "The caller is known, and has not the right.",
    NotFound: "There is nothing that this caller may see.",
    MethodNotAllowed: "The address does not take this method.",
    Conflict: "The present state does not allow it, or somebody else changed it first.",
    TooLarge: "The body is too large.",
    UnsupportedMedia: "The body is of a kind that is not taken.",
    Refused: "The request is well formed, and against a rule of the city.",
    PreconditionRequired: "Staff must send `If-Match`.",
    TooManyRequests: "Too often: `Retry-After` says when to come back.",
    SmartCityError: "A mistake of ours.",
    Unavailable: "A part that this needs is away: `Retry-After` says when to come back.",
}
"""Every operation may refuse in these ways, each with a problem document."""

_TEXT: Final = Schema(type=OpenAPIType.STRING)
_STABLE: Final = Schema(type=OpenAPIType.STRING, description="Stable: clients may rely on it.")
_TOLD: Final = Schema(type=OpenAPIType.STRING, description="In the caller's language.")
_PROBLEM: Final = Schema(
    title="Problem",
    description="Why a request was refused (RFC 9457); details stand beside these members.",
    type=OpenAPIType.OBJECT,
    required=["type", "title", "status", "code", "detail"],
    properties={
        "type": _TEXT,
        "title": _TEXT,
        "status": Schema(type=OpenAPIType.INTEGER),
        "code": _STABLE,
        "detail": _TOLD,
        "fields": Schema(
            type=OpenAPIType.ARRAY,
            description="What was not accepted: its path, and why; of a form, what it should be.",
            items=Schema(
                type=OpenAPIType.OBJECT,
                required=["path", "reason"],
                properties={"path": _TEXT, "reason": _STABLE, "text": _TOLD},
            ),
        ),
    },
)

_SHARED: Final = Components(
    responses={
        error.__name__: OpenAPIResponse(
            description=meaning,
            content={
                MEDIA_TYPE: OpenAPIMediaType(schema=Reference("#/components/schemas/Problem"))
            },
        )
        for error, meaning in REFUSALS.items()
    },
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
    },
)

CONFIG: Final = OpenAPIConfig(
    title="SmartCity",
    version="1",
    use_handler_docstrings=True,
    components=_SHARED,
    # Litestar's own pages cannot be left out, only be few; the table of permissions closes them.
    render_plugins=[JsonRenderPlugin()],
)

_WITH_A_CREDENTIAL: Final[list[SecurityRequirement]] = [{"bearer": []}, {"cookie": []}]
_WITH_OR_WITHOUT: Final[list[SecurityRequirement]] = [{}, *_WITH_A_CREDENTIAL]


@get("/openapi.json", operation_id="GetOpenApiDocument", include_in_schema=False)
async def openapi_document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Describe this API (OpenAPI 3.1)."""
    state = request.app.state
    if "document" not in state:
        describe(request.app)
    return Response(state["document"], media_type="application/json")


def describe(app: Litestar) -> None:
    """Make the document before anybody asks for it: it takes longer than the rest of an app."""
    app.state["document"] = encoded(app)


def encoded(app: Litestar) -> bytes:
    """The document as it is served and committed."""
    document = app.openapi_schema
    _describe_shared(document)
    return msgspec.json.format(msgspec.json.encode(document.to_schema()), indent=1)


def _describe_shared(document: OpenAPI) -> None:
    """Say of every operation what its own code does not: who may call it, and how it refuses."""
    assert document.components.schemas is not None, "the operations have schemas"
    document.components.schemas["Problem"] = _PROBLEM
    for name, told in FIELDS.items():
        _describe(document.components.schemas[name], told)
    for path in (document.paths or {}).values():
        for operation in _operations(path):
            operation.summary = None  # Litestar takes it from the name of the method
            operation.security = _security(operation)
            for parameter in operation.parameters or []:
                if isinstance(parameter, Parameter):
                    _without_null(parameter)
                    parameter.description = parameter.description or PARAMETERS.get(parameter.name)
            answers = operation.responses = operation.responses or {}
            if operation is path.get:
                answers["304"] = OpenAPIResponse(description="The caller has it already.")
            for error in REFUSALS:
                name = f"#/components/responses/{error.__name__}"
                answers[str(error.status)] = Reference(name)


def _describe(schema: Schema, told: Mapping[str, str]) -> None:
    """Say what is in a body. What is the same in several of them is described in each."""
    assert schema.properties is not None, "a body has members"
    schema.properties = {
        name: replace(member, description=told[name]) if name in told else member
        for name, member in schema.properties.items()
    }


def _security(operation: Operation) -> list[SecurityRequirement]:
    open_to_all = Role.ANYONE in PERMISSIONS.get(str(operation.operation_id), ())
    return _WITH_OR_WITHOUT if open_to_all else _WITH_A_CREDENTIAL


def _operations(path: PathItem) -> list[Operation]:
    named = (path.get, path.put, path.post, path.delete, path.patch, path.head)
    return [operation for operation in named if operation is not None]


def _without_null(parameter: Parameter) -> None:
    """What stands in an address or a header is there or not: it is never `null`."""
    schema = parameter.schema
    if isinstance(schema, Schema) and schema.one_of is not None:
        kinds = [kind for kind in schema.one_of if not _is_null(kind)]
        if len(kinds) == 1 and isinstance(kinds[0], Schema):
            bounds = {
                f.name: v for f in fields(schema) if (v := getattr(schema, f.name)) is not None
            }
            parameter.schema = replace(kinds[0], **bounds | {"one_of": None})


def _is_null(kind: Schema | Reference) -> bool:
    return isinstance(kind, Schema) and kind.type is OpenAPIType.NULL


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
