"""Parameters of requests: those that an operation does not have, and those that are wrong."""

import pytest

from tests.api.office import Office, reasons
from tests.api.town import Town

pytestmark = pytest.mark.anyio

SOME_ID = "0197a0f0-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("who", "path", "unknown"),
    [
        ("handler", "/v1/agency/queue?overdu=true", {"overdu"}),
        (
            "handler",
            "/v1/agency/queue?overdue=true&wishes=true&Overdue=1&tab=a",
            {"Overdue", "tab"},
        ),
        ("handler", "/v1/agency/tasks?due=today", {"due"}),
        ("nobody", "/v1/reports?categories=pothole", {"categories"}),
        ("nobody", "/v1/reports?status=received&status=closed&%C4%91=1&limit=1", {"đ"}),
        ("nobody", "/v1/map/tiles/12/3253/1800.mvt?fields=health", {"fields"}),
        ("nobody", "/v1/statistics/overview?by=unit&since=2026", {"since"}),
        ("nobody", "/v1/live?last_event_id=1-2", {"last_event_id"}),
        ("nobody", f"/v1/reports/{SOME_ID}?secret=abc", {"secret"}),
        ("nobody", "/v1/city?a", {"a"}),
        ("nobody", "/health/live?verbose", {"verbose"}),
        ("nobody", "/openapi.json?v=2", {"v"}),
    ],
)
async def test_a_parameter_that_an_operation_does_not_have_is_refused(
    ward: Office, who: str, path: str, unknown: set[str]
) -> None:
    answer = await ward[who].get(path)
    assert answer.status_code == 400, answer.text
    assert reasons(answer) == {(name, "unknown") for name in unknown}


async def test_a_body_in_the_address_is_refused_too(ward: Office) -> None:
    answer = await ward["reporter"].ask(
        "PATCH", "/v1/devices/me?language=en", json={"language": "vi"}
    )
    assert reasons(answer) == {("language", "unknown")}


async def test_who_may_not_call_an_operation_is_not_told_what_it_takes(ward: Office) -> None:
    assert (await ward["nobody"].get("/v1/agency/queue?overdu=true")).status_code == 401
    assert (await ward["reporter"].get("/v1/audit?overdu=true")).status_code == 403
    assert (await ward["nobody"].ask("OPTIONS", "/v1/city?a=1")).status_code == 204


@pytest.mark.parametrize("name", ["actor", "from", "to", "subject"])
async def test_a_wrong_parameter_has_the_name_that_the_caller_gave_it(
    hanoi_town: Town, name: str
) -> None:
    auditor = await hanoi_town.staff("auditor")
    answer = await auditor.get("/v1/audit", params={name: "zzz"})
    (field,) = answer.json()["fields"]
    assert (answer.status_code, field["path"]) == (400, name)


@pytest.mark.parametrize("name", ["Receipt-Secret", "Caller-Phone", "If-Match", "Idempotency-Key"])
async def test_a_wrong_header_has_its_own_name(ward: Office, name: str) -> None:
    answer = await ward["handler"].ask(
        "POST",
        f"/v1/reports/{SOME_ID}/actions",
        json={"action": "receive"},
        headers={name: "x" * 65},
    )
    (field,) = answer.json()["fields"]
    assert (answer.status_code, field["path"]) == (400, name)


async def test_a_wrong_item_of_a_list_is_named_by_the_list(ward: Office) -> None:
    answer = await ward["nobody"].get("/v1/reports", params={"status": ["closed", "x" * 65]})
    (field,) = answer.json()["fields"]
    assert (answer.status_code, field["path"]) == (400, "status")
