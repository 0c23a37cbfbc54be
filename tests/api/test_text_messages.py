"""Text messages from outside: an operator, a caller's phone, and the workers between them."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine

from smartcity.identity.consents.service import CONTACT, Consents
from smartcity.identity.consents.store import ConsentStore
from smartcity.identity.persons.store import PersonKeyStore
from smartcity.notifications.letters.sms import desk
from smartcity.notifications.letters.sms.carrier import NOT_CONFIGURED, USED_UP
from smartcity.notifications.letters.sms.segments import parts
from tests.api.reporting import handler_of, pothole
from tests.api.test_operators import act_for
from tests.api.texting import (
    BUDGET,
    DIALLED,
    NUMBER,
    all_settled,
    at_work,
    called,
    eventually,
    states,
    texting_town,
)
from tests.api.town import Person, Town
from tests.standins.fixtures import SmsGateway
from tests.standins.sms import KEY
from workers.letters import NO_ADDRESS

pytestmark = pytest.mark.anyio


@pytest.fixture
async def texting(mongo_uri: str, tmp_path: Path, sms: SmsGateway) -> AsyncIterator[Town]:
    async with texting_town(mongo_uri, tmp_path, sms) as started:
        yield started


async def told(sms: SmsGateway, count: int) -> list[str]:
    """The texts, when so many were sent to the caller."""
    await eventually(lambda: len(sms.messages()) >= count, f"{count} text messages are sent")
    messages = sms.messages()
    assert len(messages) == count
    assert {message["to"] for message in messages} == {DIALLED}
    return [message["text"] for message in messages]


async def handled(town: Town, receipt: dict[str, Any], *steps: dict[str, Any]) -> Person:
    handler = await handler_of(town, receipt)
    answer = await handler.act(receipt["id"], *steps, version=1)
    assert answer.status_code == 200, answer.text
    return handler


ASK = ({"action": "receive"}, {"action": "ask", "text": "Số nhà nào?"})


# --- what a caller is told -----------------------------------------------------------------------


async def test_the_receipt_on_the_callers_phone_opens_the_report(
    texting: Town, sms: SmsGateway
) -> None:
    operator = await texting.staff("operator")
    async with at_work(texting):
        receipt = await called(texting, operator)
        (text,) = await told(sms, 1)
    assert receipt["code"] in text
    assert receipt["secret"] in text
    assert "1022" in text
    assert text.isascii(), "without marks it takes fewer parts"
    said = text.partition(":")[0].split()
    code, secret = said[2].strip(","), said[-1]
    phone = texting.nobody()
    opened = await phone.ask("POST", "/v1/reports/receipts", json={"code": code, "secret": secret})
    assert opened.status_code == 200, opened.text
    assert opened.json()["id"] == receipt["id"]


async def test_a_question_and_a_result_are_told_with_how_to_answer(
    texting: Town, sms: SmsGateway
) -> None:
    operator = await texting.staff("operator")
    async with at_work(texting):
        receipt = await called(texting, operator)
        await told(sms, 1)
        handler = await handled(texting, receipt, *ASK)
        _, question = await told(sms, 2)
        answer = {"action": "answer", "text": "Số 5"}
        assert (await act_for(operator, receipt["id"], 3, answer, NUMBER)).status_code == 200
        resolve = {"action": "resolve", "text": "Đã thay bóng đèn."}
        done = await handler.act(receipt["id"], resolve, version=4)
        assert done.status_code == 200, done.text
        _, _, result = await told(sms, 3)
    for text in (question, result):
        assert receipt["code"] in text
        assert receipt["secret"] in text
        assert "1022" in text
        assert "bong den" not in text, "no free text"
    assert "can them thong tin" in question
    assert "da tra loi" in result


async def test_who_has_an_app_gets_no_text_message(texting: Town, sms: SmsGateway) -> None:
    operator, device = await texting.staff("operator"), await texting.device()
    async with at_work(texting):
        report = {"contact": {"phone": NUMBER}, "consent": {"contact": "2026-01"}}
        await device.submit(pothole(texting.city, **report))
        receipt = await called(texting, operator)
        (text,) = await told(sms, 1)
        await all_settled(texting, 1)
    assert receipt["code"] in text


@pytest.mark.parametrize("phone", ["024 3825 3536", "1900 1234", "+1 415 555 2671"])
async def test_a_number_that_is_no_mobile_of_the_country_gets_none(
    texting: Town, sms: SmsGateway, phone: str
) -> None:
    operator = await texting.staff("operator")
    async with at_work(texting):
        await called(texting, operator, phone)
        letters = await all_settled(texting, 1)
    assert states(letters) == [("none", NO_ADDRESS)]
    assert sms.attempts() == []


async def test_a_caller_who_left_no_number_gets_none(texting: Town, sms: SmsGateway) -> None:
    operator = await texting.staff("operator")
    async with at_work(texting):
        await called(texting, operator, None)
        await called(texting, operator)
        await told(sms, 1)
        await all_settled(texting, 1)


async def reporter_of(town: Town, receipt: dict[str, Any]) -> UUID:
    kept = await town.database["reports"].find_one({"code": receipt["code"]})
    assert kept
    return kept["reporter"]["id"]


async def test_who_was_erased_at_the_desk_hears_nothing_more(
    texting: Town, sms: SmsGateway
) -> None:
    operator = await texting.staff("operator")
    async with at_work(texting):
        receipt = await called(texting, operator)
        caller = await reporter_of(texting, receipt)
        await told(sms, 1)
        erasure = await operator.ask(
            "POST", "/v1/operators/callers/erasure", json={"phone": NUMBER}
        )
        assert erasure.status_code == 202

        async def erased() -> bool:
            return await reporter_of(texting, receipt) != caller

        await eventually(erased, "the report is nobody's")
        await handled(texting, receipt, *ASK)
        other = await called(texting, operator, "0987654321")
        await eventually(lambda: len(sms.messages()) == 2, "somebody else is told")
        await all_settled(texting, 1)
    assert sms.messages()[1]["to"] == "84987654321"
    assert other["code"] in sms.messages()[1]["text"]


async def test_who_took_consent_back_or_whose_key_is_gone_gets_nothing_that_waited(
    texting: Town, sms: SmsGateway
) -> None:
    operator = await texting.staff("operator")
    unwilling = await reporter_of(texting, await called(texting, operator))
    forgotten = await reporter_of(texting, await called(texting, operator, "0987654321"))
    await Consents(ConsentStore(texting.database), texting.city).withdraw(unwilling, CONTACT)
    await PersonKeyStore(texting.database).destroy([forgotten])
    async with at_work(texting):
        letters = await all_settled(texting, 2)
    assert states(letters) == [("none", NO_ADDRESS)] * 2
    assert sms.attempts() == []


# --- what the gateway does -----------------------------------------------------------------------


async def test_what_the_gateway_takes_later_arrives_once_under_one_id(
    texting: Town, sms: SmsGateway
) -> None:
    operator = await texting.staff("operator")
    sms.fault("busy", retry_after="1")
    sms.fault("taken_and_closed")
    sms.fault("broken")
    async with at_work(texting):
        await called(texting, operator)
        (letter,) = await all_settled(texting, 1)
    assert letter["sending"]["state"] == "sent"
    assert len(sms.messages()) == 1
    assert sms.attempts() == [str(letter["_id"])] * 4
    budget = await (await texting.staff("operations")).get("/v1/operations/sms")
    assert budget.json()["spent"] == parts(sms.messages()[0]["text"])


async def test_a_number_that_the_gateway_refuses_is_not_tried_again_and_costs_nothing(
    texting: Town, sms: SmsGateway
) -> None:
    operator = await texting.staff("operator")
    sms.fault("invalid_number")
    async with at_work(texting):
        await called(texting, operator)
        letters = await all_settled(texting, 1)
    assert states(letters) == [("failed", "invalid number")]
    assert len(sms.attempts()) == 1
    budget = await (await texting.staff("operations")).get("/v1/operations/sms")
    assert budget.json()["spent"] == 0


async def test_a_gateway_that_sends_repeats_is_paid_each_time_and_not_for_ever(
    mongo_uri: str, tmp_path: Path, sms: SmsGateway
) -> None:
    async with texting_town(mongo_uri, tmp_path, sms) as town:
        sms.file(tmp_path, ("repeats_dropped = true", "repeats_dropped = false"))
        operator = await town.staff("operator")
        sms.fault("broken", times=10)
        async with at_work(town):
            await called(town, operator)
            letters = await all_settled(town, 1)
        assert states(letters) == [("failed", "perhaps sent: HTTP 500")]
        assert len(sms.attempts()) == 3
        budget = (await (await town.staff("operations")).get("/v1/operations/sms")).json()
        assert budget["spent"] % 3 == 0
        assert budget["spent"] > 0


async def test_without_a_gateway_they_are_recorded_as_not_sent(
    mongo_uri: str, tmp_path: Path
) -> None:
    async with texting_town(mongo_uri, tmp_path, None) as town:
        operator = await town.staff("operator")
        async with at_work(town):
            await called(town, operator)
            letters = await all_settled(town, 1)
        assert states(letters) == [("not_sent", NOT_CONFIGURED)]


# --- what they cost ------------------------------------------------------------------------------


async def test_two_workers_never_send_more_than_the_budget_and_the_rest_says_why(
    mongo_uri: str, tmp_path: Path, sms: SmsGateway
) -> None:
    changes = (BUDGET, "monthly_parts = 3"), ("reserve_share = 0.2", "reserve_share = 0.0")
    async with texting_town(mongo_uri, tmp_path, sms, *changes) as town:
        operator = await town.staff("operator")
        async with at_work(town, workers=2):
            for _ in range(10):
                await called(town, operator)
            letters = await all_settled(town, 10)
        cost = sum(parts(message["text"]) for message in sms.messages())
        assert 0 < cost <= 3
        sent = len(sms.messages())
        assert states(letters) == [("not_sent", USED_UP)] * (10 - sent) + [("sent", None)] * sent
        budget = (await (await town.staff("operations")).get("/v1/operations/sms")).json()
        assert (budget["budget"], budget["spent"], budget["left"]) == (3, cost, 3 - cost)


async def test_the_reserve_is_for_what_is_urgent(
    mongo_uri: str, tmp_path: Path, sms: SmsGateway
) -> None:
    changes = (BUDGET, "monthly_parts = 2"), ("reserve_share = 0.2", "reserve_share = 0.9")
    async with texting_town(mongo_uri, tmp_path, sms, *changes) as town:
        operator = await town.staff("operator")
        async with at_work(town):
            receipt = await called(town, operator)
            assert states(await all_settled(town, 1)) == [("not_sent", USED_UP)]
            await handled(town, receipt, *ASK)
            letters = await all_settled(town, 2)
        assert states(letters) == [("not_sent", USED_UP), ("sent", None)]


async def test_another_month_has_another_budget(
    mongo_uri: str, tmp_path: Path, sms: SmsGateway
) -> None:
    changes = (BUDGET, "monthly_parts = 2"), ("reserve_share = 0.2", "reserve_share = 0.0")
    async with texting_town(mongo_uri, tmp_path, sms, *changes) as town:
        await town.database["sms_months"].insert_one({"_id": "2026-06", "parts": 2})
        with time_machine.travel(datetime(2026, 6, 30, 16, 59, tzinfo=UTC)):
            operator = await town.staff("operator")
            async with at_work(town):
                await called(town, operator)
                assert states(await all_settled(town, 1)) == [("not_sent", USED_UP)]
        with time_machine.travel(datetime(2026, 6, 30, 17, 0, tzinfo=UTC)):  # July in Hanoi
            async with at_work(town):
                await called(town, operator)
                letters = await all_settled(town, 2)
        assert states(letters) == [("not_sent", USED_UP), ("sent", None)]


async def test_what_is_spent_stands_among_the_figures_that_alarms_hang_on(
    mongo_uri: str, tmp_path: Path, sms: SmsGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "AT_LEAST_S", 0.05)
    async with texting_town(mongo_uri, tmp_path, sms) as town:
        operator = await town.staff("operator")
        async with at_work(town):
            await called(town, operator)
            (text,) = await told(sms, 1)

        async def counted() -> bool:
            figures = (await town.http.get("/metrics")).text
            assert "smartcity_sms_budget_parts 20000.0" in figures
            return f"smartcity_sms_spent_parts {parts(text)}.0" in figures

        await eventually(counted, "the figures say what was spent")


# --- when ----------------------------------------------------------------------------------------


async def test_at_night_a_fresh_receipt_and_a_question_still_ring_a_phone(
    texting: Town, sms: SmsGateway
) -> None:
    with time_machine.travel(datetime(2026, 6, 10, 16, 30, tzinfo=UTC)):  # 23:30 in Hanoi
        operator = await texting.staff("operator")
        async with at_work(texting):
            receipt = await called(texting, operator)
            await handled(texting, receipt, *ASK)
            await told(sms, 2)


# --- what nobody reads ---------------------------------------------------------------------------


async def test_neither_number_nor_secret_stands_anywhere_but_on_the_phone(
    texting: Town,
    sms: SmsGateway,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    operator = await texting.staff("operator")
    sms.fault("busy", retry_after="1")
    sms.fault("closed")
    async with at_work(texting):
        receipt = await called(texting, operator, description="Ổ gà sâu trước cổng trường")
        await handled(texting, receipt, *ASK)
        await all_settled(texting, 2)
        operations = await texting.staff("operations")
        seen = [
            (await operations.get(path)).text
            for path in (
                "/v1/operations/letters?channel=sms&state=sent",
                "/v1/operations/sms",
                "/metrics",
            )
        ]
    kept = [
        str(await texting.database[name].find({}).to_list())
        for name in await texting.database.list_collection_names()
    ]
    out, err = capfd.readouterr()
    assert any("{secret}" in one for one in kept), "the letters were looked at"
    for private in (NUMBER[1:], receipt["secret"], KEY):
        assert not any(private in one for one in (*seen, *kept, out, err, caplog.text))
