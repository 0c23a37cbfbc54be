"""Reports through HTTP: sent, seen, acted upon."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from smartcity.city.model import City
from smartcity.reports.store import ReportStore
from tests.api.town import Person, Town, town
from tests.unit.reports_made import category_of

pytestmark = pytest.mark.anyio

HAI_PHONG = {"lat": 20.8449, "lon": 106.6881}


def pothole(city: City, **more: Any) -> dict[str, Any]:
    lon, lat = city.centre
    return {
        "category": category_of(city),
        "description": "Ổ gà sâu trước cổng trường, gọi tôi 0912345678",
        "location": {"lat": lat, "lon": lon, "accuracy_m": 12},
        **more,
    }


async def handler_of(town: Town, report: dict[str, Any], *roles: str) -> Person:
    return await town.staff(*(roles or ("handler",)), agencies=[report["agency"]["code"]])


async def submitted(town: Town, **more: Any) -> tuple[Person, dict[str, Any]]:
    device = await town.device()
    answer = await device.submit(pothole(town.city, **more))
    assert answer.status_code == 201, answer.text
    return device, answer.json()


async def test_a_submission_is_answered_with_everything_a_receipt_needs(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    answer = await device.submit(pothole(hanoi_town.city))
    receipt = answer.json()
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == f"/v1/reports/{receipt['id']}"
    assert receipt["status"] == "submitted"
    assert receipt["approximate"] is True
    assert receipt["unit"]["code"] in hanoi_town.city.units
    assert receipt["agency"]["code"] in hanoi_town.city.agencies
    assert receipt["rule"]
    assert len(receipt["secret"]) == 6
    deadlines = receipt["deadlines"]
    assert receipt["submitted_at"] < deadlines["receive_by"] < deadlines["resolve_by"]


async def test_the_same_submission_sent_50_times_at_once_makes_one_report(
    hanoi_town: Town,
) -> None:
    device = await hanoi_town.device()
    report = pothole(hanoi_town.city)
    answers = await asyncio.gather(*(device.submit(report, key="once") for _ in range(50)))
    assert sorted(a.status_code for a in answers) == [200] * 49 + [201]
    assert len({a.json()["id"] for a in answers}) == 1
    assert len({a.json()["secret"] for a in answers}) == 1
    assert await hanoi_town.database["reports"].count_documents({}) == 1


async def test_the_same_key_with_another_body_is_refused(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    await device.submit(pothole(hanoi_town.city), key="once")
    answer = await device.submit(pothole(hanoi_town.city, description="Khác"), key="once")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


async def test_the_same_key_of_another_device_is_another_report(hanoi_town: Town) -> None:
    one, other = await hanoi_town.device(), await hanoi_town.device()
    report = pothole(hanoi_town.city)
    ids = {(await d.submit(report, key="once")).json()["id"] for d in (one, other)}
    assert len(ids) == 2


async def test_a_point_in_hai_phong_is_refused_with_the_bounds(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    answer = await device.submit(pothole(hanoi_town.city, location=HAI_PHONG))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "outside_city")
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"west", "south", "east", "north"} <= problem.keys()
    assert await hanoi_town.database["reports"].count_documents({}) == 0


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"category": "no-such-category"}, "category"),
        ({"description": ""}, "description"),
        ({"location": {"lat": 95, "lon": 105}}, "location.lat"),
        ({"location": None}, "location"),
        ({"unit": "99999"}, "unit"),
        ({"unknown": 1}, "unknown"),
        ({"answers": {"no-such-question": "x"}}, "answers.no-such-question"),
        ({"attachments": ["0197a0f0-0000-7000-8000-000000000000"]}, "attachments.0"),
    ],
)
async def test_a_mistake_is_named_by_its_path_and_nothing_is_written(
    hanoi_town: Town, change: dict[str, Any], path: str
) -> None:
    device = await hanoi_town.device()
    answer = await device.submit(pothole(hanoi_town.city, **change))
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "invalid"
    assert path in {f["path"] for f in answer.json()["fields"]} or path in str(answer.json())
    assert await hanoi_town.database["reports"].count_documents({}) == 0


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


async def test_lists_are_paged_without_gap_or_repeat(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    sent = [(await device.submit(pothole(hanoi_town.city))).json()["id"] for _ in range(7)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await device.get(f"/v1/reports?limit=3{cursor}")).json()
        seen += [item["id"] for item in page["items"]]
        if "next_cursor" not in page:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == sent[::-1]
    mine = (await device.get("/v1/me/reports")).json()
    assert [item["id"] for item in mine["items"]] == sent[::-1]


async def test_a_search_by_text_needs_no_accents_and_betrays_nothing_unreceived(
    hanoi_town: Town,
) -> None:
    _, receipt = await submitted(hanoi_town, description="Đèn đường hỏng ở ngõ Hoà Bình")
    nobody = hanoi_town.nobody()
    assert (await nobody.get("/v1/reports?text=den hoa binh")).json()["items"] == []
    handler = await handler_of(hanoi_town, receipt)
    await handler.act(receipt["id"], {"action": "receive"}, version=1)
    found = (await nobody.get("/v1/reports", params={"text": "den hòa binh"})).json()["items"]
    assert [item["id"] for item in found] == [receipt["id"]]


async def test_a_search_finds_the_beginnings_of_words_and_a_code_however_typed(
    hanoi_town: Town,
) -> None:
    _, receipt = await submitted(hanoi_town, description="Ổ gà trước cổng trường")
    handler = await handler_of(hanoi_town, receipt)

    async def count(text: str) -> int:
        answer = await handler.get("/v1/agency/queue", params={"text": text})
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert await count("o ga truo") == 1
    assert await count("ruong") == 0
    assert await count(receipt["code"].lower().replace("-", " ")) == 1
    assert await count("2222-2222-222") == 0


async def test_lists_are_filtered_by_place_category_and_status(hanoi_town: Town) -> None:
    _, receipt = await submitted(hanoi_town)
    handler = await handler_of(hanoi_town, receipt)
    await handler.act(receipt["id"], {"action": "receive"}, version=1)
    lon, lat = hanoi_town.city.centre
    nobody = hanoi_town.nobody()

    async def count(**params: object) -> int:
        answer = await nobody.get("/v1/reports", params={k: str(v) for k, v in params.items()})
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert await count(bbox=f"{lon - 0.01},{lat - 0.01},{lon + 0.01},{lat + 0.01}") == 1
    assert await count(bbox=f"{lon + 0.1},{lat},{lon + 0.2},{lat + 0.1}") == 0
    assert await count(near=f"{lat},{lon}", radius_m=50) == 1
    assert await count(status="received", category=receipt["category"]["code"]) == 1
    assert await count(unit=receipt["unit"]["code"]) == 1
    assert await count(status="closed") == 0


@pytest.mark.parametrize(
    "query",
    [
        "bbox=1,2,3",
        "bbox=a,b,c,d",
        "bbox=nan,0,1,1",
        "near=95,0",
        "limit=0",
        "limit=101",
        "cursor=x!",
    ],
)
async def test_a_bad_query_is_refused(hanoi_town: Town, query: str) -> None:
    answer = await hanoi_town.nobody().get(f"/v1/reports?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


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
    hanoi_town: Town, step: dict[str, Any], path: str, reason: str
) -> None:
    device = await hanoi_town.device()
    receipt = (await device.submit(pothole(hanoi_town.city))).json()
    answer = await device.ask("POST", f"/v1/reports/{receipt['id']}/actions", json=step)
    assert answer.status_code == 400, answer.text
    assert answer.json()["fields"] == [{"path": path, "reason": reason}]


async def test_what_a_request_lacks_is_named(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    keyless = await device.ask("POST", "/v1/reports", json=pothole(hanoi_town.city))
    assert keyless.json()["fields"] == [{"path": "Idempotency-Key", "reason": "required"}]
    boxless = await device.get("/v1/map/reports.geojson")
    assert boxless.json()["fields"] == [{"path": "bbox", "reason": "required"}]


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


async def test_similar_open_reports_near_by_are_found(hanoi_town: Town) -> None:
    _, receipt = await submitted(hanoi_town, description="Cây đổ chắn ngang đường")
    handler = await handler_of(hanoi_town, receipt)
    await handler.act(receipt["id"], {"action": "receive"}, version=1)
    lon, lat = hanoi_town.city.centre
    answer = await hanoi_town.nobody().get(
        "/v1/reports/similar",
        params={
            "category": receipt["category"]["code"],
            "lat": lat,
            "lon": lon + 0.0005,
            "text": "cay do ngang duong",
        },
    )
    found = answer.json()["items"]
    assert [item["id"] for item in found] == [receipt["id"]]
    assert 40 < found[0]["distance_m"] < 70


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


async def test_a_replay_does_not_count_against_the_rate_limit(
    mongo_uri: str, tmp_path: Path
) -> None:
    async with town(mongo_uri, tmp_path, rate_limits="on", limit_reports="2/hour") as small:
        device = await small.device()
        report = pothole(small.city)
        fresh = await device.submit(report, key="first")
        assert [(await device.submit(report, key="first")).status_code for _ in range(5)] == [
            200
        ] * 5
        assert (await device.submit(report, key="second")).status_code == 201
        refused = await device.submit(report, key="third")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        again = await device.submit(report, key="first")
        assert (again.status_code, again.json()) == (200, fresh.json())


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
