"""Who wants to know who reported, or to go on though the city has had enough of them."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
import time_machine

from smartcity.audit.store import RECORDS
from smartcity.city.model import Publicity
from smartcity.clock import now
from smartcity.identifiers import digest_of
from smartcity.identity.consents.store import CONSENTS
from smartcity.identity.persons.store import PERSON_KEYS
from smartcity.identity.senders.service import REFRESH_S
from smartcity.people.erasure import REMEMBERED
from smartcity.reports.requests import NewReport
from tests.api.bursts import one_held
from tests.api.office import HELPING, Office, reasons
from tests.api.reporting import category_that_is, handler_of, pothole, submitted
from tests.api.test_accounts import issuer, link, linked_town
from tests.api.test_disclosure import disclosed
from tests.api.test_me import CONSENT, consent, erased
from tests.api.test_never_public import listening, publish
from tests.api.test_operators import NUMBER, act_for, called, search, taken
from tests.api.test_senders import banned, decision, problem, restrict
from tests.api.town import Answer, Person, Town
from tests.standins.oidc import LocalIssuer

pytestmark = pytest.mark.anyio

__all__ = ["issuer", "linked_town"]

FORMAL = {"action": "reject", "reason": "formal-complaint"}
CALL = "Gọi ông An 0987654321"


async def said(operator: Person, report: str, number: str) -> Answer:
    return await operator.get(f"/v1/reports/{report}", headers={"Caller-Phone": number})


# --- who reported --------------------------------------------------------------------------------


async def test_whoever_says_a_number_on_a_report_is_written_down_whether_it_is_right_or_wrong(
    hanoi_town: Town,
) -> None:
    operator = await hanoi_town.staff("operator")
    receipt = await taken(hanoi_town, operator)
    assert (await said(operator, receipt["id"], NUMBER)).status_code == 200
    assert (await said(operator, receipt["id"], "0987654321")).status_code == 404
    records = await hanoi_town.database[RECORDS].find({"action": "say_caller"}).to_list()
    assert [record["subject"] for record in records] == [UUID(receipt["id"])] * 2
    assert records[0]["details"] != records[1]["details"]
    assert NUMBER[1:] not in str(records)


async def test_nothing_that_is_kept_of_a_submission_lets_numbers_be_tried_out(
    hanoi_town: Town,
) -> None:
    device = await hanoi_town.device()
    report = called(hanoi_town.city)
    answers = [await device.submit(report, key="once") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    other = await device.submit(called(hanoi_town.city, "0987654321"), key="once")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    whole = msgspec.convert(report, NewReport)
    guessed = digest_of(msgspec.json.encode(whole, order="deterministic"))
    kept = await hanoi_town.database["reports"].find_one({})
    assert kept is not None
    assert guessed not in kept.values()


async def test_officials_whom_a_report_does_not_concern_read_no_numbers_in_its_tasks(
    ward: Office,
) -> None:
    step = {"action": "open_task", "agency": HELPING, "text": CALL}
    case = await ward.report(
        ("handler", {"action": "receive"}),
        ("handler", step),
        ("handler", {"action": "extend", "until": _later(), "text": CALL}),
    )
    await case.must("helper", {"action": "finish_task", "task": "…", "text": CALL})
    seen = await case.seen_by("elsewhere")
    assert seen.json()["tasks"][0]["status"] == "done"
    assert "0987654321" not in seen.text
    assert seen.json()["extension"]["text"] == "Gọi ông An •••"
    assert (await case.seen_by("handler")).json()["tasks"][0]["answer"] == CALL
    own = (await ward["helper"].get("/v1/agency/tasks", params={"status": "done"})).json()["items"]
    assert {item["task"]["answer"] for item in own} == {CALL}


# --- what nobody may know of ---------------------------------------------------------------------


async def test_of_a_held_report_that_is_refused_as_a_complaint_the_world_hears_nothing(
    hanoi_town: Town,
) -> None:
    _, receipt = await one_held(hanoi_town)
    dispatcher = await hanoi_town.staff("dispatcher")
    async with listening(hanoi_town) as heard:
        refused = await dispatcher.act(receipt["id"], FORMAL, version=1)
        assert refused.status_code == 200, refused.text
        await publish(hanoi_town)
    assert receipt["id"] not in b"".join(heard).decode()


async def test_a_stranger_who_confirms_a_held_report_is_told_what_one_who_guesses_is_told(
    hanoi_town: Town,
) -> None:
    _, receipt = await one_held(hanoi_town)
    stranger = await hanoi_town.device()
    for status in ("held", "rejected"):
        answer = await stranger.ask("PUT", f"/v1/reports/{receipt['id']}/confirmation")
        assert answer.status_code == 404, status
        dispatcher = await hanoi_town.staff("dispatcher")
        await dispatcher.act(receipt["id"], FORMAL, version=1)


async def test_a_guessed_report_that_one_may_not_know_of_is_as_unknown_as_one_that_is_not(
    ward: Office,
) -> None:
    town = ward.town
    about = {"agency": next(iter(town.city.agencies))}
    never = category_that_is(town, Publicity.NEVER)
    hidden = await ward["reporter"].submit(pothole(town.city, subject=about, **never))
    assert hidden.status_code == 201, hidden.text
    case = await ward.report()
    told = [
        reasons(await case.act("handler", {"action": "merge", "report": report}))
        for report in (hidden.json()["id"], str(uuid4()))
    ]
    assert told == [{("report", "unknown")}] * 2


async def test_a_disclosure_that_is_asked_for_again_is_written_down_again(
    hanoi_town: Town,
) -> None:
    _, receipt = await submitted(hanoi_town, contact={"phone": NUMBER}, consent=CONSENT)
    dispatcher = await hanoi_town.staff("dispatcher")
    once = {"Idempotency-Key": "once"}
    for _ in range(3):
        shown = await disclosed(dispatcher, receipt["id"], headers=once)
        assert shown.json() == {"kept": True, "contact": {"phone": NUMBER}}
    other = await hanoi_town.staff("dispatcher")
    told = await disclosed(other, receipt["id"], headers=once)
    assert told.status_code == 200, "another's key is another key"
    records = await hanoi_town.database[RECORDS].find({"action": "see_contact"}).to_list()
    assert len(records) == 4
    kept = await hanoi_town.database["reports"].find_one({})
    assert kept is not None
    assert [entry["action"] for entry in kept["timeline"]].count("disclose") == 2


# --- consent -------------------------------------------------------------------------------------


async def test_a_withdrawn_consent_empties_what_waits_for_a_dispatcher_too(
    hanoi_town: Town,
) -> None:
    device, receipt = await one_held(hanoi_town)
    assert await consent(device) == 204
    contact = {"contact": {"phone": NUMBER}, "share_contact": True, "consent": CONSENT}
    held = (await device.submit(problem(hanoi_town) | contact)).json()
    assert held["status"] == "held"
    gone = await device.ask("DELETE", "/v1/me/consents/contact")
    assert gone.status_code == 204
    dispatcher = await hanoi_town.staff("dispatcher")
    released = await dispatcher.act(held["id"], {"action": "release"}, version=1)
    assert released.status_code == 200, released.text
    handler = await handler_of(hanoi_town, receipt)
    assert "contact" not in (await handler.get(f"/v1/reports/{held['id']}")).json()


async def test_a_withdrawn_consent_holds_for_what_is_reopened(hanoi_town: Town) -> None:
    device, receipt = await submitted(
        hanoi_town, contact={"phone": NUMBER}, share_contact=True, consent=CONSENT
    )
    kept = {"status": "resolved", "finished_at": now()}
    await hanoi_town.database["reports"].update_one({}, {"$set": kept})
    assert (await device.ask("DELETE", "/v1/me/consents/contact")).status_code == 204
    reopened = await device.act(receipt["id"], {"action": "reopen", "text": "Lại hỏng"}, version=1)
    assert reopened.status_code == 200, reopened.text
    handler = await handler_of(hanoi_town, receipt)
    assert "contact" not in (await handler.get(f"/v1/reports/{receipt['id']}")).json()
    operator = await hanoi_town.staff("operator")
    assert (await search(operator, NUMBER)).json()["items"] == []


# --- who is banned -------------------------------------------------------------------------------


async def test_a_banned_sender_confirms_nothing_and_ends_no_upload_that_was_begun(
    hanoi_town: Town,
) -> None:
    _, others = await submitted(hanoi_town)
    device = await hanoi_town.device()
    begun = await device.ask("POST", "/v1/uploads", json={"sha256": "0" * 64, "bytes": 10})
    assert begun.status_code == 201, begun.text
    sent = (await device.submit(pothole(hanoi_town.city))).json()
    dispatcher = await hanoi_town.staff("dispatcher")
    assert (await restrict(dispatcher, sent, decision())).status_code == 200
    for method, path, given in (
        ("PUT", f"/v1/reports/{others['id']}/confirmation", {}),
        (
            "PATCH",
            f"/v1/uploads/{begun.json()['id']}",
            {"content": b"%PDF-1.7  ", "headers": {"Upload-Offset": "0"}},
        ),
    ):
        answer = await device.ask(method, path, **given)
        assert (answer.status_code, answer.json()["code"]) == (403, "sender_banned"), path


async def test_a_banned_sender_speaks_by_no_other_phone_and_through_no_operator(
    hanoi_town: Town,
) -> None:
    _, receipt, dispatcher = await banned(hanoi_town)
    operator = await hanoi_town.staff("operator")
    caller = await taken(hanoi_town, operator)
    assert (await restrict(dispatcher, caller, decision())).status_code == 200
    fresh, step = await hanoi_town.device(), {"action": "comment", "text": "Vẫn thế!"}
    by_receipt = await fresh.act(receipt["id"], step, secret=receipt["secret"])
    by_number = await act_for(operator, caller["id"], 1, step, NUMBER)
    for answer in (by_receipt, by_number):
        assert (answer.status_code, answer.json()["code"]) == (403, "sender_banned")
    handler = await handler_of(hanoi_town, receipt)
    commented = await handler.act(receipt["id"], step, version=1)
    assert commented.status_code == 200, commented.text


async def test_a_banned_person_who_is_erased_and_comes_back_is_still_banned(
    linked_town: Town, issuer: LocalIssuer
) -> None:
    device, _, _ = await banned(linked_town)
    assert (await link(device, issuer.token("lan"))).status_code == 200
    assert (await device.ask("DELETE", "/v1/me")).status_code == 202
    await erased(linked_town)
    await asyncio.sleep(REFRESH_S + 0.5)
    again = await linked_town.device()
    assert (await link(again, issuer.token("lan"))).status_code == 200
    answer = await again.submit(problem(linked_town))
    assert (answer.status_code, answer.json()["code"]) == (403, "sender_banned")
    neighbour = await linked_town.device()
    assert (await link(neighbour, issuer.token("minh"))).status_code == 200
    assert (await neighbour.submit(problem(linked_town))).status_code == 201


# --- who is erased -------------------------------------------------------------------------------


async def test_a_phone_that_was_linked_a_moment_ago_is_erased_with_the_others(
    linked_town: Town, issuer: LocalIssuer
) -> None:
    old, new = await linked_town.device(), await linked_town.device()
    for device in (old, new):
        sent = await device.submit(problem(linked_town))
        assert sent.status_code == 201, sent.text
    assert (await link(old, issuer.token("lan"))).status_code == 200
    assert len((await old.get("/v1/me/reports")).json()["items"]) == 1  # as it is remembered
    assert (await link(new, issuer.token("lan"))).status_code == 200
    assert (await old.ask("DELETE", "/v1/me")).status_code == 202
    await erased(linked_town)
    assert await linked_town.database["devices"].count_documents({}) == 0
    reporters: list[Any] = await linked_town.database["reports"].distinct("reporter.erasing")
    assert reporters == [True]
    assert await linked_town.database["reports"].count_documents({"reporter.erasing": True}) == 2


async def test_what_was_on_its_way_when_somebody_was_erased_is_erased_too(
    hanoi_town: Town,
) -> None:
    device = await hanoi_town.device()
    whole = pothole(hanoi_town.city, contact={"phone": NUMBER}, consent=CONSENT)
    begun = [asyncio.create_task(device.submit(whole)) for _ in range(6)]
    gone = await device.ask("DELETE", "/v1/me")
    assert gone.status_code == 202
    await asyncio.gather(*begun)
    await erased(hanoi_town)
    with time_machine.travel(now() + 2 * REMEMBERED):
        await erased(hanoi_town)
    kept = await hanoi_town.database["reports"].find({}).to_list()
    assert kept, "some were taken in"
    assert [one["reporter"].keys() & {"contact", "phone", "by"} for one in kept] == [set()] * len(
        kept
    )
    assert await hanoi_town.database["reports"].count_documents({"reporter.erasing": True}) == len(
        kept
    )
    for name in (CONSENTS, PERSON_KEYS, "devices"):
        assert await hanoi_town.database[name].count_documents({}) == 0, name


def _later() -> str:
    return (now() + timedelta(days=90)).isoformat()
