"""The committed document is the code's, and tells of every operation what a client needs."""

from collections.abc import Iterator
from typing import Any, cast

import msgspec
import pytest

from api.auth import COOKIE
from api.descriptions import FIELDS, PARAMETERS
from api.document import FILE, REFUSALS
from api.permissions import PERMISSIONS
from smartcity.errors import every_error
from smartcity.identity.roles import Role
from tests.api.town import Town

pytestmark = pytest.mark.anyio

WITH_A_CREDENTIAL: list[dict[str, list[str]]] = [{"bearer": []}, {"cookie": []}]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return msgspec.json.decode(FILE.read_bytes())


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation, with its method and path as a name."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


async def test_the_committed_document_is_what_the_api_serves(hanoi_town: Town) -> None:
    served = await hanoi_town.nobody().get("/openapi.json")
    assert served.headers["content-type"] == "application/json"
    assert served.content == FILE.read_bytes().rstrip(b"\n"), "run: make openapi"


def test_every_operation_has_an_id_a_description_and_tags(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert operation.get("operationId"), name
        assert operation.get("description"), name
        assert operation.get("tags"), name


def test_every_parameter_is_described(document: dict[str, Any]) -> None:
    silent: set[str] = set()
    named: set[str] = set()
    for name, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            named.add(parameter["name"])
            if not parameter.get("description"):
                silent.add(f"{name}: {parameter['name']}")
    assert silent == set()
    assert PARAMETERS.keys() <= named


def test_every_member_of_a_body_is_described(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    bodies = {
        name
        for _, operation in operations(document)
        for sent in operation.get("requestBody", {}).get("content", {}).values()
        for name in named_in(sent.get("schema", {}), schemas)
    }
    silent = {
        f"{name}.{member}"
        for name in bodies
        for member, schema in schemas[name].get("properties", {}).items()
        if not schema.get("description")
    }
    assert silent == set()
    for name, told in FIELDS.items():
        assert name in bodies
        assert told.keys() <= schemas[name]["properties"].keys(), name


def named_in(schema: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    """The components that a body is made of, however deep."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield name
        yield from named_in(schemas[name], schemas)
    inner = [*schema.get("properties", {}).values(), *schema.get("oneOf", ())]
    inner += schema.get("allOf", ())
    inner += [schema[name] for name in ("items", "additionalProperties") if name in schema]
    for part in inner:
        if isinstance(part, dict):
            yield from named_in(cast("dict[str, Any]", part), schemas)


def test_every_field_of_an_alert_says_what_it_means(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    answers = {
        name
        for path, operation in operations(document)
        if "/alerts" in path
        for answer in operation["responses"].values()
        for shown in answer.get("content", {}).values()
        for name in named_in(shown["schema"], schemas)
    }
    assert {"AlertView", "OfficerView", "PreviewView", "AlertWords"} <= answers
    silent = {
        f"{name}.{member}"
        for name in answers
        for member, schema in schemas[name].get("properties", {}).items()
        if "description" not in str(schema)
    }
    assert silent == set()


def test_every_operation_of_the_table_is_described_once(document: dict[str, Any]) -> None:
    described = sorted(operation["operationId"] for _, operation in operations(document))
    assert described == sorted(PERMISSIONS.keys() - {"GetOpenApiDocument"})


def test_a_credential_is_asked_for_where_the_table_asks_for_one(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    assert (schemes["bearer"]["type"], schemes["bearer"]["scheme"]) == ("http", "bearer")
    assert (schemes["cookie"]["in"], schemes["cookie"]["name"]) == ("cookie", COOKIE)
    for name, operation in operations(document):
        open_to_all = Role.ANYONE in PERMISSIONS[operation["operationId"]]
        assert operation["security"] == [{}] * open_to_all + WITH_A_CREDENTIAL, name


def test_every_refusal_that_there_is_is_described(document: dict[str, Any]) -> None:
    statuses = {error.status for error in every_error()}
    assert {error.status for error in REFUSALS} == statuses
    for name, operation in operations(document):
        assert {str(status) for status in statuses} <= operation["responses"].keys(), name
