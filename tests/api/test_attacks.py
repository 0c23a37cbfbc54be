"""What people try who wish somebody ill or want what is not theirs, and what comes of it."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from smartcity.city.model import Publicity
from tests.api.reporting import category_that_is, handler_of, pothole, submitted
from tests.api.town import Answer, Person, Town, town
from tests.unit.reports_made import category_of
from tests.unit.sample_files import photo

pytestmark = pytest.mark.anyio

NUMBER = "0912345678"
CONSENT = {"contact": "2026-01"}


def other_agency(town: Town, report: dict[str, Any]) -> str:
    return next(a for a in town.city.agencies if a != report["agency"]["code"])


async def path_of_photo(person: Person) -> str:
    answer = await person.ask("POST", "/v1/attachments", content=photo())
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


async def opened(person: Person, receipt: dict[str, Any], secret: str) -> int:
    wanted = {"code": receipt["code"], "secret": secret}
    return (await person.ask("POST", "/v1/reports/receipts", json=wanted)).status_code


def reasons(answer: Answer) -> set[tuple[str, str]]:
    return {(field["path"], field["reason"]) for field in answer.json()["fields"]}


# --- what is not theirs to see -------------------------------------------------------------------


async def test_who_reported_is_told_to_the_agency_that_handles_the_report_and_to_nobody_else(
    hanoi_town: Town,
) -> None:
    contact = {"phone": NUMBER}
    device, receipt = await submitted(
        hanoi_town, contact=contact, share_contact=True, consent=CONSENT
    )
    path = f"/v1/reports/{receipt['id']}"
    handler = await handler_of(hanoi_town, receipt)
    assert (await handler.get(path)).json()["contact"] == contact
    elsewhere = [other_agency(hanoi_town, receipt)]
    for role in ("handler", "operator", "operations", "alerter", "admin", "auditor"):
        other = await hanoi_town.staff(role, agencies=elsewhere)
        answer = await other.get(path)
        assert "contact" not in answer.json(), role
        assert NUMBER not in answer.text, role
    assert NUMBER in (await device.get(path)).text


async def test_a_report_that_is_never_public_and_its_photo_are_no_business_of_other_agencies(
    hanoi_town: Town,
) -> None:
    device = await hanoi_town.device()
    picture = await path_of_photo(device)
    never = category_that_is(hanoi_town, Publicity.NEVER)
    about = {"agency": next(iter(hanoi_town.city.agencies))}
    report = pothole(hanoi_town.city, **never, subject=about, attachments=[picture[-36:]])
    receipt = (await device.submit(report)).json()
    paths = f"/v1/reports/{receipt['id']}", picture
    centre = await hanoi_town.staff("operations")
    for sees in (device, centre, await handler_of(hanoi_town, receipt)):
        assert [(await sees.get(path)).status_code for path in paths] == [200, 200]
    elsewhere = await hanoi_town.staff("handler", agencies=[other_agency(hanoi_town, receipt)])
    for other in (elsewhere, await hanoi_town.staff("admin"), await hanoi_town.device()):
        assert [(await other.get(path)).status_code for path in paths] == [404, 404]


async def test_a_photo_in_no_report_yet_is_its_senders_alone(hanoi_town: Town) -> None:
    picture = await path_of_photo(await hanoi_town.device())
    for role in ("dispatcher", "operations"):
        assert (await (await hanoi_town.staff(role)).get(picture)).status_code == 404


async def test_a_hidden_number_cannot_be_guessed_by_searching_for_it(hanoi_town: Town) -> None:
    at_once = category_that_is(hanoi_town, Publicity.AT_ONCE)
    description = f"Kẹt xe, gọi {NUMBER} nhé"
    await submitted(hanoi_town, **at_once, description=description)
    nobody = hanoi_town.nobody()

    async def found(text: str) -> int:
        answer = await nobody.get("/v1/reports", params={"text": text})
        return len(answer.json()["items"])

    async def likeness(text: str) -> float:
        lon, lat = hanoi_town.city.centre
        near = {"lat": lat, "lon": lon, "category": at_once["category"], "text": text}
        return (await nobody.get("/v1/reports/similar", params=near)).json()["items"][0]["likeness"]

    assert await found("ket xe") == 1
    for length in range(2, len(NUMBER) + 1):
        assert await found(NUMBER[:length]) == 0
    assert await likeness(f"gọi {NUMBER}") == await likeness("gọi 0912000000")


async def test_a_number_at_the_end_of_an_excerpt_is_hidden_too(hanoi_town: Town) -> None:
    at_once = category_that_is(hanoi_town, Publicity.AT_ONCE)
    for before in range(188, 201):
        await submitted(hanoi_town, **at_once, description="x" * before + f" {NUMBER} ạ")
    listed = (await hanoi_town.nobody().get("/v1/reports")).json()["items"]
    assert len(listed) == 13
    assert not any(character.isdigit() for r in listed for character in r["description"])


async def test_a_stranger_learns_nothing_from_naming_a_wrong_version(hanoi_town: Town) -> None:
    _, receipt = await submitted(hanoi_town)
    elsewhere = await hanoi_town.staff("handler", agencies=[other_agency(hanoi_town, receipt)])
    answer = await (await hanoi_town.device()).act(receipt["id"], {"action": "receive"}, version=7)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    # An official may have become a stranger a moment ago, and may read what this tells anyway.
    answer = await elsewhere.act(receipt["id"], {"action": "receive"}, version=7)
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_version")
    answer = await elsewhere.act(receipt["id"], {"action": "receive"}, version=1)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_what_an_agency_does_within_itself_is_not_told_to_the_public(
    hanoi_town: Town,
) -> None:
    _, receipt = await submitted(hanoi_town)
    supervisor = await handler_of(hanoi_town, receipt, "supervisor")
    handler = await handler_of(hanoi_town, receipt)
    later = "2027-06-01T00:00:00Z"
    await supervisor.act(receipt["id"], {"action": "receive"}, {"action": "escalate"}, version=1)
    wish = {"action": "extend", "until": later, "text": "Chờ vật tư"}
    assert (await handler.act(receipt["id"], wish, version=3)).status_code == 200
    reports: list[Any] = await hanoi_town.database["reports"].find().to_list()
    told = {
        event["action"]: event.get("public")
        for event in reports[0]["outbox"]
        if event["topic"] != "audit"  # what auditors alone hear of
    }
    assert set(told) == {"submit", "receive", "escalate"}, "nobody was granted anything yet"
    assert told["receive"] is not None
    assert told["escalate"] is None


async def test_a_text_that_was_rejected_unread_is_not_published_by_reopening_the_report(
    hanoi_town: Town,
) -> None:
    device, receipt = await submitted(hanoi_town)
    handler = await handler_of(hanoi_town, receipt)
    reason = "offensive"
    refusal = {"action": "reject", "reason": reason, "text": "Xúc phạm người khác"}
    await handler.act(receipt["id"], refusal, version=1)
    again = await device.act(receipt["id"], {"action": "reopen", "text": "Tôi muốn đăng"})
    assert again.json()["status"] == "received"
    path = f"/v1/reports/{receipt['id']}"
    nobody = hanoi_town.nobody()
    assert "description" not in (await nobody.get(path)).json()
    assert (await handler.act(receipt["id"], {"action": "start"}, version=3)).status_code == 200
    assert "description" in (await nobody.get(path)).json()


# --- what is not theirs to do --------------------------------------------------------------------


async def test_who_transfers_a_report_has_no_say_in_it_any_more_not_even_in_the_same_request(
    hanoi_town: Town,
) -> None:
    _, receipt = await submitted(hanoi_town)
    handler = await handler_of(hanoi_town, receipt)
    away = {
        "action": "transfer",
        "agency": other_agency(hanoi_town, receipt),
        "text": "Không thuộc",
    }
    for after in ({"action": "receive"}, {"action": "note", "text": "Của chúng tôi"}):
        answer = await handler.act(receipt["id"], away, after, version=1)
        assert answer.status_code == 403
    assert (await handler.get(f"/v1/reports/{receipt['id']}")).json()["version"] == 1
    assert (await handler.act(receipt["id"], away, version=1)).status_code == 200


async def test_a_timeline_shows_nothing_that_the_action_does_not_mean(hanoi_town: Town) -> None:
    device, receipt = await submitted(hanoi_town)
    stray = {
        "rating": 5,
        "until": "2027-01-01T00:00:00Z",
        "report": str(uuid4()),
        "reason": "duplicate",
        "agency": other_agency(hanoi_town, receipt),
        "assignee": str(uuid4()),
    }
    answer = await device.act(receipt["id"], {"action": "comment", "text": "Xong rồi", **stray})
    assert answer.status_code == 400
    assert reasons(answer) == {(name, "not_of_this_action") for name in stray}


async def test_a_photo_that_was_only_announced_proves_nothing(hanoi_town: Town) -> None:
    category = category_of(hanoi_town.city, proof=True)
    _, receipt = await submitted(hanoi_town, category=category)
    handler = await handler_of(hanoi_town, receipt)
    await handler.act(receipt["id"], {"action": "receive"}, version=1)
    announced = await handler.ask(
        "POST", "/v1/uploads", json={"sha256": hashlib.sha256(b"").hexdigest(), "bytes": 1000}
    )
    solved = {"action": "resolve", "text": "Đã vá", "attachments": [announced.json()["id"]]}
    answer = await handler.act(receipt["id"], solved, version=2)
    assert (answer.status_code, answer.json()["code"]) == (422, "proof_missing")
    solved["attachments"] = [(await path_of_photo(handler))[-36:]]
    assert (await handler.act(receipt["id"], solved, version=2)).status_code == 200


async def test_a_report_is_merged_into_none_that_nobody_works_on_or_that_nobody_may_see(
    hanoi_town: Town,
) -> None:
    device, withdrawn = await submitted(hanoi_town)
    await device.act(withdrawn["id"], {"action": "withdraw"})
    subject = {"agency": next(iter(hanoi_town.city.agencies))}
    _, never = await submitted(
        hanoi_town, **category_that_is(hanoi_town, Publicity.NEVER), subject=subject
    )
    _, receipt = await submitted(hanoi_town)
    dispatcher = await hanoi_town.staff("dispatcher")
    for survivor, reason in ((withdrawn, "withdrawn"), (never, "never_public")):
        merge = {"action": "merge", "report": survivor["id"]}
        answer = await dispatcher.act(receipt["id"], merge, version=1)
        assert (answer.status_code, reasons(answer)) == (400, {("report", reason)})


async def test_no_date_is_promised_for_a_distant_day(hanoi_town: Town) -> None:
    _, receipt = await submitted(hanoi_town)
    supervisor = await handler_of(hanoi_town, receipt, "supervisor")
    await supervisor.act(receipt["id"], {"action": "receive"}, version=1)
    extension = {"action": "extend", "until": "2150-01-01T00:00:00Z", "text": "Chờ"}
    answer = await supervisor.act(receipt["id"], extension, version=2)
    assert (answer.status_code, reasons(answer)) == (400, {("until", "too_late")})


# --- what shall not be taken from others ---------------------------------------------------------


async def test_wrong_secrets_from_elsewhere_do_not_lock_out_who_holds_the_receipt(
    mongo_uri: str, tmp_path: Path
) -> None:
    async with town(mongo_uri, tmp_path, trusted_proxies="127.0.0.1") as hanoi:
        _, receipt = await submitted(hanoi)
        stranger, holder = await hanoi.device(), await hanoi.device()
        for _ in range(10):
            assert await opened(stranger, receipt, "ZZZZZZ") == 404
        assert await opened(stranger, receipt, receipt["secret"]) == 429
        hanoi.http.headers["X-Forwarded-For"] = "203.0.113.9"
        assert await opened(holder, receipt, receipt["secret"]) == 200


async def test_no_more_secrets_are_tried_at_once_than_one_by_one(hanoi_town: Town) -> None:
    _, receipt = await submitted(hanoi_town)
    nobody = hanoi_town.nobody()
    answers = await asyncio.gather(*(opened(nobody, receipt, "ZZZZZZ") for _ in range(60)))
    assert sorted(answers) == [404] * 10 + [429] * 50


async def test_a_timeline_full_of_numbers_shows_none_of_them(hanoi_town: Town) -> None:
    at_once = category_that_is(hanoi_town, Publicity.AT_ONCE)
    device, receipt = await submitted(hanoi_town, **at_once)
    numbers = f"{NUMBER} 0912 345 678 " * 160
    for _ in range(20):
        comment = {"action": "comment", "text": numbers}
        assert (await device.act(receipt["id"], comment)).status_code == 200
    shown = await hanoi_town.nobody().get(f"/v1/reports/{receipt['id']}")
    assert NUMBER not in shown.text
    assert "0912 345 678" not in shown.text


async def test_a_device_follows_no_more_reports_than_anybody_reads(
    hanoi_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smartcity.notifications.following.service.FOLLOWED", 2)
    device = await hanoi_town.device()
    reports = [(await submitted(hanoi_town))[1]["id"] for _ in range(3)]

    async def follow(report: str) -> int:
        return (await device.ask("PUT", f"/v1/reports/{report}/follow")).status_code

    assert [await follow(report) for report in (*reports, reports[0])] == [204, 204, 422, 204]
