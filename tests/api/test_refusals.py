"""Reasons and templates of the pack, formal complaints and denunciations, through HTTP."""

import asyncio
from typing import Any, Final
from uuid import UUID

import pytest

from smartcity.feed.publisher import Publisher
from smartcity.feed.store import PUBLISHER, FeedStore
from smartcity.storage.leases import Lease
from tests.api.office import RECEIVE, START, TASK, Case, Office, reasons
from tests.api.reporting import pothole

pytestmark = pytest.mark.anyio

RECEIVED: Final = (("handler", RECEIVE),)
WORKED: Final = (*RECEIVED, ("handler", START))
DENUNCIATION: Final = {"action": "reject", "reason": "denunciation"}
UNCLEAR: Final = {"action": "reject", "reason": "unclear", "text": "Chưa rõ ở đâu"}


async def publish(ward: Office) -> None:
    """What the workers' publisher does."""
    database = ward.town.database
    lease = Lease(database, PUBLISHER, "test", 60)
    while await Publisher(FeedStore(database), lease, ["reports"], 100).run_once():
        pass


async def is_drawn(case: Case) -> bool:
    lon, lat = case.office.town.city.centre
    box = f"{lon - 0.001},{lat - 0.001},{lon + 0.001},{lat + 0.001}"
    path = f"/v1/map/reports.geojson?bbox={box}&zoom=18"
    found = (await case.office["nobody"].get(path)).json()["features"]
    return case.id in {feature.get("id") or feature["properties"].get("id") for feature in found}


async def until_drawn(case: Case, wanted: bool) -> None:
    async with asyncio.timeout(10):
        while await is_drawn(case) is not wanted:
            await asyncio.sleep(0.05)


# --- formal complaints and denunciations ---------------------------------------------------------


async def test_a_denunciation_found_out_at_work_tells_the_citizen_where_to_go(
    ward: Office,
) -> None:
    case = await ward.report(*WORKED)
    await case.must("handler", DENUNCIATION)
    own = (await case.seen_by("reporter")).json()
    last = own["timeline"][-1]
    assert (own["status"], last["action"]) == ("rejected", "reject")
    assert "text" not in last
    assert last["reason"]["code"] == "denunciation"
    assert "Thanh tra" in last["reason"]["text"]


async def test_a_denunciation_vanishes_from_everywhere_the_public_looks(ward: Office) -> None:
    case = await ward.report(*WORKED, description="Ông Tê ở nhà số năm nhận tiền")
    await publish(ward)
    await until_drawn(case, True)
    await case.must("handler", DENUNCIATION)
    await publish(ward)
    await until_drawn(case, False)
    assert (await case.seen_by("nobody")).status_code == 404
    for who in ("handler", "reporter", "supervisor", "dispatcher"):
        assert (await case.seen_by(who)).status_code == 200, who
    for query in ("", "?text=ong te nha so nam", "?status=rejected"):
        listed = (await ward["nobody"].get(f"/v1/reports{query}")).json()["items"]
        assert case.id not in {item["id"] for item in listed}
    follow = await (await ward.town.device()).ask("PUT", f"/v1/reports/{case.id}/follow")
    assert follow.status_code == 404


async def test_whoever_shows_it_live_is_told_that_it_is_gone_and_no_word_more(
    ward: Office,
) -> None:
    case = await ward.report(*WORKED)
    await case.must("handler", DENUNCIATION)
    await publish(ward)
    events = ward.town.database["feed"].find({"event.subject": UUID(case.id)}).sort("_id", 1)
    *shown, last = [event["event"] async for event in events]
    assert (last["gone"], last.get("public")) == (True, None)
    assert not any("gone" in event for event in shown)


async def test_a_denunciation_refused_at_first_sight_is_not_shown_for_a_moment(
    ward: Office,
) -> None:
    case = await ward.report()
    await case.must("handler", RECEIVE, DENUNCIATION)
    kept = await ward.town.database["reports"].find_one({"_id": UUID(case.id)})
    assert kept is not None
    submitted, received, refused = kept["outbox"]
    assert "lon" not in submitted["public"]
    assert "public" not in received
    assert received["internal"].get("public", False) is False
    assert (refused["gone"], refused.get("public")) == (True, None)


async def test_what_is_corrected_to_a_category_that_is_never_public_goes_away_as_well(
    ward: Office,
) -> None:
    case = await ward.report(*WORKED)
    hidden = next(c.code for c in ward.town.city.categories.values() if c.public == "never")
    await case.must("handler", {"action": "correct", "category": hidden, "text": "Việc khác"})
    assert (await case.seen_by("nobody")).status_code == 404
    kept = await ward.town.database["reports"].find_one({"_id": UUID(case.id)})
    assert kept is not None
    assert [event.get("gone") for event in kept["outbox"]][-2:] == [None, True]


async def test_a_denunciation_is_reopened_by_a_supervisor_only_and_stays_hidden(
    ward: Office,
) -> None:
    case = await ward.report(*RECEIVED, ("handler", DENUNCIATION))
    again = {"action": "reopen", "text": "Không phải tố cáo"}
    refused = await case.act("reporter", again)
    assert (refused.status_code, refused.json()["reason"]) == (409, "formal")
    assert (await case.must("supervisor", again))["status"] == "received"
    assert (await case.seen_by("nobody")).status_code == 404
    # Refused for another reason now, it can be reopened as any other.
    await case.must("handler", UNCLEAR)
    assert (await case.must("reporter", again))["status"] == "received"


async def test_a_denunciation_ends_the_tasks_in_it(ward: Office) -> None:
    case = await ward.report(*WORKED, ("handler", TASK), ("handler", DENUNCIATION))
    assert case.state["tasks"][0]["ended_by"] == "reject"


async def test_only_a_formal_reason_refuses_what_is_worked_on(ward: Office) -> None:
    case = await ward.report(*WORKED)
    answer = await case.act("handler", UNCLEAR)
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")


async def test_boston_has_no_formal_reasons(boston: Any) -> None:
    assert not any(reason.formal for reason in boston.reasons.values())


# --- reasons -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        ({"action": "reject", "text": "Chưa rõ"}, {("reason", "required")}),
        ({"action": "reject", "text": "Chưa rõ", "reason": "whim"}, {("reason", "unknown")}),
        ({"action": "reject", "reason": "unclear"}, {("text", "required")}),
        # Of reports about land, and of ones that nobody has received.
        ({**UNCLEAR, "reason": "land-dispute"}, {("reason", "does_not_fit")}),
        ({**UNCLEAR, "reason": "emergency-number"}, {("reason", "does_not_fit")}),
    ],
)
async def test_a_refusal_has_a_reason_that_fits(
    ward: Office, step: dict[str, Any], wrong: set[tuple[str, str]]
) -> None:
    case = await ward.report(*RECEIVED)
    answer = await case.act("handler", step)
    assert (answer.status_code, reasons(answer)) == (400, wrong)


async def test_a_citizen_reads_in_their_language_where_to_turn(ward: Office) -> None:
    case = await ward.report(("handler", {**UNCLEAR, "reason": "private-dispute"}))
    path = f"/v1/reports/{case.id}"
    read = await ward["reporter"].get(path, headers={"Accept-Language": "en"})
    last = read.json()["timeline"][-1]
    assert last["text"] == UNCLEAR["text"]
    assert "mediation" in last["reason"]["text"]


async def test_the_reasons_are_listed_for_a_category(ward: Office) -> None:
    async def codes(**query: str) -> set[str]:
        answer = await ward["nobody"].get("/v1/reasons", params=query)
        assert answer.status_code == 200, answer.text
        return {item["code"] for item in answer.json()["items"]}

    assert await codes() == ward.town.city.reasons.keys()
    assert "land-dispute" in await codes(category="land-encroachment")
    assert "land-dispute" not in await codes(category=pothole(ward.town.city)["category"])
    unknown = await ward["nobody"].get("/v1/reasons", params={"category": "nothing"})
    assert reasons(unknown) == {("category", "unknown")}
    (formal,) = [
        item
        for item in (await ward["nobody"].get("/v1/reasons")).json()["items"]
        if item["code"] == "denunciation"
    ]
    assert formal["formal"] is True
    assert "Thanh tra" in formal["text"]


# --- templates -----------------------------------------------------------------------------------


async def answers(case: Case, who: str = "handler", language: str = "vi") -> dict[str, Any]:
    answer = await case.office[who].get(
        f"/v1/reports/{case.id}/templates", headers={"Accept-Language": language}
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-language"] == language
    return answer.json()


async def test_templates_that_fit_are_filled_in(ward: Office) -> None:
    case = await ward.report(*WORKED, address="Số 1 Tràng Tiền")
    found = {template["code"]: template for template in (await answers(case))["templates"]}
    assert found["ask-where"]["action"] == "ask"
    assert case.receipt["code"] in found["ask-where"]["text"]
    assert "(Số 1 Tràng Tiền)" in found["ask-where"]["text"]
    assert case.receipt["agency"]["name"] in found["ask-where"]["text"]
    local = ward.town.city.local
    due = local(await due_of(ward, case))
    assert f"{due:%H:%M ngày %d/%m/%Y}" in found["under-way"]["text"]
    assert not any("{" in template["text"] for template in found.values())
    english = {t["code"]: t for t in (await answers(case, language="en"))["templates"]}
    assert "could not find the place" in english["ask-where"]["text"]


async def due_of(ward: Office, case: Case) -> Any:
    kept = await ward.town.database["reports"].find_one({"_id": UUID(case.id)})
    assert kept is not None
    return kept["deadlines"]["resolve_by"]


async def test_what_a_report_lacks_is_left_open_for_a_person(ward: Office) -> None:
    case = await ward.report(*WORKED)
    found = {t["code"]: t["text"] for t in (await answers(case))["templates"]}
    assert "(…)" in found["ask-where"]


async def test_templates_and_reasons_fit_category_and_status(ward: Office) -> None:
    case = await ward.report()
    new = await answers(case)
    assert {t["action"] for t in new["templates"]} <= {"transfer", "reject", "comment", "correct"}
    assert "emergency-number" in {reason["code"] for reason in new["reasons"]}
    await case.must("handler", RECEIVE, START)
    worked = await answers(case)
    assert {reason["code"] for reason in worked["reasons"]} == {
        "formal-complaint",
        "denunciation",
        "state-secret",
    }
    codes = {template["code"] for template in worked["templates"]}
    assert "repaired" in codes  # a pothole is of the field traffic
    assert "cleaned" not in codes
    assert "unclear" not in codes


async def test_templates_are_for_those_who_handle_the_report(ward: Office) -> None:
    case = await ward.report(*WORKED, ("handler", TASK))
    assert (await answers(case, "helper"))["templates"]
    assert (await answers(case, "dispatcher"))["templates"]
    path = f"/v1/reports/{case.id}/templates"
    for who in ("elsewhere", "reporter"):
        assert (await ward[who].get(path)).status_code == 403
    assert (await ward["nobody"].get(path)).status_code == 401
