"""A burst of reports from new devices waits for a dispatcher, and nobody else is kept waiting."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest

from smartcity.city.model import City, Place, Priority
from smartcity.clock import now
from smartcity.identifiers import token_hash
from tests.api.town import Person, Town
from workers.main import work

pytestmark = pytest.mark.anyio

ALLOWED = 20
POTHOLE = "pothole"  # it can wait
HELD = "/v1/dispatch/held"
REJECT = {"action": "reject", "reason": "no-violation", "text": "Không phải phản ánh"}
NUMBERS = count(1)

Json = dict[str, Any]


def problem(city: City, **more: Any) -> Json:
    """A short text: what the senders have in common is where they are."""
    lon, lat = city.centre
    return {
        "category": POTHOLE,
        "description": "Ổ gà",
        "location": {"lat": lat, "lon": lon},
        **more,
    }


def elsewhere(town: Town, token: str | None) -> Person:
    """The device at an address that nobody else has."""
    number = next(NUMBERS)
    asgi = cast("Any", town.app)
    transport = httpx.ASGITransport(asgi, client=(f"10.1.{number // 250}.{number % 250}", 1))
    return Person(httpx.AsyncClient(transport=transport, base_url="http://town"), token)


async def old_device(town: Town) -> Person:
    """One that registered long ago."""
    device = await town.device()
    assert device.token is not None
    await town.database["devices"].update_one(
        {"token_hash": token_hash(device.token)},
        {"$set": {"created_at": now() - timedelta(days=30)}},
    )
    return device


async def burst(town: Town, size: int = ALLOWED) -> list[Person]:
    """So many new devices behind one address, each with its report: the next one is too many."""
    devices = [await town.device() for _ in range(size)]
    answers = await asyncio.gather(*(d.submit(problem(town.city)) for d in devices))
    assert {answer.status_code for answer in answers} == {201}
    return devices


async def one_held(town: Town) -> tuple[Person, Json]:
    await burst(town)
    device = await town.device()
    answer = await device.submit(problem(town.city))
    assert (answer.status_code, answer.json()["status"]) == (201, "held")
    return device, answer.json()


async def codes_of(person: Person, path: str) -> list[str]:
    answer = await person.get(path)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


@asynccontextmanager
async def working(town: Town) -> AsyncGenerator[None]:
    """The workers, for as long as this lasts."""
    stop = asyncio.Event()
    crew = asyncio.create_task(work(town.settings, stop))
    try:
        yield
    finally:
        stop.set()
        await crew


async def until(ask: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await ask():
            await asyncio.sleep(0.1)


async def submitted_reports(town: Town, days: int) -> float:
    """As the figures count them; they are counted anew for another number of days."""
    answer = await town.nobody().get(f"/v1/statistics/overview?by=category&days={days}")
    return answer.json()["total"]["figures"]["arrived"]["value"]


# --- what is held --------------------------------------------------------------------------------


async def test_of_sixty_new_devices_at_once_exactly_as_many_pass_as_the_pack_allows(
    hanoi_town: Town,
) -> None:
    devices = [await hanoi_town.device() for _ in range(60)]
    answers = await asyncio.gather(*(d.submit(problem(hanoi_town.city)) for d in devices))
    assert {answer.status_code for answer in answers} == {201}
    standing = [answer.json()["status"] for answer in answers]
    assert (standing.count("submitted"), standing.count("held")) == (ALLOWED, 60 - ALLOWED)


async def test_a_device_of_last_month_passes_whatever_happens_behind_its_address(
    hanoi_town: Town,
) -> None:
    await burst(hanoi_town, ALLOWED + 5)
    for _ in range(3):
        device = await old_device(hanoi_town)
        assert (await device.submit(problem(hanoi_town.city))).json()["status"] == "submitted"
    assert (await (await hanoi_town.device()).submit(problem(hanoi_town.city))).json()[
        "status"
    ] == "held"


async def test_devices_of_last_month_are_no_burst_however_many(hanoi_town: Town) -> None:
    devices = [await old_device(hanoi_town) for _ in range(ALLOWED + 10)]
    answers = await asyncio.gather(*(d.submit(problem(hanoi_town.city)) for d in devices))
    assert {answer.json()["status"] for answer in answers} == {"submitted"}
    assert await hanoi_town.database["bursts"].count_documents({}) == 0


async def test_what_is_urgent_is_never_held(hanoi_town: Town) -> None:
    urgent = next(
        category
        for category in hanoi_town.city.categories.values()
        if category.priority is Priority.URGENT
        and category.place is Place.REQUIRED
        and not any(question.required for question in category.questions)
    )
    await burst(hanoi_town, ALLOWED + 5)
    device = await hanoi_town.device()
    answer = await device.submit(problem(hanoi_town.city, category=urgent.code))
    assert answer.json()["status"] == "submitted"


async def test_one_new_device_that_sends_a_lot_is_no_burst(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    answers = await asyncio.gather(*(device.submit(problem(hanoi_town.city)) for _ in range(30)))
    assert {answer.json()["status"] for answer in answers} == {"submitted"}


async def test_new_devices_with_one_text_are_a_burst_whatever_their_addresses(
    hanoi_town: Town,
) -> None:
    standing: list[str] = []
    for number in range(ALLOWED + 5):
        device = elsewhere(hanoi_town, (await hanoi_town.device()).token)
        told = f"Tin {number}: quán này bán hàng giả, hãy đóng cửa ngay!"
        answer = await device.submit(problem(hanoi_town.city, description=told))
        standing.append(answer.json()["status"])
    assert standing == ["submitted"] * ALLOWED + ["held"] * 5


async def test_new_devices_that_say_each_their_own_elsewhere_pass(hanoi_town: Town) -> None:
    streets = ("Hàng Bông", "Hàng Gai", "Hàng Trống", "Hàng Bạc", "Hàng Đào", "Hàng Ngang")
    told = [f"{what} trên phố {street}" for street in streets for what in ("Rác", "Ổ gà", "Ồn")]
    told += ["Ổ gà"] * ALLOWED
    for text in told:
        device = elsewhere(hanoi_town, (await hanoi_town.device()).token)
        answer = await device.submit(problem(hanoi_town.city, description=text))
        assert answer.json()["status"] == "submitted"


async def test_a_held_report_sent_again_is_the_same(hanoi_town: Town) -> None:
    await burst(hanoi_town)
    device, key = await hanoi_town.device(), uuid4().hex
    first = await device.submit(problem(hanoi_town.city), key)
    again = await device.submit(problem(hanoi_town.city), key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["status"] == "held"


# --- who knows of it -----------------------------------------------------------------------------


async def test_only_its_reporter_and_the_city_s_centre_know_of_a_held_report(
    hanoi_town: Town,
) -> None:
    reporter, receipt = await one_held(hanoi_town)
    path, agency = f"/v1/reports/{receipt['id']}", receipt["agency"]["code"]
    strangers = [
        hanoi_town.nobody(),
        await old_device(hanoi_town),
        await hanoi_town.staff("handler", agencies=[agency]),
        await hanoi_town.staff("supervisor", agencies=[agency]),
        await hanoi_town.staff("auditor"),
    ]
    for stranger in strangers:
        assert (await stranger.get(path)).status_code == 404
    for knows in (
        reporter,
        await hanoi_town.staff("dispatcher"),
        await hanoi_town.staff("operations"),
    ):
        view = (await knows.get(path)).json()
        assert view["status"] == "held"
        assert "deadlines" not in view
    assert "deadlines" not in receipt
    assert receipt["id"] in await codes_of(reporter, "/v1/me/reports")


async def test_no_list_and_no_follower_finds_a_held_report(hanoi_town: Town) -> None:
    _, receipt = await one_held(hanoi_town)
    lat, lon = (hanoi_town.city.centre[1], hanoi_town.city.centre[0])
    somebody = await old_device(hanoi_town)
    agency = receipt["agency"]["code"]
    handler = await hanoi_town.staff("handler", agencies=[agency])
    dispatcher = await hanoi_town.staff("dispatcher")
    for person, path in (
        (somebody, "/v1/reports?limit=100"),
        (handler, "/v1/agency/queue?limit=100"),
        (dispatcher, f"/v1/agency/queue?agency={agency}&limit=100"),
    ):
        assert receipt["id"] not in await codes_of(person, path)
    similar = await somebody.get(f"/v1/reports/similar?category={POTHOLE}&lat={lat}&lon={lon}")
    assert receipt["id"] not in [item["id"] for item in similar.json()["items"]]
    follow = await somebody.ask("PUT", f"/v1/reports/{receipt['id']}/follow")
    assert follow.status_code == 404


async def test_nothing_is_merged_into_a_held_report(hanoi_town: Town) -> None:
    _, held = await one_held(hanoi_town)
    later = await (await old_device(hanoi_town)).submit(problem(hanoi_town.city))
    handler = await hanoi_town.staff("handler", agencies=[later.json()["agency"]["code"]])
    step = {"action": "merge", "report": held["id"]}
    answer = await handler.act(later.json()["id"], step, version=1)
    assert (answer.status_code, answer.json()["fields"][0]["reason"]) == (400, "unknown")


# --- dispatchers ---------------------------------------------------------------------------------


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


async def _is(asked: Awaitable[float], expected: float) -> bool:
    return await asked == expected
