"""What operators see of letters, over HTTP."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from smartcity.identifiers import new_id
from smartcity.notifications import push_records
from smartcity.notifications.letters.model import Letter
from smartcity.notifications.letters.store import LetterStore
from smartcity.notifications.model import Channel, PushState
from tests.api.town import Town
from tests.workers.notified import letter

pytestmark = pytest.mark.anyio

LETTERS = "/v1/operations/letters"


@pytest.fixture(autouse=True)
def counted_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_records, "AT_LEAST_S", 0.05)


@pytest.fixture
async def written(hanoi_town: Town) -> list[Letter]:
    """Seven failed for two reasons, one is tried again, one was sent, one text message waits."""
    store = LetterStore(hanoi_town.database)
    replace = msgspec.structs.replace
    made = [letter(age=timedelta(seconds=number)) for number in range(10)]
    made[9] = replace(made[9], channel=Channel.SMS)
    await store.add(made)
    standing = {
        one.id: replace(
            one.sending,
            state=PushState.FAILED,
            reason="recipient refused: 550" if place % 2 else "message refused: 554",
            next_at=None,
            attempts=1,
        )
        for place, one in enumerate(made[:7])
    }
    standing[made[7].id] = replace(made[7].sending, reason="not now: 450", attempts=1)
    standing[made[8].id] = replace(made[8].sending, state=PushState.SENT, next_at=None, attempts=1)
    await store.record(standing)
    return made


async def page(town: Town, **query: Any) -> dict[str, Any]:
    operator = await town.staff("operations")
    answer = await operator.get(LETTERS, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_channels_states_and_reasons_are_counted(
    hanoi_town: Town, written: list[Letter]
) -> None:
    expected = [
        {"channel": "email", "state": "failed", "reason": "message refused: 554", "count": 4},
        {"channel": "email", "state": "failed", "reason": "recipient refused: 550", "count": 3},
        {"channel": "email", "state": "pending", "reason": "not now: 450", "count": 1},
        {"channel": "email", "state": "sent", "count": 1},
        {"channel": "sms", "state": "pending", "count": 1},
    ]
    async with asyncio.timeout(10):
        while (await page(hanoi_town))["counts"] != expected:
            await asyncio.sleep(0.1)
        figure = (
            'smartcity_letters{channel="email",reason="recipient refused: 550",state="failed"} 3.0'
        )
        while figure not in (await hanoi_town.nobody().get("/metrics")).text:
            await asyncio.sleep(0.1)


async def test_those_of_a_channel_and_a_state_are_listed_by_reason_and_each_once(
    hanoi_town: Town, written: list[Letter]
) -> None:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while cursor is not None or not found:
        more = await page(hanoi_town, limit=3, **({"cursor": cursor} if cursor else {}))
        found += more["items"]
        cursor = more.get("next_cursor")
    in_turn = (0, 2, 4, 6, 1, 3, 5)
    assert [one["id"] for one in found] == [str(written[place].id) for place in in_turn]
    (sent,) = (await page(hanoi_town, state="sent"))["items"]
    assert sent["id"] == str(written[8].id)
    (waits,) = (await page(hanoi_town, channel="sms", state="pending"))["items"]
    assert waits["id"] == str(written[9].id)
    refused = await page(hanoi_town, reason="recipient refused: 550")
    assert len(refused["items"]) == 3


async def test_nothing_of_it_says_to_whom_about_what_or_in_which_words(
    hanoi_town: Town, written: list[Letter]
) -> None:
    operator = await hanoi_town.staff("operations")
    one = f"{LETTERS}/{written[0].id}"
    assert (await operator.get(one)).json()["state"] == "failed"
    assert (await operator.get(f"{LETTERS}/{new_id()}")).status_code == 404
    for path in (LETTERS, one):
        text = (await operator.get(path)).text
        for hidden in (written[0].recipient, written[0].subject, written[0].body):
            assert str(hidden) not in text


async def test_handlers_and_citizens_do_not_see_it(hanoi_town: Town) -> None:
    handler = await hanoi_town.staff("handler", agencies=[next(iter(hanoi_town.city.agencies))])
    assert (await handler.get(LETTERS)).status_code == 403
    assert (await (await hanoi_town.device()).get(LETTERS)).status_code == 403
