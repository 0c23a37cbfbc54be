"""Reports outlive the pack that they came under: it is changed here, with reports there."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from smartcity.clock import now
from tests.api.office import reasons
from tests.api.packs import changed_pack
from tests.api.reporting import handler_of, pothole
from tests.api.town import Town, connected, until_ready, with_pack

pytestmark = pytest.mark.anyio

POTHOLE = 'code = "pothole"\n'
OTHER = "street-light"


def retired(town: Town, folder: Path, days: int) -> str:
    """A pack in which potholes are not to be reported any more, after so many days."""
    last = (town.city.local(now()) + timedelta(days=days)).date()
    return changed_pack(folder, "categories.toml", (POTHOLE, f"{POTHOLE}valid_to = {last}\n"))


async def offered(town: Town) -> set[str]:
    answer = await town.nobody().get("/v1/categories")
    return {item["code"] for item in answer.json()["items"]}


async def test_a_retired_category_is_given_to_no_report_any_more(
    hanoi_town: Town, tmp_path: Path
) -> None:
    device = await hanoi_town.device()
    sent = pothole(hanoi_town.city, category="pothole")
    other = pothole(hanoi_town.city, category=OTHER)
    first = (await device.submit(sent, key="before")).json()
    second = (await device.submit(other)).json()
    handler = await handler_of(hanoi_town, second)
    async with with_pack(hanoi_town, retired(hanoi_town, tmp_path, -1)) as after:
        assert "pothole" not in await offered(after)
        again = await after.again(device).submit(sent)
        assert (again.status_code, reasons(again)) == (400, {("category", "retired")})
        replayed = await after.again(device).submit(sent, key="before")
        assert (replayed.status_code, replayed.json()["id"]) == (200, first["id"])
        correct = {"action": "correct", "category": "pothole", "text": "Là ổ gà"}
        refused = await after.again(handler).act(second["id"], correct, version=1)
        assert (refused.status_code, reasons(refused)) == (400, {("category", "retired")})


async def test_a_category_is_offered_on_its_last_day(hanoi_town: Town, tmp_path: Path) -> None:
    device = await hanoi_town.device()
    async with with_pack(hanoi_town, retired(hanoi_town, tmp_path, 0)) as after:
        assert "pothole" in await offered(after)
        sent = pothole(hanoi_town.city, category="pothole")
        assert (await after.again(device).submit(sent)).status_code == 201


async def test_reports_of_a_retired_category_keep_its_name_and_go_their_way(
    hanoi_town: Town, tmp_path: Path
) -> None:
    device = await hanoi_town.device()
    report = (await device.submit(pothole(hanoi_town.city, category="pothole"))).json()
    handler = await handler_of(hanoi_town, report)
    await handler.act(report["id"], {"action": "receive"}, version=1)
    async with with_pack(hanoi_town, retired(hanoi_town, tmp_path, -1)) as after:
        nobody, worker = after.nobody(), after.again(handler)
        (listed,) = (await nobody.get("/v1/reports?category=pothole")).json()["items"]
        assert listed["category"] == report["category"]
        figures = (await nobody.get("/v1/statistics/overview?by=category")).json()["items"]
        assert [row["name"] for row in figures] == [report["category"]["name"]]
        queue = await worker.get("/v1/agency/queue?category=pothole")
        assert [item["id"] for item in queue.json()["items"]] == [report["id"]]
        steps: tuple[tuple[dict[str, Any], int], ...] = (
            ({"action": "correct", "category": "pothole", "priority": "urgent", "text": "Gấp"}, 2),
            ({"action": "start"}, 3),
            ({"action": "ask", "text": "Ở đâu?"}, 4),
        )
        for step, version in steps:
            answer = await worker.act(report["id"], step, version=version)
            assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("lost", ["category", "agency"])
async def test_without_a_code_that_reports_have_the_api_does_not_begin(
    hanoi_town: Town, lost: str
) -> None:
    device = await hanoi_town.device()
    report = (await device.submit(pothole(hanoi_town.city))).json()
    reports = hanoi_town.database["reports"]
    await reports.update_one({}, {"$set": {lost: "lost"}})
    app = create_app(hanoi_town.settings)
    async with app.lifespan(), connected(app) as http:
        await asyncio.sleep(1.5)
        assert (await http.get("/health/ready")).status_code == 503
        await reports.update_one({}, {"$set": {lost: report[lost]["code"]}})
        await until_ready(http)


async def test_reports_at_the_former_dispatch_stay_in_the_dispatchers_hands(
    hanoi_town: Town, tmp_path: Path
) -> None:
    device, dispatcher = await hanoi_town.device(), await hanoi_town.staff("dispatcher")
    sent = pothole(hanoi_town.city, category="pothole")
    former, raised = [(await device.submit(sent)).json() for _ in range(2)]
    moved = {"action": "transfer", "agency": hanoi_town.city.dispatch, "text": "Để điều phối"}
    assert (await dispatcher.act(former["id"], moved, version=1)).status_code == 200
    supervisor = await hanoi_town.staff("supervisor", agencies=[raised["agency"]["code"]])
    version, level = 1, None
    while level != "dispatcher":
        answer = await supervisor.act(raised["id"], {"action": "escalate"}, version=version)
        assert answer.status_code == 200, answer.text
        version, level = answer.json()["version"], answer.json()["escalated_to"]["role"]
    old = f'dispatch = "{hanoi_town.city.dispatch}"'
    pack = changed_pack(tmp_path, "city.toml", (old, 'dispatch = "so-y-te"'))
    async with with_pack(hanoi_town, pack) as after:
        desk = after.again(dispatcher)
        found = (await desk.get("/v1/agency/queue?escalated=true")).json()
        assert [item["id"] for item in found["items"]] == [raised["id"]]
        assert found["counts"]["escalated"] == 1
        query = {"agency": hanoi_town.city.dispatch}
        found = (await desk.get("/v1/agency/queue", params=query)).json()
        assert [item["id"] for item in found["items"]] == [former["id"]]
        back = {"action": "transfer", "agency": "so-xay-dung", "text": "Về đúng nơi"}
        answer = await desk.act(former["id"], back, version=2)
        assert (answer.status_code, answer.json()["agency"]["code"]) == (200, "so-xay-dung")
        assert (await desk.get("/v1/agency/queue")).status_code == 200
