"""Lists of reports through HTTP: page after page, filtered, searched, alike."""

import pytest

from smartcity.clock import now
from smartcity.reports.words import Status
from tests.api.queues import made, there_are
from tests.api.reporting import handler_of, pothole, submitted
from tests.api.town import Town

pytestmark = pytest.mark.anyio


async def test_lists_are_paged_without_gap_or_repeat(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    sent = [(await device.submit(pothole(hanoi_town.city))).json()["id"] for _ in range(7)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await device.get(f"/v1/reports?limit=3{cursor}")).json()
        seen += [item["id"] for item in page["items"]]
        if "next_cursor" not in page:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == sent[::-1]
    mine = (await device.get("/v1/me/reports")).json()
    assert [item["id"] for item in mine["items"]] == sent[::-1]


async def test_a_search_by_text_needs_no_accents_and_betrays_nothing_unreceived(
    hanoi_town: Town,
) -> None:
    _, receipt = await submitted(hanoi_town, description="Đèn đường hỏng ở ngõ Hoà Bình")
    nobody = hanoi_town.nobody()
    assert (await nobody.get("/v1/reports?text=den hoa binh")).json()["items"] == []
    handler = await handler_of(hanoi_town, receipt)
    await handler.act(receipt["id"], {"action": "receive"}, version=1)
    found = (await nobody.get("/v1/reports", params={"text": "den hòa binh"})).json()["items"]
    assert [item["id"] for item in found] == [receipt["id"]]


async def test_a_search_finds_the_beginnings_of_words_and_a_code_however_typed(
    hanoi_town: Town,
) -> None:
    _, receipt = await submitted(hanoi_town, description="Ổ gà trước cổng trường")
    handler = await handler_of(hanoi_town, receipt)

    async def count(text: str) -> int:
        answer = await handler.get("/v1/agency/queue", params={"text": text})
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert await count("o ga truo") == 1
    assert await count("ruong") == 0
    assert await count(receipt["code"].lower().replace("-", " ")) == 1
    assert await count("2222-2222-222") == 0


async def test_lists_are_filtered_by_place_category_and_status(hanoi_town: Town) -> None:
    _, receipt = await submitted(hanoi_town)
    handler = await handler_of(hanoi_town, receipt)
    await handler.act(receipt["id"], {"action": "receive"}, version=1)
    lon, lat = hanoi_town.city.centre
    nobody = hanoi_town.nobody()

    async def count(**params: object) -> int:
        answer = await nobody.get("/v1/reports", params={k: str(v) for k, v in params.items()})
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert await count(bbox=f"{lon - 0.01},{lat - 0.01},{lon + 0.01},{lat + 0.01}") == 1
    assert await count(bbox=f"{lon + 0.1},{lat},{lon + 0.2},{lat + 0.1}") == 0
    assert await count(near=f"{lat},{lon}", radius_m=50) == 1
    assert await count(status="received", category=receipt["category"]["code"]) == 1
    assert await count(unit=receipt["unit"]["code"]) == 1
    assert await count(status="closed") == 0


@pytest.mark.parametrize(
    "query",
    [
        "bbox=1,2,3",
        "bbox=a,b,c,d",
        "bbox=nan,0,1,1",
        "near=95,0",
        "limit=0",
        "limit=101",
        "cursor=x!",
    ],
)
async def test_a_bad_query_is_refused(shared_town: Town, query: str) -> None:
    answer = await shared_town.nobody().get(f"/v1/reports?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_similar_open_reports_near_by_are_found(hanoi_town: Town) -> None:
    _, receipt = await submitted(hanoi_town, description="Cây đổ chắn ngang đường")
    handler = await handler_of(hanoi_town, receipt)
    await handler.act(receipt["id"], {"action": "receive"}, version=1)
    lon, lat = hanoi_town.city.centre
    answer = await hanoi_town.nobody().get(
        "/v1/reports/similar",
        params={
            "category": receipt["category"]["code"],
            "lat": lat,
            "lon": lon + 0.0005,
            "text": "cay do ngang duong",
        },
    )
    found = answer.json()["items"]
    assert [item["id"] for item in found] == [receipt["id"]]
    assert 40 < found[0]["distance_m"] < 70


@pytest.mark.parametrize("name", ["status", "category", "field", "unit", "agency"])
async def test_the_public_list_refuses_what_the_city_does_not_have(
    shared_town: Town, name: str
) -> None:
    refused = await shared_town.nobody().get("/v1/reports", params={name: "nothing"})
    assert refused.status_code == 400
    assert refused.json()["fields"] == [{"path": name, "reason": "unknown"}]


async def test_the_public_list_of_an_agency_holds_open_and_finished_reports_newest_first(
    hanoi_town: Town,
) -> None:
    reports = [
        made(hanoi_town, status=status, received_at=now(), due_at=None)
        for status in (Status.RECEIVED, Status.RESOLVED, Status.WAITING, Status.CLOSED) * 2
    ]
    await there_are(hanoi_town, *reports)
    seen: list[str] = []
    query = {"agency": reports[0].agency, "limit": "3"}
    while True:
        told = (await hanoi_town.nobody().get("/v1/reports", params=query)).json()
        seen += [item["id"] for item in told["items"]]
        if "next_cursor" not in told:
            break
        query["cursor"] = told["next_cursor"]
    assert seen == [str(report.id) for report in reversed(reports)]
