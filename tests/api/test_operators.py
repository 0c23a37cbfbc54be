"""The hotline: reports for callers, found by their number, and acted upon for them."""

from typing import Any

import pytest

from smartcity.audit.store import RECORDS
from tests.api.reporting import handler_of, pothole, submitted
from tests.api.town import Answer, Person, Town, town
from tests.unit.sample_files import photo

pytestmark = pytest.mark.anyio

NUMBER = "0912345678"
PHOTO = photo()
CONSENT = {"contact": "2026-01"}


def called(city: Any, phone: str | None = NUMBER, **more: Any) -> dict[str, Any]:
    contact = {"name": "Nguyễn Văn An"} | ({"phone": phone} if phone else {})
    return pothole(city, contact=contact, consent=CONSENT, **more)


async def taken(town: Town, operator: Person, phone: str | None = NUMBER) -> dict[str, Any]:
    answer = await operator.submit(called(town.city, phone))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def search(operator: Person, phone: str) -> Answer:
    return await operator.ask("POST", "/v1/operators/search", json={"phone": phone})


async def act_for(
    operator: Person, report: str, version: int, step: dict[str, Any], phone: str
) -> Answer:
    headers = {"If-Match": f'"{version}"', "Caller-Phone": phone}
    path = f"/v1/reports/{report}/actions"
    return await operator.ask("POST", path, json=step, headers=headers)


async def test_a_report_for_a_caller_is_the_callers_and_says_who_took_it(
    hanoi_town: Town,
) -> None:
    operator = await hanoi_town.staff("operator")
    first, second = [await taken(hanoi_town, operator) for _ in range(2)]
    reports = hanoi_town.database["reports"]
    one, other = [await reports.find_one({"code": r["code"]}) for r in (first, second)]
    assert one is not None
    assert other is not None
    assert one["reporter"]["id"] == other["reporter"]["id"], "one caller is one person"
    assert one["reporter"]["by"] != one["reporter"]["id"]
    assert one["reporter"]["assurance"] == "phone"
    by = one["timeline"][0]["by"]
    assert by["id"] == one["reporter"]["by"]
    assert by["on_behalf_of"] == one["reporter"]["id"]


async def test_callers_without_a_number_are_nobody_twice(hanoi_town: Town) -> None:
    operator = await hanoi_town.staff("operator")
    for _ in range(2):
        await taken(hanoi_town, operator, phone=None)
    assert len(await hanoi_town.database["reports"].distinct("reporter.id")) == 2
    assert await hanoi_town.database["reports"].distinct("reporter.assurance") == []


async def test_an_operators_submission_sent_again_makes_one_report(hanoi_town: Town) -> None:
    operator = await hanoi_town.staff("operator")
    for phone in (NUMBER, None):
        report = called(hanoi_town.city, phone)
        answers = [await operator.submit(report, key=f"once {phone}") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 200]
        assert answers[0].json()["id"] == answers[1].json()["id"]


async def test_a_callers_reports_are_found_by_their_number_however_it_is_written(
    hanoi_town: Town,
) -> None:
    operator = await hanoi_town.staff("operator")
    mine = await taken(hanoi_town, operator)
    await taken(hanoi_town, operator, "0987654321")
    _, apps = await submitted(hanoi_town, contact={"phone": "+84 912 345 678"}, consent=CONSENT)
    for written in (NUMBER, "+84 91 234 56 78", "091.234.5678"):
        found = (await search(operator, written)).json()["items"]
        assert [report["id"] for report in found] == [apps["id"], mine["id"]]


async def test_every_search_is_written_down_without_the_number(hanoi_town: Town) -> None:
    operator = await hanoi_town.staff("operator")
    for _ in range(2):
        assert (await search(operator, NUMBER)).status_code == 200
    records = await hanoi_town.database[RECORDS].find({"action": "search_caller"}).to_list()
    assert len(records) == 2
    assert records[0]["subject"] == records[1]["subject"]
    assert NUMBER[1:] not in str(records)


async def test_a_search_for_what_is_no_number_is_refused_with_its_field(hanoi_town: Town) -> None:
    operator = await hanoi_town.staff("operator")
    answer = await search(operator, "call me")
    assert answer.status_code == 400
    assert answer.json()["fields"] == [{"path": "phone", "reason": "not_a_phone_number"}]
    device = await hanoi_town.device()
    refused = await device.submit(called(hanoi_town.city, "12 34 5"))
    assert refused.status_code == 400
    assert refused.json()["fields"][0]["path"] == "contact.phone"


async def test_nobody_looks_up_the_whole_telephone_book(mongo_uri: str, tmp_path: Any) -> None:
    async with town(mongo_uri, tmp_path, limit_searches="3/hour") as small:
        operator = await small.staff("operator")
        statuses = [(await search(operator, f"091234567{n}")).status_code for n in range(4)]
        assert statuses == [200, 200, 200, 429]
        other = await small.staff("operator")
        assert (await search(other, NUMBER)).status_code == 200


async def test_an_operator_speaks_for_the_caller_who_says_the_number(hanoi_town: Town) -> None:
    operator = await hanoi_town.staff("operator")
    receipt = await taken(hanoi_town, operator)
    handler = await handler_of(hanoi_town, receipt)
    steps = [{"action": "receive"}, {"action": "ask", "text": "Số nhà nào?"}]
    asked = await handler.act(receipt["id"], *steps, version=1)
    step = {"action": "answer", "text": "Số 5"}
    answer = await act_for(operator, receipt["id"], asked.json()["version"], step, NUMBER)
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "in_progress"
    assert answer.json()["timeline"][-1]["by"] == "reporter"
    kept = await hanoi_town.database["reports"].find_one({"code": receipt["code"]})
    assert kept is not None
    by = kept["timeline"][-1]["by"]
    assert (by["id"], by["on_behalf_of"]) == (kept["reporter"]["by"], kept["reporter"]["id"])


@pytest.mark.parametrize(
    ("step", "status"),
    [
        ({"action": "comment", "text": "Vẫn còn"}, "submitted"),
        ({"action": "withdraw"}, "withdrawn"),
    ],
)
async def test_what_the_caller_may_do_the_operator_does_for_them(
    hanoi_town: Town, step: dict[str, Any], status: str
) -> None:
    operator = await hanoi_town.staff("operator")
    receipt = await taken(hanoi_town, operator)
    assert (await act_for(operator, receipt["id"], 1, step, NUMBER)).json()["status"] == status


async def test_an_operator_rates_and_reopens_for_the_caller_by_receipt_as_well(
    hanoi_town: Town,
) -> None:
    operator = await hanoi_town.staff("operator")
    receipt = await taken(hanoi_town, operator)
    report, handler = receipt["id"], await handler_of(hanoi_town, receipt)
    uploaded = await handler.ask("POST", "/v1/attachments", content=PHOTO)
    steps = [
        {"action": "receive"},
        {"action": "resolve", "text": "Đã vá.", "attachments": [uploaded.json()["id"]]},
    ]
    done = await handler.act(report, *steps, version=1)
    assert done.status_code == 200, done.text
    rated = await act_for(
        operator, report, done.json()["version"], {"action": "accept", "rating": 2}, NUMBER
    )
    assert rated.json()["rating"] == 2
    version, secret = rated.json()["version"], receipt["secret"]
    step = {"action": "reopen", "text": "Lại hỏng"}
    again = await operator.act(report, step, version=version, secret=secret)
    assert again.json()["status"] == "received"


async def test_another_number_opens_nothing_and_is_not_tried_for_ever(
    mongo_uri: str, tmp_path: Any
) -> None:
    async with town(mongo_uri, tmp_path, limit_secrets="3/hour") as small:
        operator = await small.staff("operator")
        receipt = await taken(small, operator)
        _, numberless = await submitted(small)
        step = {"action": "withdraw"}
        tries = [
            (await act_for(operator, report, 1, step, "0987654321")).status_code
            for report in (receipt["id"], numberless["id"], receipt["id"], receipt["id"])
        ]
        assert tries == [404, 404, 404, 429]
        assert (await small.nobody().get(f"/v1/reports/{receipt['id']}")).json()[
            "status"
        ] == "submitted"


async def test_without_the_number_an_operator_has_no_right_over_a_report_they_took(
    hanoi_town: Town,
) -> None:
    operator = await hanoi_town.staff("operator")
    receipt = await taken(hanoi_town, operator)
    answer = await operator.act(receipt["id"], {"action": "withdraw"}, version=1)
    assert answer.status_code == 403


async def test_a_number_is_worth_nothing_in_the_mouth_of_who_is_no_operator(
    hanoi_town: Town,
) -> None:
    operator = await hanoi_town.staff("operator")
    receipt = await taken(hanoi_town, operator)
    for other in (await hanoi_town.device(), await handler_of(hanoi_town, receipt)):
        answer = await act_for(other, receipt["id"], 1, {"action": "withdraw"}, NUMBER)
        assert answer.status_code == 403
