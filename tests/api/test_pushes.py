"""What operators see of pushes, over HTTP."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from smartcity.clock import now
from smartcity.identifiers import new_id
from smartcity.notifications import push_records
from smartcity.notifications.model import Notification, PushState
from smartcity.notifications.store import NotificationStore
from tests.api.town import Town
from tests.unit.test_notifications_inbox import notification

pytestmark = pytest.mark.anyio

PUSHES = "/v1/operations/pushes"


@pytest.fixture(autouse=True)
def counted_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_records, "AT_LEAST_S", 0.05)


@pytest.fixture
async def told(hanoi_town: Town) -> list[Notification]:
    """Seven failed for two reasons, one is tried again, one was sent, one waits."""
    store = NotificationStore(hanoi_town.database)
    at = now()
    made = [
        msgspec.structs.replace(
            notification(seq, created_at=at - timedelta(seconds=seq)),
            id=new_id(),
            title="Ngập úng",
            body="Tại chợ",
        )
        for seq in range(10)
    ]
    await store.add(made)
    replace = msgspec.structs.replace
    failed = {
        one.id: replace(
            one.push,
            state=PushState.FAILED,
            reason="UNREGISTERED" if place % 2 else "INVALID_ARGUMENT",
            next_at=None,
            attempts=1,
        )
        for place, one in enumerate(made[:7])
    }
    await store.record(failed | {made[7].id: replace(made[7].push, reason="UNAVAILABLE")})
    await store.record_sent([made[8].id], at)
    return made


async def page(town: Town, **query: Any) -> dict[str, Any]:
    operator = await town.staff("operations")
    answer = await operator.get(PUSHES, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_states_and_reasons_are_counted(hanoi_town: Town, told: list[Notification]) -> None:
    expected = [
        {"state": "pending", "count": 1},
        {"state": "pending", "reason": "UNAVAILABLE", "count": 1},
        {"state": "sent", "count": 1},
        {"state": "failed", "reason": "INVALID_ARGUMENT", "count": 4},
        {"state": "failed", "reason": "UNREGISTERED", "count": 3},
    ]
    async with asyncio.timeout(10):
        while sorted((await page(hanoi_town))["counts"], key=str) != sorted(expected, key=str):
            await asyncio.sleep(0.1)
        figure = 'smartcity_pushes{reason="UNREGISTERED",state="failed"} 3.0'
        while figure not in (await hanoi_town.nobody().get("/metrics")).text:
            await asyncio.sleep(0.1)


async def test_those_of_a_state_are_listed_by_reason_and_each_once(
    hanoi_town: Town, told: list[Notification]
) -> None:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while cursor is not None or not found:
        more = await page(hanoi_town, limit=3, **({"cursor": cursor} if cursor else {}))
        found += more["items"]
        cursor = more.get("next_cursor")
    assert [one["id"] for one in found] == [str(told[place].id) for place in (0, 2, 4, 6, 1, 3, 5)]
    assert found[0] == {
        "id": str(told[0].id),
        "topic": "report",
        "action": told[0].action,
        "urgency": told[0].push.urgency,
        "state": "failed",
        "reason": "INVALID_ARGUMENT",
        "attempts": 1,
        "created_at": found[0]["created_at"],
    }


async def test_a_state_and_a_reason_can_be_asked_for(
    hanoi_town: Town, told: list[Notification]
) -> None:
    only = await page(hanoi_town, reason="UNREGISTERED")
    assert [one["id"] for one in only["items"]] == [str(told[place].id) for place in (1, 3, 5)]
    (tried,) = (await page(hanoi_town, state="pending"))["items"]
    assert (tried["id"], tried["reason"]) == (str(told[7].id), "UNAVAILABLE")
    assert (await page(hanoi_town, state="sent"))["items"] == []


async def test_any_one_push_can_be_looked_up(hanoi_town: Town, told: list[Notification]) -> None:
    operator = await hanoi_town.staff("admin")
    sent = (await operator.get(f"{PUSHES}/{told[8].id}")).json()
    assert (sent["state"], sent["attempts"]) == ("sent", 1)
    assert "sent_at" in sent
    assert (await operator.get(f"{PUSHES}/{new_id()}")).status_code == 404


async def test_nothing_of_it_says_to_whom_about_what_or_in_which_words(
    hanoi_town: Town, told: list[Notification]
) -> None:
    operator = await hanoi_town.staff("operations")
    for path in (PUSHES, f"{PUSHES}/{told[0].id}"):
        text = (await operator.get(path)).text
        for secret in (told[0].recipient, told[0].subject, told[0].title, told[0].body):
            assert str(secret) not in text


async def test_handlers_and_citizens_do_not_see_it(hanoi_town: Town) -> None:
    handler = await hanoi_town.staff("handler", agencies=[next(iter(hanoi_town.city.agencies))])
    assert (await handler.get(PUSHES)).status_code == 403
    assert (await (await hanoi_town.device()).get(PUSHES)).status_code == 403
