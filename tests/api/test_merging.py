"""Reports that tell of the same problem: found, merged, separated again, and never lost."""

import asyncio
from typing import Any

import pytest

from smartcity.city.model import Publicity
from smartcity.reports.store import ReportStore
from tests.api.reporting import category_that_is, handler_of, pothole, submitted
from tests.api.town import Answer, Person, Town

pytestmark = pytest.mark.anyio

TREE = "Cây xà cừ đổ chắn ngang đường Thanh Niên"


def place(town: Town, metres: float) -> dict[str, Any]:
    """So far north of the middle of the city."""
    lon, lat = town.city.centre
    return {"location": {"lat": lat + metres / 111_195, "lon": lon}}


async def at_once(town: Town, **more: Any) -> tuple[Person, dict[str, Any]]:
    return await submitted(town, **{**category_that_is(town, Publicity.AT_ONCE), **more})


async def similar(town: Town, text: str, **more: Any) -> list[dict[str, Any]]:
    lon, lat = town.city.centre
    category = category_that_is(town, Publicity.AT_ONCE)["category"]
    wanted = {"lat": lat, "lon": lon, "category": category, "text": text, **more}
    answer = await town.nobody().get("/v1/reports/similar", params=wanted)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def merge(handler: Person, report: str, into: str, version: int = 1) -> Answer:
    return await handler.act(report, {"action": "merge", "report": into}, version=version)


async def state(person: Person, report: str) -> dict[str, Any]:
    answer = await person.get(f"/v1/reports/{report}")
    assert answer.status_code == 200, answer.text
    return answer.json()


# --- before sending ------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [TREE, "cay xa cu do chan ngang duong thanh nien", TREE.upper()])
async def test_the_report_with_the_same_words_comes_first_with_diacritics_or_without(
    hanoi_town: Town, text: str
) -> None:
    _, other = await at_once(hanoi_town, description="Đèn không sáng", **place(hanoi_town, 20))
    _, tree = await at_once(hanoi_town, description=TREE, **place(hanoi_town, 30))
    _, far = await at_once(hanoi_town, description=TREE, **place(hanoi_town, 150))
    await at_once(hanoi_town, description=TREE, **place(hanoi_town, 250))
    found = await similar(hanoi_town, text)
    assert [item["id"] for item in found] == [tree["id"], far["id"], other["id"]]
    assert 25 < found[0]["distance_m"] < 35


async def test_only_what_is_public_and_open_is_offered_for_following(hanoi_town: Town) -> None:
    never = category_that_is(hanoi_town, Publicity.NEVER)
    about = {"subject": {"agency": next(iter(hanoi_town.city.agencies))}}
    await submitted(hanoi_town, description=TREE, **never, **about)
    await submitted(
        hanoi_town, description=TREE, **category_that_is(hanoi_town, Publicity.ON_RECEIPT)
    )
    device, withdrawn = await at_once(hanoi_town, description=TREE)
    await device.act(withdrawn["id"], {"action": "withdraw"})
    assert await similar(hanoi_town, TREE) == []
    assert await similar(hanoi_town, TREE, category=never["category"]) == []
    _, tree = await at_once(hanoi_town, description=TREE)
    (found,) = await similar(hanoi_town, TREE)
    follower = await hanoi_town.device()
    answer = await follower.ask("PUT", f"/v1/reports/{found['id']}/follow")
    assert (answer.status_code, found["id"]) == (204, tree["id"])


# --- candidates ----------------------------------------------------------------------------------


async def test_a_handler_sees_earlier_reports_with_distance_age_and_likeness_best_first(
    hanoi_town: Town,
) -> None:
    _, lamp = await at_once(hanoi_town, description="Đèn không sáng", **place(hanoi_town, 90))
    _, tree = await at_once(hanoi_town, description=TREE, **place(hanoi_town, 40))
    _, late = await at_once(hanoi_town, description="cay xa cu do o duong Thanh Nien")
    await at_once(hanoi_town, description=TREE)
    handler = await handler_of(hanoi_town, late)
    follower = await hanoi_town.device()
    await follower.ask("PUT", f"/v1/reports/{tree['id']}/confirmation")
    answer = await handler.get(f"/v1/reports/{late['id']}/candidates")
    found = answer.json()["items"]
    assert [item["id"] for item in found] == [tree["id"], lamp["id"]]
    assert found[0]["likeness"] > found[1]["likeness"]
    assert 35 < found[0]["distance_m"] < 45
    assert found[0]["age_h"] >= 0
    assert found[0]["agency"]["code"] == tree["agency"]["code"]
    assert (found[0]["status"], found[0]["confirmations"]) == ("submitted", 1)


async def test_candidates_are_for_the_reports_agency_and_tell_of_nothing_never_public(
    hanoi_town: Town,
) -> None:
    never = next(
        c.code
        for c in hanoi_town.city.categories.values()
        if c.public is Publicity.NEVER and c.place == "required" and c.field == "public-order"
    )
    secret = pothole(hanoi_town.city, category=never, description=TREE)
    hidden = (await (await hanoi_town.device()).submit(secret)).json()
    open_one = next(
        c.code
        for c in hanoi_town.city.categories.values()
        if c.public is not Publicity.NEVER and c.field == "public-order" and not c.questions
    )
    _, late = await submitted(hanoi_town, category=open_one, description=TREE)
    path = f"/v1/reports/{late['id']}/candidates"
    dispatcher = await hanoi_town.staff("dispatcher")
    assert (await dispatcher.get(path)).json()["items"] == []  # it may not be merged into it
    elsewhere = next(a for a in hanoi_town.city.agencies if a != late["agency"]["code"])
    other = await hanoi_town.staff("handler", agencies=[elsewhere])
    assert (await other.get(path)).status_code == 403
    _, second = await submitted(hanoi_town, category=never, description=TREE)
    answer = await dispatcher.get(f"/v1/reports/{second['id']}/candidates")
    assert hidden["id"] in {item["id"] for item in answer.json()["items"]}


# --- merging -------------------------------------------------------------------------------------


async def test_two_handlers_merging_two_reports_into_each_other_at_once_lose_neither(
    hanoi_town: Town,
) -> None:
    for _ in range(15):
        (_, a), (_, b) = await at_once(hanoi_town), await at_once(hanoi_town)
        one, other = await handler_of(hanoi_town, a), await handler_of(hanoi_town, b)
        answers = await asyncio.gather(merge(one, a["id"], b["id"]), merge(other, b["id"], a["id"]))
        assert [answer.status_code for answer in answers] == [400, 200]
        assert answers[0].json()["fields"] == [{"path": "report", "reason": "not_earlier"}]
        assert (await state(one, a["id"]))["status"] == "submitted"
        assert (await state(other, b["id"]))["merged_into"] == a["id"]


async def test_a_chain_of_merges_leads_to_the_earliest_and_comes_apart_in_the_middle(
    hanoi_town: Town,
) -> None:
    reports = [(await at_once(hanoi_town))[1]["id"] for _ in range(3)]
    first, middle, last = reports
    dispatcher = await hanoi_town.staff("dispatcher")
    assert (await merge(dispatcher, last, middle)).status_code == 200
    assert (await merge(dispatcher, middle, first)).status_code == 200
    assert (await merge(dispatcher, last, first, 2)).status_code == 409
    undone = {"action": "unmerge", "text": "Hai việc khác nhau"}
    answer = await dispatcher.act(middle, undone, version=2)
    assert (answer.json()["status"], "merged_into" in answer.json()) == ("submitted", False)
    assert (await state(dispatcher, last))["merged_into"] == middle
    assert (await dispatcher.act(last, undone, version=2)).json()["status"] == "submitted"


async def test_a_report_goes_back_to_work_when_the_one_that_it_was_merged_into_is_withdrawn(
    hanoi_town: Town,
) -> None:
    device, first = await at_once(hanoi_town)
    _, late = await at_once(hanoi_town)
    handler = await handler_of(hanoi_town, late)
    await handler.act(late["id"], {"action": "receive"}, version=1)
    await merge(handler, late["id"], first["id"], 2)
    assert (await device.act(first["id"], {"action": "withdraw"})).status_code == 200
    freed = await state(handler, late["id"])
    assert (freed["status"], freed["timeline"][-1]["by"]) == ("received", "clock")
    assert "riêng" in freed["timeline"][-1]["text"]


async def test_a_report_goes_back_to_work_when_the_one_that_it_was_merged_into_is_hidden(
    hanoi_town: Town,
) -> None:
    _, first = await at_once(hanoi_town)
    _, late = await at_once(hanoi_town)
    dispatcher = await hanoi_town.staff("dispatcher")
    await merge(dispatcher, late["id"], first["id"])
    never = category_that_is(hanoi_town, Publicity.NEVER)
    corrected = {"action": "correct", "text": "Sai lĩnh vực", **never}
    assert (await dispatcher.act(first["id"], corrected, version=1)).status_code == 200
    assert (await state(dispatcher, late["id"]))["status"] == "submitted"


async def test_merging_into_a_report_that_is_withdrawn_at_the_same_moment_loses_nothing(
    hanoi_town: Town,
) -> None:
    dispatcher = await hanoi_town.staff("dispatcher")
    outcomes: set[int] = set()
    for turn in range(25):
        device, first = await at_once(hanoi_town)
        _, late = await at_once(hanoi_town)

        async def withdraw(device: Person = device, first: Any = first, turn: int = turn) -> Answer:
            await asyncio.sleep(turn % 5 / 1000)
            return await device.act(first["id"], {"action": "withdraw"})

        merged, withdrawn = await asyncio.gather(
            merge(dispatcher, late["id"], first["id"]), withdraw()
        )
        assert withdrawn.status_code == 200
        assert merged.status_code in {200, 400, 409}
        outcomes.add(merged.status_code)
        assert (await state(dispatcher, late["id"]))["status"] == "submitted"
    assert outcomes


async def test_a_merge_whose_survivor_went_between_the_look_and_the_write_is_undone(
    hanoi_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The very moment that the test before this one hopes to meet."""
    device, first = await at_once(hanoi_town)
    _, late = await at_once(hanoi_town)
    dispatcher = await hanoi_town.staff("dispatcher")
    advance = ReportStore.advance

    async def after_a_withdrawal(self: ReportStore, *given: Any) -> Any:
        monkeypatch.setattr(ReportStore, "advance", advance)
        answer = await device.act(first["id"], {"action": "withdraw"})
        assert answer.status_code == 200
        return await advance(self, *given)

    monkeypatch.setattr(ReportStore, "advance", after_a_withdrawal)
    answer = await merge(dispatcher, late["id"], first["id"])
    assert answer.json()["fields"] == [{"path": "report", "reason": "gone"}]
    there = await state(dispatcher, late["id"])
    assert (there["status"], "merged_into" in there) == ("submitted", False)
    assert [e["action"] for e in there["timeline"]] == ["submit", "merge", "unmerge"]


# --- confirmations -------------------------------------------------------------------------------


async def confirm(person: Person, report: str, method: str = "PUT") -> int:
    return (await person.ask(method, f"/v1/reports/{report}/confirmation")).status_code


async def confirmed(town: Town, report: str) -> int:
    return (await state(town.nobody(), report)).get("confirmations", 0)


async def test_somebody_confirms_a_report_once_and_may_take_it_back(hanoi_town: Town) -> None:
    _, receipt = await at_once(hanoi_town)
    report = receipt["id"]
    one, other = await hanoi_town.device(), await hanoi_town.device()
    assert await asyncio.gather(*(confirm(one, report) for _ in range(5))) == [204] * 5
    assert await confirm(other, report) == 204
    assert await confirmed(hanoi_town, report) == 2
    assert [await confirm(one, report, "DELETE") for _ in range(2)] == [204, 204]
    assert await confirmed(hanoi_town, report) == 1


async def test_ones_own_report_one_that_is_closed_and_one_that_is_not_public_are_not_confirmed(
    hanoi_town: Town,
) -> None:
    device, receipt = await at_once(hanoi_town)
    assert await confirm(device, receipt["id"]) == 409
    await device.act(receipt["id"], {"action": "withdraw"})
    stranger = await hanoi_town.device()
    assert await confirm(stranger, receipt["id"]) == 409
    never = category_that_is(hanoi_town, Publicity.NEVER)
    about = {"subject": {"agency": next(iter(hanoi_town.city.agencies))}}
    _, hidden = await submitted(hanoi_town, **never, **about)
    assert await confirm(stranger, hidden["id"]) == 404


async def test_confirmations_count_for_the_report_they_were_merged_into_and_return(
    hanoi_town: Town,
) -> None:
    first, middle, last = [(await at_once(hanoi_town))[1]["id"] for _ in range(3)]
    one, other, third = [await hanoi_town.device() for _ in range(3)]
    for person, report in ((one, first), (one, last), (other, last), (third, middle)):
        assert await confirm(person, report) == 204
    dispatcher = await hanoi_town.staff("dispatcher")
    await merge(dispatcher, last, middle)
    await merge(dispatcher, middle, first)
    assert await confirmed(hanoi_town, first) == 3  # each person once
    assert await confirmed(hanoi_town, middle) == 3
    undone = {"action": "unmerge", "text": "Hai việc khác nhau"}
    await dispatcher.act(middle, undone, version=2)
    assert await confirmed(hanoi_town, first) == 1
    assert await confirmed(hanoi_town, middle) == 3
    assert await confirmed(hanoi_town, last) == 2
