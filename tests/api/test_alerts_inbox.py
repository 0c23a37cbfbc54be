"""Alerts in everybody's inbox, without a row for each device; in the feed; in the audit log."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from api.pagination import encode_cursor
from smartcity.notifications.model import Place
from tests.api.alerting import WORDS, act, created, issued, revise
from tests.api.auditing import chain
from tests.api.test_alerts_area import follower
from tests.api.test_never_public import listening
from tests.api.town import Person, Town
from tests.api.working import until, working

pytestmark = pytest.mark.anyio

INBOX = "/v1/me/notifications"


@pytest.fixture
async def officer(hanoi_town: Town) -> Person:
    return await hanoi_town.staff("alerter")


async def inbox(device: Person, query: str = "") -> dict[str, Any]:
    answer = await device.get(f"{INBOX}{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def has(device: Person, count: int) -> bool:
    return len((await inbox(device))["items"]) == count


async def test_who_follows_a_unit_reads_its_alerts_and_nobody_else_does(
    hanoi_town: Town, officer: Person
) -> None:
    near = await follower(hanoi_town, "00070")
    far = await follower(hanoi_town, "00004")
    nowhere = await hanoi_town.device("en")
    async with working(hanoi_town):
        alert = await issued(officer)
        await issued(officer, area={"everywhere": True})
        await until(lambda: has(near, 2))
    told = (await inbox(near))["items"][-1]
    assert (told["topic"], told["subject"], told["action"]) == ("alert", alert["id"], "issue")
    assert (told["title"], told["language"]) == (WORDS["vi"]["headline"], "vi")
    assert len((await inbox(far))["items"]) == 1
    assert (await inbox(nowhere))["items"][0]["title"] == WORDS["en"]["headline"]
    assert await hanoi_town.database["notifications"].count_documents({}) == 0


async def test_an_alert_is_read_once_and_stays_read(hanoi_town: Town, officer: Person) -> None:
    near, neighbour = await follower(hanoi_town, "00070"), await follower(hanoi_town, "00070")
    async with working(hanoi_town):
        await issued(officer)
        await issued(officer, severity="Moderate")
        await until(lambda: has(near, 2))
    newer, older = (await inbox(near))["items"]
    read = await near.ask("POST", f"{INBOX}/read", json={"ids": [older["id"]]})
    assert read.json() == {"unread": 1}
    assert [one["id"] for one in (await inbox(near, "?unread=true"))["items"]] == [newer["id"]]
    every = await near.ask("POST", f"{INBOX}/read", json={"up_to": newer["created_at"]})
    assert every.json() == {"unread": 0}
    assert (await inbox(neighbour))["unread"] == 2
    assert await hanoi_town.database["alert_reads"].count_documents({}) == 1


async def test_an_alert_that_is_yet_to_come_is_never_read_already(
    hanoi_town: Town, officer: Person
) -> None:
    near = await follower(hanoi_town, "00070")
    async with working(hanoi_town):
        await issued(officer)
        await until(lambda: has(near, 1))
        clock_ahead = {"up_to": "2150-01-01T00:00:00Z"}
        every = await near.ask("POST", f"{INBOX}/read", json=clock_ahead)
        assert every.json() == {"unread": 0}
        await issued(officer)
        await until(lambda: has(near, 2))
    assert (await inbox(near))["unread"] == 1


async def test_a_cursor_without_a_zone_is_refused(hanoi_town: Town, officer: Person) -> None:
    near = await follower(hanoi_town, "00070")
    async with working(hanoi_town):
        await issued(officer)
        await until(lambda: has(near, 1))
    forged = encode_cursor(Place(datetime(2026, 1, 1), 1, UUID(int=7)))  # noqa: DTZ001 - as sent
    answer = await near.get(f"{INBOX}?cursor={forged}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


async def test_the_inbox_is_paged_with_alerts_among_the_rest(
    hanoi_town: Town, officer: Person
) -> None:
    near = await follower(hanoi_town, "00070")
    async with working(hanoi_town):
        for _ in range(5):
            await issued(officer)
        await until(lambda: has(near, 5))
    seen: list[str] = []
    query = "?limit=2"
    while True:
        page = await inbox(near, query)
        seen += [one["id"] for one in page["items"]]
        if "next_cursor" not in page:
            break
        query = f"?limit=2&cursor={page['next_cursor']}"
    assert seen == [one["id"] for one in (await inbox(near))["items"]]
    assert len(set(seen)) == 5


async def test_who_was_told_of_an_alert_hears_what_becomes_of_it(
    hanoi_town: Town, officer: Person
) -> None:
    left_out = await follower(hanoi_town, "00082")
    async with working(hanoi_town):
        alert = await issued(officer, area={"units": ["00070", "00082"]})
        smaller = (await revise(officer, alert, area={"units": ["00070"]})).json()
        await act(officer, smaller, "issue")
        await act(officer, alert["id"], "cancel")
        await until(lambda: has(left_out, 3))
    actions = [one["action"] for one in (await inbox(left_out))["items"]]
    assert actions == ["cancel", "update", "issue"]


async def test_a_phone_that_is_new_hears_of_what_still_holds(
    hanoi_town: Town, officer: Person
) -> None:
    async with working(hanoi_town):
        over = await issued(officer)
        await act(officer, over["id"], "cancel")
        holding = await issued(officer)
        await until(lambda: _active(hanoi_town, 1))
    late = await follower(hanoi_town, "00070")
    assert [one["subject"] for one in (await inbox(late))["items"]] == [holding["id"]]


async def _active(town: Town, count: int) -> bool:
    return len((await town.nobody().get("/v1/alerts")).json()["items"]) == count


async def test_whoever_listens_hears_of_an_alert_at_once(hanoi_town: Town, officer: Person) -> None:
    async with working(hanoi_town), listening(hanoi_town) as heard:
        await created(officer)
        alert = await issued(officer)
        await until(lambda: _told_of(heard, alert["id"]))
    frames = b"".join(heard).decode().split("\n\n")
    told = [frame for frame in frames if "event: alert" in frame]
    assert len(told) == 1, "and of no draft"
    data = json.loads(told[0].partition("data: ")[2])
    assert (data["action"], data["state"]["status"]) == ("issue", "issued")
    assert data["state"]["units"] == ["00070"]


async def _told_of(heard: list[bytes], alert: str) -> bool:
    return alert.encode() in b"".join(heard)


async def test_the_feed_tells_of_alerts_and_no_word_of_theirs(
    hanoi_town: Town, officer: Person
) -> None:
    await created(officer)
    async with working(hanoi_town):
        alert = await issued(officer)
        await act(officer, alert["id"], "cancel")
        await until(lambda: _published(hanoi_town, 4))
    feed = hanoi_town.database["feed"]
    events = [one["event"] async for one in feed.find({"event.topic": "alert"}).sort("_id", 1)]
    assert [(one["action"], "public" in one) for one in events] == [
        ("create", False),
        ("create", False),
        ("issue", True),
        ("cancel", True),
    ]
    told = events[2]["public"]
    assert (str(told["id"]), told["status"], told["units"]) == (alert["id"], "issued", ["00070"])
    assert WORDS["vi"]["headline"] not in json.dumps(events, default=str, ensure_ascii=False)


async def _published(town: Town, count: int) -> bool:
    return await town.database["feed"].count_documents({"event.topic": "alert"}) == count


async def test_every_step_is_in_the_audit_log(hanoi_town: Town, officer: Person) -> None:
    other = await hanoi_town.staff("alerter")
    alert = await created(officer, severity="Extreme")
    await act(other, alert, "confirm", "issue")
    await act(officer, alert["id"], "cancel")
    await chain(hanoi_town)
    auditor = await hanoi_town.staff("auditor")
    found = (await auditor.get(f"/v1/audit?subject={alert['id']}")).json()["items"]
    assert [(one["topic"], one["action"], one["party"]) for one in reversed(found)] == [
        ("alert", action, "alerter") for action in ("create", "confirm", "issue", "cancel")
    ]
    assert len({one["actor"] for one in found}) == 2
    assert {one["details"]["severity"] for one in found} == {"Extreme"}
