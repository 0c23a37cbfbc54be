"""What an agency does with a report, through HTTP: the rows of the lifecycle table one by one."""

import asyncio
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from smartcity.city.model import Place
from smartcity.clock import now
from smartcity.reports.room import REPORTERS_LIMIT, TIMELINE_LIMIT
from tests.api.office import ELSEWHERE, HELPING, LATER, RECEIVE, START, Office, photo_of, reasons
from tests.unit.reports_made import category_of

pytestmark = pytest.mark.anyio

RECEIVED: Final = (("handler", RECEIVE),)
WORKED: Final = (*RECEIVED, ("handler", START))
RESOLVE: Final = {"action": "resolve", "text": "Đã vá"}
WISH: Final = {"action": "extend", "until": LATER, "text": "Chờ vật tư"}


def moved(agency: str) -> dict[str, Any]:
    return {"action": "transfer", "agency": agency, "text": "Không thuộc thẩm quyền"}


# --- a later date --------------------------------------------------------------------------------


async def test_a_wish_for_a_later_date_waits_for_the_supervisor(ward: Office) -> None:
    case = await ward.report(*WORKED, ("handler", WISH))
    first = case.receipt["deadlines"]["resolve_by"]
    assert case.state["deadlines"]["resolve_by"] == first
    assert case.state["extension"]["text"] == "Chờ vật tư"
    own = (await case.seen_by("reporter")).json()
    assert "extension" not in own
    assert own["timeline"][-1]["action"] == "start"


async def test_a_supervisor_grants_a_wish_without_writing_it_again(ward: Office) -> None:
    case = await ward.report(*WORKED, ("handler", WISH), ("supervisor", {"action": "extend"}))
    own = (await case.seen_by("reporter")).json()
    first = case.receipt["deadlines"]["resolve_by"]
    assert own["deadlines"]["resolve_by"] > first
    assert own["deadlines"]["first_resolve_by"] == first
    assert own["timeline"][-1]["text"] == "Chờ vật tư"
    assert own["timeline"][-1]["until"] == own["deadlines"]["resolve_by"]
    assert "extension" not in case.state


async def test_a_supervisor_refuses_a_wish_and_says_why_to_the_agency_alone(ward: Office) -> None:
    case = await ward.report(*WORKED, ("handler", WISH))
    refuse = {"action": "refuse_extension", "text": "Đủ vật tư rồi"}
    assert (await case.act("handler", refuse)).status_code == 403
    await case.must("supervisor", refuse)
    assert "extension" not in case.state
    assert case.state["deadlines"]["resolve_by"] == case.receipt["deadlines"]["resolve_by"]
    assert case.state["timeline"][-1]["text"] == "Đủ vật tư rồi"
    own = (await case.seen_by("reporter")).json()
    assert own["timeline"][-1]["action"] == "start"
    again = await case.act("supervisor", refuse)
    assert (again.status_code, again.json()["reason"]) == (409, "no_wish")


async def test_a_supervisor_without_a_wish_says_until_when_and_why(ward: Office) -> None:
    case = await ward.report(*WORKED)
    bare = await case.act("supervisor", {"action": "extend"})
    assert reasons(bare) == {("until", "required"), ("text", "required")}
    earlier = {**WISH, "until": now().isoformat()}
    assert reasons(await case.act("supervisor", earlier)) == {("until", "not_later")}


# --- to another agency ---------------------------------------------------------------------------


async def test_a_transfer_keeps_the_history_and_the_resolve_by_date(ward: Office) -> None:
    case = await ward.report(*WORKED)
    await case.must("handler", moved(ELSEWHERE))
    seen = (await case.seen_by("elsewhere")).json()
    assert [e["action"] for e in seen["timeline"]] == ["submit", "receive", "start", "transfer"]
    assert seen["timeline"][-1]["agency"]["code"] == ELSEWHERE
    assert (seen["status"], seen["rule"]) == ("submitted", "by-hand")
    assert seen["deadlines"]["resolve_by"] == case.receipt["deadlines"]["resolve_by"]
    assert (await case.act("handler", RECEIVE)).status_code == 403


async def test_after_three_transfers_only_a_dispatcher_transfers(ward: Office) -> None:
    case = await ward.report()
    lead = case.receipt["agency"]["code"]
    for who, agency in (("handler", ELSEWHERE), ("elsewhere", HELPING), ("helper", lead)):
        await case.must(who, moved(agency))
    case.state["version"] = (await case.seen_by("handler")).json()["version"]
    refused = await case.act("handler", moved(ELSEWHERE))
    assert (refused.status_code, refused.json()["needs"]) == (403, "dispatcher")
    await case.must("dispatcher", moved(ELSEWHERE))
    resolve_by = {(await case.seen_by(w)).json()["deadlines"]["resolve_by"] for w in ("elsewhere",)}
    assert resolve_by == {case.receipt["deadlines"]["resolve_by"]}


async def test_a_complaint_is_never_given_to_the_office_it_is_about(ward: Office) -> None:
    category = next(
        c.code
        for c in ward.town.city.categories.values()
        if c.place is Place.SUBJECT and not c.questions
    )
    case = await ward.report(category=category, subject={"agency": ELSEWHERE}, location=None)
    answer = await case.act("dispatcher", moved(ELSEWHERE))
    assert reasons(answer) == {("agency", "complained_of")}


async def test_a_corrected_category_proposes_an_agency_that_a_transfer_accepts(
    ward: Office,
) -> None:
    case = await ward.report(*RECEIVED)
    wrong = {"action": "correct", "category": "food-hygiene", "text": "Quán ăn bẩn"}
    await case.must("handler", wrong)
    assert case.state["category"]["code"] == "food-hygiene"
    assert case.state["agency"]["code"] == case.receipt["agency"]["code"]
    assert case.state["deadlines"]["resolve_by"] == case.receipt["deadlines"]["resolve_by"]
    proposed = case.state["proposal"]
    assert proposed["agency"]["code"] != case.receipt["agency"]["code"]
    assert proposed["resolve_by"]
    last = case.state["timeline"][-1]
    assert last["before"]["category"] == case.receipt["category"]["code"]
    await case.must("handler", moved(proposed["agency"]["code"]))
    seen = (await case.seen_by("dispatcher")).json()
    assert (seen["agency"], seen["rule"]) == (proposed["agency"], proposed["rule"])
    assert "proposal" not in seen


async def test_a_better_address_keeps_the_point_and_is_found_by_its_words(ward: Office) -> None:
    case = await ward.report(*RECEIVED)
    before = (await case.seen_by("handler")).json()
    better = {"action": "correct", "address": "Ngõ Phất Lộc", "text": "Hỏi lại người dân"}
    await case.must("handler", better)
    assert (case.state["location"], case.state["unit"]) == (before["location"], before["unit"])
    found = await ward["handler"].get("/v1/agency/queue", params={"text": "ngo phat loc"})
    assert case.id in {item["id"] for item in found.json()["items"]}


# --- in the agency -------------------------------------------------------------------------------


async def test_a_supervisor_gives_work_to_a_colleague_whose_name_officials_see(
    ward: Office,
) -> None:
    case = await ward.report(*RECEIVED)
    somebody = await ward.colleague("handler")
    await case.must("supervisor", {"action": "assign", "assignee": somebody})
    assert case.state["assignee"] == somebody
    assert case.state["assignee_name"].startswith("handler-")
    assert case.state["timeline"][-1]["assignee_name"] == case.state["assignee_name"]
    assert "assignee" not in (await case.seen_by("reporter")).json()
    stranger = await case.act("supervisor", {"action": "assign", "assignee": case.id})
    assert reasons(stranger) == {("assignee", "not_of_this_agency")}


async def test_proof_is_demanded_where_the_category_says_so(ward: Office) -> None:
    case = await ward.report(*WORKED, category=category_of(ward.town.city, proof=True))
    refused = await case.act("handler", RESOLVE)
    assert (refused.status_code, refused.json()["code"]) == (422, "proof_missing")
    picture = await photo_of(ward["handler"])
    await case.must("handler", {**RESOLVE, "attachments": [picture]})
    assert (await ward["nobody"].get(f"/v1/attachments/{picture}")).status_code == 200


async def test_nobody_rates_the_work_of_their_own_agency(ward: Office) -> None:
    case = await ward.report(*WORKED, ("handler", RESOLVE))
    secret, rating = case.receipt["secret"], {"action": "accept", "rating": 5}
    for who in ("handler", "supervisor"):
        own = await ward[who].act(case.id, rating, version=case.state["version"], secret=secret)
        assert own.status_code == 403
    neighbour = await ward.town.device()
    assert (await neighbour.act(case.id, rating, secret=secret)).status_code == 200


async def test_an_officials_step_for_a_citizen_is_told_as_the_citizens(ward: Office) -> None:
    """With the receipt, at the desk."""
    case = await ward.report(*RECEIVED)
    secret, seen = case.receipt["secret"], case.state["version"]
    gone = await ward["handler"].act(case.id, {"action": "withdraw"}, version=seen, secret=secret)
    assert gone.json()["timeline"][-1]["by"] == "reporter"


async def test_a_reporter_who_fills_the_timeline_leaves_room_for_those_who_work(
    ward: Office,
) -> None:
    case = await ward.report(*WORKED)
    await fill(ward, case.id, REPORTERS_LIMIT)
    more = {"action": "comment", "text": "Còn nữa"}
    full = await case.act("reporter", more)
    assert (full.status_code, full.json()["code"]) == (409, "timeline_full")
    await case.must("handler", {"action": "note", "text": "Người dân gọi nhiều lần"})
    await case.must("handler", {"action": "comment", "text": "Đang làm"})
    await fill(ward, case.id, TIMELINE_LIMIT)
    note = await case.act("handler", {"action": "note", "text": "Quá nhiều"})
    assert (note.status_code, note.json()["limit"]) == (409, TIMELINE_LIMIT)
    assert (await case.must("handler", RESOLVE))["status"] == "resolved"


async def fill(ward: Office, report: str, length: int) -> None:
    """As many entries as hundreds of comments would leave."""
    reports, one = ward.town.database["reports"], {"_id": UUID(report)}
    kept = await reports.find_one(one)
    assert kept is not None
    padding = [kept["timeline"][0]] * (length - len(kept["timeline"]))
    await reports.update_one(one, {"$push": {"timeline": {"$each": padding}}})


# --- many at once --------------------------------------------------------------------------------


async def in_bulk(ward: Office, who: str, *items: dict[str, Any], language: str = "vi") -> Any:
    return await ward[who].ask(
        "POST",
        "/v1/agency/actions",
        json=list(items),
        headers={"Accept-Language": language},
    )


async def test_a_hundred_reports_are_received_in_one_request(ward: Office) -> None:
    cases = await asyncio.gather(*(ward.report() for _ in range(100)))
    items = [{"report": case.id, "version": 1, "steps": [RECEIVE, START]} for case in cases]
    done = (await in_bulk(ward, "handler", *items)).json()
    assert [outcome["report"] for outcome in done] == [case.id for case in cases]
    assert all(one["done"] and one["status"] == "in_progress" for one in done)
    assert (await in_bulk(ward, "handler", *items, items[0])).status_code == 400


async def test_each_refusal_of_a_bulk_says_why_in_the_callers_language(ward: Office) -> None:
    good, stale, lacking, proofless, foreign = await asyncio.gather(
        *(ward.report() for _ in range(3)),
        ward.report(*WORKED, category=category_of(ward.town.city, proof=True)),
        ward.report(("handler", moved(ELSEWHERE))),
    )
    items = [
        {"report": good.id, "version": 1, "steps": RECEIVE},
        {"report": stale.id, "version": 7, "steps": RECEIVE},
        {"report": lacking.id, "version": 1, "steps": [RECEIVE, {"action": "ask"}]},
        {"report": proofless.id, "version": 3, "steps": RESOLVE},
        {"report": foreign.id, "version": 2, "steps": RECEIVE},
    ]
    vi, en = [
        (await in_bulk(ward, "handler", *items, language=language)).json()
        for language in ("vi", "en")
    ]
    assert [one["done"] for one in vi] == [True, False, False, False, False]
    assert [one.get("code") for one in vi[1:]] == [
        "stale_version",
        "invalid",
        "proof_missing",
        "forbidden",
    ]
    assert vi[1]["details"]["current"]["version"] == 1
    assert vi[2]["fields"] == [{"path": "text", "reason": "required"}]
    assert vi[3]["fields"] == [{"path": "attachments", "reason": "required"}]
    assert all(a["message"] != b["message"] for a, b in zip(vi[1:], en[1:], strict=True))
    assert (await lacking.seen_by("handler")).json()["status"] == "submitted"


async def test_several_actions_on_one_report_are_taken_in_their_order(ward: Office) -> None:
    cases = await asyncio.gather(*(ward.report() for _ in range(8)))
    ways: list[dict[str, Any]] = [RECEIVE, START, {"action": "ask", "text": "Ở đâu?"}]
    items = [
        {"report": case.id, "version": version, "steps": step}
        for version, step in enumerate(ways, 1)
        for case in cases
    ]
    done = (await in_bulk(ward, "handler", *items)).json()
    assert [one["status"] for one in done] == [
        *["received"] * 8,
        *["in_progress"] * 8,
        *["waiting"] * 8,
    ]


async def test_a_bulk_sent_again_with_its_keys_changes_nothing(ward: Office) -> None:
    case = await ward.report()
    item = {"report": case.id, "version": 1, "steps": RECEIVE, "key": "once"}
    first = (await in_bulk(ward, "handler", item)).json()
    assert (await in_bulk(ward, "handler", item)).json() == first


# --- menus ---------------------------------------------------------------------------------------


async def test_the_agencies_are_listed_with_their_tree_and_whether_they_hold(ward: Office) -> None:
    answer = await ward["nobody"].get("/v1/agencies", headers={"Accept-Language": "en"})
    found = {item["code"]: item for item in answer.json()["items"]}
    assert found.keys() == ward.town.city.agencies.keys()
    assert found[ELSEWHERE]["valid"] is True
    assert found[ELSEWHERE]["parent"] in found
    assert found["so-giao-thong-van-tai"]["valid"] is False  # dissolved in 2025
    assert found["ubnd-00004"]["unit"] == "00004"
    assert answer.headers["cache-control"].startswith("public")


async def test_colleagues_are_named_to_their_own_agency_and_to_a_dispatcher(ward: Office) -> None:
    path, params = "/v1/agency/colleagues", {"agency": ELSEWHERE}
    own = (await ward["elsewhere"].get(path, params=params)).json()["items"]
    assert [one["name"][:8] for one in own] == ["handler-"]
    assert own[0].keys() == {"id", "name"}
    assert (await ward["dispatcher"].get(path, params=params)).json()["items"] == own
    assert (await ward["handler"].get(path, params=params)).status_code == 403
    assert (await ward["reporter"].get(path, params=params)).status_code == 403
    nowhere = await ward["dispatcher"].get(path, params={"agency": "nowhere"})
    assert reasons(nowhere) == {("agency", "unknown")}


async def test_a_deadline_that_was_extended_still_counts_by_the_first_one(ward: Office) -> None:
    case = await ward.report(*WORKED, ("supervisor", WISH))
    kept = await ward.town.database["reports"].find_one({"_id": UUID(case.id)})
    assert kept is not None
    deadlines = kept["deadlines"]
    assert deadlines["resolve_by"] - deadlines["first_resolve_by"] > timedelta(days=30)
    events = [event for event in kept["outbox"] if event["action"] == "extend"]
    assert events[0]["internal"]["first_resolve_by"] == deadlines["first_resolve_by"]
