"""Reports of categories that are never public, looked for everywhere by everybody."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from litestar.types import Message

from smartcity.city.model import Publicity
from smartcity.clock import now
from smartcity.feed.publisher import Publisher
from smartcity.feed.store import PUBLISHER, FeedStore
from smartcity.reports.store import COLLECTION
from smartcity.storage.leases import Lease
from tests.api.reporting import category_that_is, handler_of, pothole
from tests.api.town import Person, Town
from tests.unit.sample_files import photo

pytestmark = pytest.mark.anyio

SICK = "epidemic-case"
WORDS = "Năm người trong xóm sốt cao"


async def sick(town: Town, device: Person, **more: Any) -> dict[str, Any]:
    given = {"category": SICK, "description": WORDS, "answers": {"people": 5}, **more}
    answer = await device.submit(pothole(town.city, **given))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def publish(town: Town) -> None:
    """What the workers do, until nothing is left; and what the API then takes in."""
    lease = Lease(town.database, PUBLISHER, "test", 60)
    publisher = Publisher(FeedStore(town.database), lease, [COLLECTION], 500)
    while await publisher.run_once():
        pass
    await asyncio.sleep(1)


@asynccontextmanager
async def listening(town: Town) -> AsyncGenerator[list[bytes]]:
    """What the live stream says meanwhile."""
    heard: list[bytes] = []

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            heard.append(message["body"])

    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/v1/live",
        "raw_path": b"/v1/live",
        "root_path": "",
        "query_string": b"",
        "headers": [],
        "client": ("127.0.0.1", 1),
        "server": ("town", 80),
    }
    stream = asyncio.ensure_future(town.app(scope, receive, send))
    while not heard:
        await asyncio.sleep(0.01)
    try:
        yield heard
    finally:
        stream.cancel()
        await asyncio.wait({stream})


async def whereabouts(town: Town, report: str, file: str | None = None) -> dict[str, bool]:
    """Where the public meets a report."""
    nobody, device = town.nobody(), await town.device()
    lon, lat = town.city.centre
    box = f"{lon - 0.01},{lat - 0.01},{lon + 0.01},{lat + 0.01}"
    lists = {
        "list": "/v1/reports",
        "text": "/v1/reports?text=xom",
        "place": f"/v1/reports?bbox={box}",
        "category": f"/v1/reports?category={SICK}",
        "similar": f"/v1/reports/similar?category={SICK}&lat={lat}&lon={lon}&text={WORDS}",
        "similar of the field": f"/v1/reports/similar?category=medicine&lat={lat}&lon={lon}",
        "map": f"/v1/map/reports.geojson?bbox={box}",
    }
    found = {name: report in (await nobody.get(path)).text for name, path in lists.items()}
    clusters = (await nobody.get(f"/v1/map/reports.geojson?bbox={box}&zoom=5")).json()
    found["cluster"] = bool(clusters["features"])
    found["tile"] = bool((await nobody.get("/v1/map/tiles/0/0/0.mvt")).content)
    for by in ("agency", "unit", "category", "field"):
        overview = (await nobody.get(f"/v1/statistics/overview?by={by}&days=366")).json()
        found[f"figures by {by}"] = overview["total"]["figures"]["open"]["value"] > 0
    path = f"/v1/reports/{report}"
    found["itself"] = (await nobody.get(path)).status_code != 404
    for name in ("follow", "confirmation"):
        found[name] = (await device.ask("PUT", f"{path}/{name}")).status_code != 404
    if file is not None:
        found["photo"] = (await nobody.get(f"/v1/attachments/{file}")).status_code != 404
    return found


async def test_a_never_public_report_is_met_nowhere(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    upload = await device.ask("POST", "/v1/attachments", content=photo())
    file = upload.json()["id"]
    async with listening(hanoi_town) as heard:
        receipt = await sick(hanoi_town, device, attachments=[file])
        handler = await handler_of(hanoi_town, receipt)
        await handler.act(receipt["id"], {"action": "receive"}, version=1)
        await publish(hanoi_town)
        met = await whereabouts(hanoi_town, receipt["id"], file)
    assert {name for name, there in met.items() if there} == set()
    assert receipt["id"].encode() not in b"".join(heard)


async def test_a_report_that_is_corrected_to_never_public_is_gone_from_where_it_was(
    hanoi_town: Town,
) -> None:
    device = await hanoi_town.device()
    at_once = category_that_is(hanoi_town, Publicity.AT_ONCE)
    answer = await device.submit(pothole(hanoi_town.city, description=WORDS, **at_once))
    report = answer.json()
    await publish(hanoi_town)
    before = await whereabouts(hanoi_town, report["id"])
    assert {"list", "text", "place", "map", "tile", "itself", "follow"} <= {
        name for name, there in before.items() if there
    }
    handler = await handler_of(hanoi_town, report)
    corrected = {"action": "correct", "text": "Ca bệnh", "category": SICK}
    async with listening(hanoi_town) as heard:
        answer = await handler.act(report["id"], corrected, version=1)
        assert answer.status_code == 200, answer.text
        await publish(hanoi_town)
        async with asyncio.timeout(20):  # figures and tiles are kept for some seconds
            while any((await whereabouts(hanoi_town, report["id"])).values()):
                await asyncio.sleep(1)
    (gone,) = [part for part in b"".join(heard).split(b"\n\n") if b"event: gone" in part]
    assert gone.endswith(f'data: {{"topic":"report","id":"{report["id"]}"}}'.encode())


@pytest.mark.parametrize(
    ("category", "step"),
    [
        ("pothole", {"action": "reject", "reason": "formal-complaint"}),
        (SICK, {"action": "correct", "category": "pothole", "text": "Không phải ca bệnh"}),
    ],
)
async def test_no_figure_of_the_public_counts_a_single_report_that_is_not_public(
    hanoi_town: Town, category: str, step: dict[str, Any]
) -> None:
    device = await hanoi_town.device()
    given = {"category": category} | ({"answers": {"people": 5}} if category == SICK else {})
    report = (await device.submit(pothole(hanoi_town.city, **given))).json()
    handler = await handler_of(hanoi_town, report)
    answer = await handler.act(report["id"], {"action": "receive"}, step, version=1)
    assert answer.status_code == 200, answer.text
    await publish(hanoi_town)
    for by in ("agency", "unit", "category", "field"):
        path = f"/v1/statistics/overview?by={by}&days=1"
        public, whole = await hanoi_town.nobody().get(path), await handler.get(path)
        assert public.json()["items"] == [], by
        assert public.json()["total"]["figures"]["arrived"]["value"] == 0
        assert whole.json()["total"]["figures"]["arrived"]["value"] == 1


async def test_who_hands_on_a_never_public_report_hears_so_again_if_the_answer_is_lost(
    hanoi_town: Town,
) -> None:
    receipt = await sick(hanoi_town, await hanoi_town.device())
    handler = await handler_of(hanoi_town, receipt)
    transfer = {"action": "transfer", "agency": "so-xay-dung", "text": "Nhầm nơi"}
    first = await handler.act(receipt["id"], transfer, version=1, key="k")
    there = await hanoi_town.staff("handler", agencies=["so-xay-dung"])
    received = await there.act(receipt["id"], {"action": "receive"}, version=2)
    again = await handler.act(receipt["id"], transfer, version=1, key="k")
    assert [a.status_code for a in (first, received, again)] == [200, 200, 200]
    assert again.json()["version"] == 3
    assert again.json().keys().isdisjoint({"description", "timeline", "agency", "code"})
    unknown = await handler.act(receipt["id"], transfer, version=3, key="other")
    assert unknown.status_code == 404


async def test_of_health_only_five_or_more_in_a_ward_and_a_whole_month_are_told(
    hanoi_town: Town,
) -> None:
    device, nobody = await hanoi_town.device(), hanoi_town.nobody()
    this_month = hanoi_town.city.local(now()).replace(day=1, hour=12)
    last_month = this_month - timedelta(days=10)
    with time_machine.travel(last_month):
        four = [await sick(hanoi_town, device) for _ in range(4)]
    await publish(hanoi_town)
    path = f"/v1/statistics/counts?month={last_month:%Y-%m}"
    assert (await nobody.get(path)).json()["items"] == []
    with time_machine.travel(last_month + timedelta(days=1)):
        await sick(hanoi_town, device)
    await publish(hanoi_town)
    (row,) = (await nobody.get(path)).json()["items"]
    assert (row["category"], row["count"]) == (SICK, 5)
    assert row["unit"] == four[0]["unit"]["code"]
    assert (await nobody.get("/v1/statistics/counts")).json()["items"] == [row]
    for month in (f"{this_month:%Y-%m}", "2020-01", "2026-13", "x"):
        answer = await nobody.get(f"/v1/statistics/counts?month={month}")
        assert answer.status_code == 400, month
    overview = (await nobody.get("/v1/statistics/overview?by=category&days=366")).json()
    assert SICK not in {item["code"] for item in overview["items"]}
