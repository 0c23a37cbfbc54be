"""Reports through HTTP: seen and acted upon."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from smartcity.reports.store import ReportStore
from tests.api.reporting import handler_of, pothole, submitted
from tests.api.town import Town

pytestmark = pytest.mark.anyio


async def test_a_problem_speaks_the_callers_language(hanoi_town: Town) -> None:
    nobody = hanoi_town.nobody()
    details = {
        language: (
            await nobody.get("/v1/me/reports", headers={"Accept-Language": language})
        ).json()["detail"]
        for language in ("vi", "en")
    }
    assert details["vi"] != details["en"]


async def test_before_receipt_the_public_sees_category_unit_and_status_only(
    hanoi_town: Town,
) -> None:
    _, receipt = await submitted(hanoi_town)
    seen = (await hanoi_town.nobody().get(f"/v1/reports/{receipt['id']}")).json()
    assert seen.keys() <= {
        "id",
        "version",
        "status",
        "category",
        "field",
        "unit",
        "submitted_at",
        "updated_at",
    }


async def test_after_receipt_the_public_sees_the_text_with_phone_numbers_masked(
    hanoi_town: Town,
) -> None:
    device, receipt = await submitted(hanoi_town)
    handler = await handler_of(hanoi_town, receipt)
    await handler.act(receipt["id"], {"action": "receive"}, version=1)
    public = (await hanoi_town.nobody().get(f"/v1/reports/{receipt['id']}")).json()
    own = (await device.get(f"/v1/reports/{receipt['id']}")).json()
    assert "0912345678" not in str(public)
    assert "•••" in public["description"]
    assert "0912345678" in own["description"]
    assert [e["action"] for e in public["timeline"]] == ["submit", "receive"]
    assert public["timeline"][1]["by"] == "agency"


async def test_a_report_goes_its_whole_way(hanoi_town: Town) -> None:
    device, receipt = await submitted(hanoi_town)
    report = receipt["id"]
    handler = await handler_of(hanoi_town, receipt)
    first = await handler.act(report, {"action": "receive"}, {"action": "start"}, version=1)
    assert (first.status_code, first.json()["version"]) == (200, 3)
    asked = await handler.act(report, {"action": "ask", "text": "Gần số nhà nào?"}, version=3)
    assert asked.json()["status"] == "waiting"
    assert "paused_at" in asked.json()["deadlines"]
    answered = await device.act(report, {"action": "answer", "text": "Số 5"})
    assert answered.json()["status"] == "in_progress"
    solved = await handler.act(report, {"action": "resolve", "text": "Đã vá"}, version=5)
    assert solved.json()["status"] == "resolved"
    closed = await device.act(report, {"action": "accept", "rating": 5})
    assert (closed.json()["status"], closed.json()["rating"]) == ("closed", 5)


async def test_staff_must_say_which_version_they_saw(hanoi_town: Town) -> None:
    _, receipt = await submitted(hanoi_town)
    handler = await handler_of(hanoi_town, receipt)
    answer = await handler.act(receipt["id"], {"action": "receive"})
    assert (answer.status_code, answer.json()["code"]) == (428, "precondition_required")


async def test_of_two_handlers_at_once_one_wins_and_the_other_learns_the_state(
    hanoi_town: Town,
) -> None:
    _, receipt = await submitted(hanoi_town)
    one, other = [await handler_of(hanoi_town, receipt) for _ in range(2)]
    answers = await asyncio.gather(
        *(h.act(receipt["id"], {"action": "receive"}, version=1) for h in (one, other))
    )
    assert sorted(a.status_code for a in answers) == [200, 409]
    loser = next(a for a in answers if a.status_code == 409).json()
    assert loser["code"] == "stale_version"
    assert loser["current"]["status"] == "received"
    report = await hanoi_town.database["reports"].find_one({})
    assert report is not None
    assert [e["action"] for e in report["timeline"]] == ["submit", "receive"]


async def test_comments_do_not_make_a_handlers_edit_fail(hanoi_town: Town) -> None:
    device, receipt = await submitted(hanoi_town)
    handler = await handler_of(hanoi_town, receipt)
    commented = await device.act(receipt["id"], {"action": "comment", "text": "Nhanh lên nhé"})
    assert commented.json()["version"] == 1
    answer = await handler.act(receipt["id"], {"action": "receive"}, version=1)
    assert answer.status_code == 200


async def test_an_action_sent_twice_with_one_key_is_taken_once(hanoi_town: Town) -> None:
    device, receipt = await submitted(hanoi_town)
    comment = {"action": "comment", "text": "Vẫn còn"}
    answers = await asyncio.gather(
        *(device.act(receipt["id"], comment, key="k") for _ in range(10))
    )
    assert {a.status_code for a in answers} == {200}
    again = await device.act(receipt["id"], {"action": "comment", "text": "Khác"}, key="k")
    assert again.status_code == 422
    own = (await device.get(f"/v1/reports/{receipt['id']}")).json()
    assert [e["action"] for e in own["timeline"]] == ["submit", "comment"]


async def test_an_ordered_list_of_actions_is_one_step_or_none(hanoi_town: Town) -> None:
    _, receipt = await submitted(hanoi_town)
    handler = await handler_of(hanoi_town, receipt)
    answer = await handler.act(
        receipt["id"], {"action": "receive"}, {"action": "resolve"}, version=1
    )
    assert answer.status_code == 400
    report = await hanoi_town.database["reports"].find_one({})
    assert report is not None
    assert (report["status"], report["version"]) == ("submitted", 1)


async def test_another_agencys_handler_may_not_act(hanoi_town: Town) -> None:
    _, receipt = await submitted(hanoi_town)
    other = next(a for a in hanoi_town.city.agencies if a != receipt["agency"]["code"])
    stranger = await hanoi_town.staff("handler", agencies=[other])
    answer = await stranger.act(receipt["id"], {"action": "receive"}, version=1)
    assert answer.status_code == 403


async def test_whoever_holds_the_receipt_is_the_reporter(hanoi_town: Town) -> None:
    _, receipt = await submitted(hanoi_town)
    neighbour = await hanoi_town.device()
    paper = {"code": receipt["code"].lower(), "secret": receipt["secret"].lower()}
    opened = await neighbour.ask("POST", "/v1/reports/receipts", json=paper)
    assert opened.status_code == 200, opened.text
    assert opened.json()["description"]
    withdrawn = await neighbour.act(receipt["id"], {"action": "withdraw"}, secret=receipt["secret"])
    assert withdrawn.json()["status"] == "withdrawn"


async def test_a_wrong_secret_and_a_wrong_code_look_the_same_and_are_counted(
    hanoi_town: Town,
) -> None:
    _, receipt = await submitted(hanoi_town)
    device = await hanoi_town.device()
    wrong = {"code": receipt["code"], "secret": "ZZZZZZ"}
    unknown = {"code": "AAAA-AAAA-AAA", "secret": receipt["secret"]}
    answers = [await device.ask("POST", "/v1/reports/receipts", json=w) for w in (wrong, unknown)]
    assert [a.status_code for a in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    more = [await device.ask("POST", "/v1/reports/receipts", json=wrong) for _ in range(10)]
    last = more[-1]
    assert last.status_code == 429
    assert int(last.headers["retry-after"]) > 0


async def test_an_unchanged_report_is_answered_304(hanoi_town: Town) -> None:
    device, receipt = await submitted(hanoi_town)
    path = f"/v1/reports/{receipt['id']}"
    etag = (await device.get(path)).headers["etag"]
    assert (await device.get(path, headers={"If-None-Match": etag})).status_code == 304
    await device.act(receipt["id"], {"action": "comment", "text": "Thêm"})
    assert (await device.get(path, headers={"If-None-Match": etag})).status_code == 200


@pytest.mark.parametrize(
    ("step", "path", "reason"),
    [
        ({}, "action", "required"),
        ({"action": "fly"}, "action", "unknown"),
        ({"action": "note", "txt": "?"}, "txt", "unknown"),
        ({"action": "redact", "redaction": {}}, "redaction.target", "required"),
        ({"action": "redact", "redaction": {"target": "x", "y": 1}}, "redaction.y", "unknown"),
    ],
)
async def test_a_field_that_is_missing_or_unknown_is_named_wherever_it_is(
    shared_town: Town, step: dict[str, Any], path: str, reason: str
) -> None:
    device = await shared_town.device()
    receipt = (await device.submit(pothole(shared_town.city))).json()
    answer = await device.ask("POST", f"/v1/reports/{receipt['id']}/actions", json=step)
    assert answer.status_code == 400, answer.text
    assert answer.json()["fields"] == [{"path": path, "reason": reason}]


async def test_the_queue_shows_the_agencys_open_reports_by_deadline(hanoi_town: Town) -> None:
    device, receipt = await submitted(hanoi_town)
    later = (await device.submit(pothole(hanoi_town.city))).json()
    handler = await handler_of(hanoi_town, receipt)
    queue = (await handler.get("/v1/agency/queue")).json()
    assert [item["id"] for item in queue["items"]] == [receipt["id"], later["id"]]
    assert queue["counts"]["submitted"] == queue["counts"]["unassigned"] == 2
    first = (await handler.get("/v1/agency/queue?limit=1")).json()
    rest = (await handler.get(f"/v1/agency/queue?cursor={first['next_cursor']}")).json()
    assert [item["id"] for item in rest["items"]] == [later["id"]]
    foreign = next(a for a in hanoi_town.city.agencies if a != receipt["agency"]["code"])
    assert (await handler.get(f"/v1/agency/queue?agency={foreign}")).status_code == 403


async def test_many_reports_are_acted_upon_each_on_its_own(hanoi_town: Town) -> None:
    device, receipt = await submitted(hanoi_town)
    other = (await device.submit(pothole(hanoi_town.city))).json()
    handler = await handler_of(hanoi_town, receipt)
    answer = await handler.ask(
        "POST",
        "/v1/agency/actions",
        json=[
            {"report": receipt["id"], "version": 1, "steps": {"action": "receive"}},
            {"report": other["id"], "version": 7, "steps": {"action": "receive"}},
        ],
    )
    done, refused = answer.json()
    assert (done["done"], done["status"]) == (True, "received")
    assert (refused["done"], refused["code"]) == (False, "stale_version")


async def test_a_report_of_a_category_that_is_never_public_is_nobodys_business(
    hanoi_town: Town,
) -> None:
    never = next(c for c in hanoi_town.city.categories.values() if c.public == "never")
    answers = {q.code: _answer(q) for q in never.questions if q.required}
    device = await hanoi_town.device()
    answer = await device.submit(pothole(hanoi_town.city, category=never.code, answers=answers))
    assert answer.status_code == 201, answer.text
    path = f"/v1/reports/{answer.json()['id']}"
    assert (await hanoi_town.nobody().get(path)).status_code == 404
    assert (await (await hanoi_town.device()).get(path)).status_code == 404
    assert (await device.get(path)).status_code == 200
    assert (await hanoi_town.nobody().get("/v1/reports")).json()["items"] == []


def _answer(question: Any) -> Any:
    match question.kind:
        case "choice":
            return next(iter(question.choices))
        case "boolean":
            return True
        case "number":
            return 1
        case _:
            return "x"


async def test_a_device_hears_its_own_language_unless_it_asks_for_another(hanoi_town: Town) -> None:
    device = await hanoi_town.device("en")
    missing = f"/v1/reports/{uuid4()}"
    assert (await device.get(missing)).headers["content-language"] == "en"
    asked = await device.get(missing, headers={"Accept-Language": "vi"})
    assert asked.headers["content-language"] == "vi"


async def test_a_report_has_another_etag_when_its_address_was_found(hanoi_town: Town) -> None:
    device, receipt = await submitted(hanoi_town)
    path = f"/v1/reports/{receipt['id']}"
    etag = (await device.get(path)).headers["etag"]
    await ReportStore(hanoi_town.database).give_address(UUID(receipt["id"]), "Phố Tràng Tiền")
    again = await device.get(path, headers={"If-None-Match": etag})
    assert again.json()["address"] == "Phố Tràng Tiền"
