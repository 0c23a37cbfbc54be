"""What becomes of held reports: a dispatcher decides, or the reporter takes it back."""

import asyncio
from collections.abc import Awaitable
from itertools import count
from uuid import UUID

import pytest

from smartcity.clock import now
from tests.api.bursts import (
    ALLOWED,
    burst,
    codes_of,
    one_held,
    problem,
)
from tests.api.town import Town
from tests.api.working import until, working

pytestmark = pytest.mark.anyio


HELD = "/v1/dispatch/held"
REJECT = {"action": "reject", "reason": "no-violation", "text": "Không phải phản ánh"}


async def test_dispatchers_find_what_waits_oldest_first_and_counted(hanoi_town: Town) -> None:
    await burst(hanoi_town)
    waiting = [
        (await (await hanoi_town.device()).submit(problem(hanoi_town.city))).json()["id"]
        for _ in range(5)
    ]
    for role in ("dispatcher", "operations"):
        person, found, cursor = await hanoi_town.staff(role), list[str](), ""
        while True:
            page = (await person.get(f"{HELD}?limit=2{cursor}")).json()
            assert page["count"] == 5
            assert all(item["held"]["common"] == ["address"] for item in page["items"])
            found += [item["id"] for item in page["items"]]
            if "next_cursor" not in page:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert found == waiting


async def test_release_makes_it_as_if_it_had_just_been_submitted(hanoi_town: Town) -> None:
    reporter, receipt = await one_held(hanoi_town)
    agency = receipt["agency"]["code"]
    handler = await hanoi_town.staff("handler", agencies=[agency])
    dispatcher = await hanoi_town.staff("dispatcher")
    async with working(hanoi_town):
        path = f"/v1/reports/{receipt['id']}"
        await until(lambda: _is(submitted_reports(hanoi_town, 300), ALLOWED))
        released = await dispatcher.act(receipt["id"], {"action": "release"}, version=1)
        assert (released.status_code, released.json()["status"]) == (200, "submitted")
        view = (await handler.get(path)).json()
        assert now().isoformat() < view["deadlines"]["receive_by"]
        assert view["deadlines"]["resolve_by"] == view["deadlines"]["first_resolve_by"]
        assert receipt["id"] in await codes_of(handler, "/v1/agency/queue?limit=100")
        assert receipt["id"] in await codes_of(hanoi_town.nobody(), "/v1/reports?limit=100")
        days = count(301)
        await until(lambda: _is(submitted_reports(hanoi_town, next(days)), ALLOWED + 1))

        async def told() -> bool:
            inbox = (await reporter.get("/v1/me/notifications")).json()["items"]
            return [item["action"] for item in inbox] == ["release"]

        await until(told)
        assert (await handler.act(receipt["id"], {"action": "receive"}, version=2)).is_success

        async def drawn() -> bool:
            lon, lat = hanoi_town.city.centre
            box = f"{lon - 0.01},{lat - 0.01},{lon + 0.01},{lat + 0.01}"
            answer = await hanoi_town.nobody().get(f"/v1/map/reports.geojson?bbox={box}&zoom=17")
            features = answer.json()["features"]
            return [feature.get("id") for feature in features] == [receipt["id"]]

        await until(drawn)


async def test_what_is_held_reaches_the_feed_without_a_public_side(hanoi_town: Town) -> None:
    _, receipt = await one_held(hanoi_town)
    dispatcher = await hanoi_town.staff("dispatcher")
    async with working(hanoi_town):
        feed = hanoi_town.database["feed"]

        async def published() -> bool:
            return await feed.count_documents({"event.subject": UUID(receipt["id"])}) == 1

        await until(published)
        event = await feed.find_one({"event.subject": UUID(receipt["id"])})
        assert event is not None
        assert "public" not in event["event"]
        assert event["event"]["internal"]["held"] is True
        answer = await dispatcher.act(receipt["id"], REJECT, version=1)
        assert answer.status_code == 200, answer.text

        async def rejected() -> bool:
            return await feed.count_documents({"event.action": "reject"}) == 1

        await until(rejected)
        event = await feed.find_one({"event.action": "reject"})
        assert event is not None
        assert "public" not in event["event"]


async def test_what_a_dispatcher_rejects_stays_unknown_and_may_be_objected_to(
    hanoi_town: Town,
) -> None:
    reporter, receipt = await one_held(hanoi_town)
    path, agency = f"/v1/reports/{receipt['id']}", receipt["agency"]["code"]
    dispatcher = await hanoi_town.staff("dispatcher")
    handler = await hanoi_town.staff("handler", agencies=[agency])
    assert (await dispatcher.act(receipt["id"], REJECT, version=1)).status_code == 200
    assert (await reporter.get(path)).json()["status"] == "rejected"
    assert (await hanoi_town.nobody().get(path)).status_code == 404
    assert (await handler.get(path)).status_code == 404
    queue = f"/v1/agency/queue?agency={agency}"
    for asked in ("&status=rejected", "&status=rejected&status=closed", f"&text={receipt['code']}"):
        assert await codes_of(dispatcher, queue + asked) == []
    for asked in ("", "?status=rejected", "?status=rejected&status=closed"):
        assert receipt["id"] not in await codes_of(dispatcher, f"/v1/reports{asked}")
    objection = {"action": "reopen", "text": "Ổ gà có thật, xin xem lại"}
    answer = await reporter.act(receipt["id"], objection)
    assert (answer.status_code, answer.json()["status"]) == (200, "held")
    assert await codes_of(dispatcher, HELD) == [receipt["id"]]


async def test_many_are_released_and_rejected_in_one_request(hanoi_town: Town) -> None:
    await burst(hanoi_town)
    held = [
        (await (await hanoi_town.device()).submit(problem(hanoi_town.city))).json()
        for _ in range(6)
    ]
    body = [
        {
            "report": report["id"],
            "version": report["version"],
            "steps": {"action": "release"} if place < 3 else REJECT,
        }
        for place, report in enumerate(held)
    ]
    handler = await hanoi_town.staff("handler", agencies=[held[0]["agency"]["code"]])
    refused = (await handler.ask("POST", "/v1/agency/actions", json=body)).json()
    assert [outcome.get("code") for outcome in refused] == ["not_found"] * 6
    dispatcher = await hanoi_town.staff("dispatcher")
    done = (await dispatcher.ask("POST", "/v1/agency/actions", json=body)).json()
    assert [outcome["status"] for outcome in done] == ["submitted"] * 3 + ["rejected"] * 3
    assert (await dispatcher.get(HELD)).json()["count"] == 0


async def test_of_two_dispatchers_one_decides(hanoi_town: Town) -> None:
    _, receipt = await one_held(hanoi_town)
    one, other = [await hanoi_town.staff("dispatcher") for _ in range(2)]
    answers = await asyncio.gather(
        one.act(receipt["id"], {"action": "release"}, version=1),
        other.act(receipt["id"], REJECT, version=1),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_only_a_dispatcher_releases(hanoi_town: Town) -> None:
    reporter, receipt = await one_held(hanoi_town)
    agency = receipt["agency"]["code"]
    refused = {
        reporter: 403,
        await hanoi_town.device(): 404,
        await hanoi_town.staff("operations"): 403,
        await hanoi_town.staff("handler", agencies=[agency]): 404,
        await hanoi_town.staff("supervisor", agencies=[agency]): 404,
    }
    for person, status in refused.items():
        answer = await person.act(receipt["id"], {"action": "release"}, version=1)
        assert answer.status_code == status, answer.text
    dispatcher = await hanoi_town.staff("dispatcher")
    assert (await dispatcher.act(receipt["id"], {"action": "release"})).status_code == 428
    assert (await dispatcher.act(receipt["id"], {"action": "receive"}, version=1)).is_error


async def test_the_reporter_may_withdraw_what_is_held(hanoi_town: Town) -> None:
    reporter, receipt = await one_held(hanoi_town)
    answer = await reporter.act(receipt["id"], {"action": "withdraw"})
    assert (answer.status_code, answer.json()["status"]) == (200, "withdrawn")
    assert (await hanoi_town.nobody().get(f"/v1/reports/{receipt['id']}")).status_code == 404
    assert (await (await hanoi_town.staff("dispatcher")).get(HELD)).json()["count"] == 0


async def submitted_reports(town: Town, days: int) -> float:
    """As the figures count them; they are counted anew for another number of days."""
    answer = await town.nobody().get(f"/v1/statistics/overview?by=category&days={days}")
    return answer.json()["total"]["figures"]["arrived"]["value"]


async def _is(asked: Awaitable[float], expected: float) -> bool:
    return await asked == expected
