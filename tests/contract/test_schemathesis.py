# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUntypedFunctionDecorator=false
"""The running API against its own document, whatever it is sent: no 5xx, and no answer that the
document does not know.
"""

from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.document import FILE
from tests.contract.running import Running, running

CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ENDLESS: Final = "StreamLive"
LOG_OUT: Final = "LogOut"
"""Would end the session that the test goes on with."""

ERASE_ME: Final = "EraseMe"
"""Would end the device that the tests go on with: each example of it is another one's."""

EXAMPLES: Final = 10
OFTEN: Final = 0.7
PROBLEM: Final[dict[str, Any]] = {
    "category": "pothole",
    "description": "Ổ gà giữa đường",
    "location": {"lat": 21.0285, "lon": 105.8542},
}

WORDS: Final = {
    "query.category": PROBLEM["category"],
    "body.category": PROBLEM["category"],
    "body.location.lat": PROBLEM["location"]["lat"],
    "body.location.lon": PROBLEM["location"]["lon"],
}
"""What the city knows: by chance alone nothing would ever be taken in."""

CONFIG: Final = {
    "seed": 1,
    "generation": {"max-examples": EXAMPLES, "deterministic": True, "no-shrink": True},
    "dictionaries": {name: {"values": [word]} for name, word in WORDS.items()},
    "parameters": {name: {"dictionary": name, "probability": OFTEN} for name in WORDS},
}


@schemathesis.serializer("application/pdf", "image/heic")
def _as_it_is(_context: schemathesis.SerializationContext, value: Any) -> Any:
    return {"data": value if isinstance(value, bytes) else str(value).encode()}


described = schemathesis.openapi.from_path(
    FILE, config=schemathesis.Config.from_dict(CONFIG)
).exclude(operation_id=ENDLESS)


@pytest.fixture(scope="module")
def api(mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(mongo_uri, tmp_path_factory.mktemp("running")) as started:
        yield started


@pytest.fixture(scope="module")
def device(api: Running) -> str:
    return api.device()


@pytest.fixture(scope="module")
def report(api: Running, device: str) -> dict[str, Any]:
    """The receipt of one that is there."""
    headers = {"Authorization": f"Bearer {device}", "Idempotency-Key": "the first"}
    answer = httpx.post(f"{api.address}/v1/reports", json=PROBLEM, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def handler(api: Running, report: dict[str, Any]) -> str:
    """The token of somebody in the report's agency."""
    return api.staff("handler", report["agency"]["code"])


@pytest.fixture(scope="module")
def officer(api: Running) -> str:
    return api.staff("alerter")


@described.parametrize()
def test_a_device_is_answered_as_the_document_says(
    case: schemathesis.Case[Any], api: Running, device: str
) -> None:
    erasing = case.operation.definition.raw.get("operationId") == ERASE_ME
    answered_as_described(case, api, api.device() if erasing else device)


@described.exclude(operation_id=LOG_OUT).parametrize()
def test_a_handler_is_answered_as_the_document_says(
    case: schemathesis.Case[Any], api: Running, handler: str, report: dict[str, Any]
) -> None:
    if "report_id" in case.path_parameters:
        case.path_parameters["report_id"] = report["id"]
    answered_as_described(case, api, handler)


@described.include(tag="Alerts").parametrize()
def test_an_officer_is_answered_as_the_document_says(
    case: schemathesis.Case[Any], api: Running, officer: str
) -> None:
    answered_as_described(case, api, officer)


def answered_as_described(case: schemathesis.Case[Any], api: Running, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    answer = case.call(base_url=api.address, headers=headers, timeout=10)
    case.validate_response(answer, checks=CHECKS)
