"""The committed document is the code's, and tells of every operation what a client needs."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from api.auth import COOKIE
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


def test_every_field_of_an_alert_says_what_it_means(document: dict[str, Any]) -> None:
    schemas: dict[str, Any] = document["components"]["schemas"]
    named = {
        name
        for path, methods in document["paths"].items()
        if "/alerts" in path
        for name in refers_to(methods)
    }
    for _ in range(5):  # so deep they refer to one another at the most
        named |= {further for name in named for further in refers_to(schemas.get(name))}
    assert {"NewAlert", "AlertView", "OfficerView", "PreviewView", "AlertWords"} <= named
    for name in named & schemas.keys() - {"Problem"}:
        for field, schema in schemas[name].get("properties", {}).items():
            assert "description" in str(schema), f"{name}.{field}"


def refers_to(part: Any) -> set[str]:
    """The schemas that a part of the document names."""
    text = msgspec.json.encode(part).decode()
    return set(re.findall(r'"#/components/schemas/(\w+)"', text))


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
