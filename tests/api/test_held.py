"""A burst of reports from new devices waits for a dispatcher, and nobody else is kept waiting."""

import asyncio
from uuid import uuid4

import pytest

from smartcity.city.model import Place, Priority
from tests.api.bursts import (
    ALLOWED,
    POTHOLE,
    burst,
    codes_of,
    elsewhere,
    old_device,
    one_held,
    problem,
)
from tests.api.town import Town

pytestmark = pytest.mark.anyio


# --- what is held ---------------------------------------------------------------------------------


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


# --- who knows of it ------------------------------------------------------------------------------


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
