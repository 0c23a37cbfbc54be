"""Alerts from the first word to the last: what must be quick, and what must not go wrong."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from smartcity.clock import now
from tests.api.alerting import WORDS, act, create, created, flood, issued, revise
from tests.api.town import Person, Town
from tests.api.working import until, working

pytestmark = pytest.mark.anyio

NEAR_HOAN_KIEM = {"lat": 21.0288, "lon": 105.8523, "radius_m": 800}


@pytest.fixture
async def officer(hanoi_town: Town) -> Person:
    return await hanoi_town.staff("alerter")


async def active(town: Town, query: str = "", language: str = "vi") -> list[dict[str, Any]]:
    answer = await town.nobody().get(f"/v1/alerts{query}", headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_a_draft_is_nobodys_but_the_officers(hanoi_town: Town, officer: Person) -> None:
    alert = await created(officer)
    public = await hanoi_town.nobody().get(f"/v1/alerts/{alert['id']}")
    assert public.status_code == 404
    xml = await hanoi_town.nobody().get(f"/v1/alerts/{alert['id']}.cap.xml")
    assert xml.status_code == 404
    assert await active(hanoi_town) == []
    shown = await officer.get("/v1/operations/alerts")
    assert [one["id"] for one in shown.json()["items"]] == [alert["id"]]


async def test_an_issued_alert_is_read_by_everybody_in_their_language(
    hanoi_town: Town, officer: Person
) -> None:
    alert = await issued(officer)
    assert alert["status"] == "issued"
    async with working(hanoi_town):
        await until(lambda: _there(hanoi_town))
    (vi,) = await active(hanoi_town)
    (en,) = await active(hanoi_town, language="en")
    assert (vi["language"], vi["headline"]) == ("vi", WORDS["vi"]["headline"])
    assert (en["language"], en["headline"]) == ("en", WORDS["en"]["headline"])
    assert en["area"] == {
        "description": "Hoan Kiem",
        "units": [{"code": "00070", "name": "Hoan Kiem"}],
    }
    assert en["active"]
    assert en["kind"] == "Alert"


async def _there(town: Town) -> bool:
    return bool(await active(town))


async def test_the_list_can_be_asked_for_one_unit(hanoi_town: Town, officer: Person) -> None:
    await issued(officer)
    everywhere = await issued(officer, area={"everywhere": True})
    async with working(hanoi_town):
        await until(lambda: _count(hanoi_town, "?unit=00070", 2))
    assert [one["id"] for one in await active(hanoi_town, "?unit=00004")] == [everywhere["id"]]
    unknown = await hanoi_town.nobody().get("/v1/alerts?unit=99999")
    assert unknown.json()["fields"] == [{"path": "unit", "reason": "unknown"}]


async def _count(town: Town, query: str, wanted: int) -> bool:
    return len(await active(town, query)) == wanted


# --- a second person -----------------------------------------------------------------------------


async def test_a_grave_alert_waits_for_a_second_person(hanoi_town: Town, officer: Person) -> None:
    other = await hanoi_town.staff("alerter")
    alert = await created(officer, severity="Extreme")
    assert alert["draft"]["second_person"]
    alone = await act(officer, alert, "issue")
    assert (alone.status_code, alone.json()["code"]) == (409, "second_person_needed")
    own = await act(officer, alert, "confirm", "issue")
    assert (own.status_code, own.json()["code"]) == (409, "second_person_needed")
    both = await act(other, alert, "confirm", "issue")
    assert both.json()["status"] == "issued"
    steps = [step["action"] for step in both.json()["timeline"]]
    assert steps == ["create", "confirm", "issue"]


async def test_who_changes_the_words_undoes_the_confirmation(
    hanoi_town: Town, officer: Person
) -> None:
    other = await hanoi_town.staff("alerter")
    alert = await created(officer, severity="Severe")
    confirmed = (await act(other, alert, "confirm")).json()
    assert confirmed["draft"]["confirmed_by"]["name"]
    changed = (await revise(officer, confirmed, severity="Severe", urgency="Immediate")).json()
    assert "confirmed_by" not in changed["draft"]
    refused = await act(officer, changed, "issue")
    assert refused.json()["code"] == "second_person_needed"


async def test_who_rewrites_a_draft_cannot_confirm_it_either(
    hanoi_town: Town, officer: Person
) -> None:
    other = await hanoi_town.staff("alerter")
    alert = await created(officer, severity="Severe")
    theirs = (await revise(other, alert, severity="Severe")).json()
    assert (await act(other, theirs, "confirm")).json()["code"] == "second_person_needed"
    assert (await act(officer, theirs, "confirm", "issue")).json()["status"] == "issued"


async def test_nobody_plays_a_grave_alert_down_alone(hanoi_town: Town, officer: Person) -> None:
    other = await hanoi_town.staff("alerter")
    alert = (
        await act(other, await created(officer, severity="Extreme"), "confirm", "issue")
    ).json()
    milder = (await revise(officer, alert, severity="Minor")).json()
    assert milder["draft"]["second_person"]
    assert (await act(officer, milder, "issue")).json()["code"] == "second_person_needed"


# --- two officers at once, and twice the same ----------------------------------------------------


async def test_the_same_key_makes_one_alert(officer: Person) -> None:
    given = flood()
    keyed = {"json": given, "headers": {"Idempotency-Key": "storm-1"}}
    answers = [await officer.ask("POST", "/v1/alerts", **keyed) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = await create(officer, key="storm-1", severity="Moderate")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_of_two_officers_who_issue_at_once_one_does(
    hanoi_town: Town, officer: Person
) -> None:
    other = await hanoi_town.staff("alerter")
    alert = await created(officer)
    answers = await asyncio.gather(*(act(one, alert, "issue") for one in (officer, other) * 3))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    whole = (await officer.get(f"/v1/operations/alerts/{alert['id']}")).json()
    assert len(whole["messages"]) == 1


async def test_a_request_that_is_repeated_publishes_once(officer: Person) -> None:
    alert = await created(officer)
    first = await act(officer, alert, "issue", key="go")
    again = await act(officer, alert, "issue", key="go")
    assert (first.status_code, again.status_code) == (200, 200)
    assert len(again.json()["messages"]) == 1


async def test_words_that_a_colleague_changed_are_not_issued_unread(
    hanoi_town: Town, officer: Person
) -> None:
    other = await hanoi_town.staff("alerter")
    alert = await created(officer)
    await revise(other, alert, area={"units": ["00004"]})
    stale = await act(officer, alert, "issue")
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    assert stale.json()["current"]["version"] == 2
    without = await act(officer, alert["id"], "issue")
    assert without.status_code == 428


async def test_the_preview_tells_of_alerts_for_the_same_people(officer: Person) -> None:
    first = await issued(officer)
    await issued(officer, area={"units": ["00004"]})
    second = await created(officer, area={"circle": NEAR_HOAN_KIEM})
    preview = (await officer.get(f"/v1/alerts/{second['id']}/preview")).json()
    assert [other["id"] for other in preview["others"]] == [first["id"]]


# --- change and end ------------------------------------------------------------------------------


async def test_until_an_update_is_issued_everybody_reads_what_was_confirmed(
    hanoi_town: Town, officer: Person
) -> None:
    alert = await issued(officer)
    worse = {language: words | {"headline": "!"} for language, words in WORDS.items()}
    drafted = (await revise(officer, alert, texts=worse)).json()
    before = (await hanoi_town.nobody().get(f"/v1/alerts/{alert['id']}")).json()
    assert before["headline"] == WORDS["vi"]["headline"]
    updated = (await act(officer, drafted, "issue")).json()
    assert [message["kind"] for message in updated["messages"]] == ["Alert", "Update"]
    async with working(hanoi_town):
        await until(lambda: _headline(hanoi_town, alert["id"], "Cập nhật: !"))


async def _headline(town: Town, alert: str, wanted: str) -> bool:
    answer = await town.nobody().get(f"/v1/alerts/{alert}", headers={"Accept-Language": "vi"})
    return answer.json()["headline"] == wanted


async def test_a_note_that_nobody_would_read_is_refused(officer: Person) -> None:
    alert = await created(officer)
    noted = {"action": "issue", "note": {"vi": "Hết lũ.", "en": "It is over."}}
    answer = await act(officer, alert, noted)
    assert answer.status_code == 400
    assert answer.json()["fields"] == [{"path": "note", "reason": "only_with_cancel"}]
    assert (await act(officer, alert, "issue")).status_code == 200


async def test_a_cancellation_never_waits_for_anybody(hanoi_town: Town, officer: Person) -> None:
    other = await hanoi_town.staff("alerter")
    alert = (
        await act(other, await created(officer, severity="Extreme"), "confirm", "issue")
    ).json()
    await revise(other, alert, severity="Extreme")
    note = {"vi": "Báo động nhầm.", "en": "False alarm."}
    over = await act(officer, alert["id"], {"action": "cancel", "note": note})
    assert (over.status_code, over.json()["status"]) == (200, "cancelled")
    assert "draft" not in over.json()
    async with working(hanoi_town):
        await until(
            lambda: _headline(hanoi_town, alert["id"], f"Đã hủy: {WORDS['vi']['headline']}")
        )
    public = (await hanoi_town.nobody().get(f"/v1/alerts/{alert['id']}")).json()
    assert public["description"].startswith("Báo động nhầm.")
    assert "instruction" not in public, "nobody moves any more for what was taken back"
    assert not public["active"]
    assert await active(hanoi_town) == []
    again = await act(officer, alert["id"], "cancel")
    assert again.json()["code"] == "illegal_transition"


async def test_an_alert_ends_when_it_said_it_would(hanoi_town: Town, officer: Person) -> None:
    soon = (now() + timedelta(seconds=2)).isoformat()
    alert = await issued(officer, expires=soon)
    async with working(hanoi_town), working(hanoi_town):
        await until(lambda: _there(hanoi_town))
        await until(lambda: _ended(officer, alert["id"]))
    whole = (await officer.get(f"/v1/operations/alerts/{alert['id']}")).json()
    assert [step["action"] for step in whole["timeline"]] == ["create", "issue", "expire"]
    assert "by" not in whole["timeline"][-1]
    assert await active(hanoi_town) == []


async def _ended(officer: Person, alert: str) -> bool:
    return (await officer.get(f"/v1/operations/alerts/{alert}")).json()["status"] == "expired"


async def test_no_worker_is_needed_for_an_alert_to_stop_holding(
    hanoi_town: Town, officer: Person
) -> None:
    alert = await issued(officer, expires=(now() + timedelta(seconds=1)).isoformat())
    await asyncio.sleep(1.2)
    shown = (await hanoi_town.nobody().get(f"/v1/alerts/{alert['id']}")).json()
    assert (shown["status"], shown["active"]) == ("issued", False)


async def test_a_draft_that_is_too_old_is_not_issued(officer: Person) -> None:
    alert = await created(officer, expires=(now() + timedelta(seconds=1)).isoformat())
    await asyncio.sleep(1.2)
    refused = await act(officer, alert, "issue")
    assert refused.json()["fields"] == [{"path": "expires", "reason": "past"}]


async def test_a_discarded_draft_can_be_read_and_not_issued(officer: Person) -> None:
    alert = await created(officer)
    gone = (await act(officer, alert, "discard")).json()
    assert gone["status"] == "discarded"
    assert (await act(officer, gone, "issue")).json()["code"] == "illegal_transition"
    listed = await officer.get("/v1/operations/alerts?status=discarded")
    assert [one["headline"] for one in listed.json()["items"]] == [WORDS["vi"]["headline"]]


async def test_discarding_an_update_leaves_what_was_issued(officer: Person) -> None:
    alert = await issued(officer)
    drafted = (await revise(officer, alert, severity="Moderate")).json()
    left = (await act(officer, drafted, "discard")).json()
    assert (left["status"], len(left["messages"])) == ("issued", 1)
    assert "draft" not in left


async def test_only_officers_write_and_operations_only_reads(
    hanoi_town: Town, officer: Person
) -> None:
    alert = await created(officer)
    watcher = await hanoi_town.staff("operations")
    whole = await watcher.get(f"/v1/operations/alerts/{alert['id']}")
    assert whole.status_code == 200
    assert (await act(watcher, alert, "issue")).status_code == 403
    assert (await act(await hanoi_town.device(), alert, "issue")).status_code == 403
