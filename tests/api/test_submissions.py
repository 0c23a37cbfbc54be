"""Reports sent through HTTP: taken once, or refused with the reason."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.api.reporting import pothole
from tests.api.town import Town, town

pytestmark = pytest.mark.anyio


HAI_PHONG = {"lat": 20.8449, "lon": 106.6881}


async def test_a_submission_is_answered_with_everything_a_receipt_needs(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    answer = await device.submit(pothole(hanoi_town.city))
    receipt = answer.json()
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == f"/v1/reports/{receipt['id']}"
    assert receipt["status"] == "submitted"
    assert receipt["approximate"] is True
    assert receipt["unit"]["code"] in hanoi_town.city.units
    assert receipt["agency"]["code"] in hanoi_town.city.agencies
    assert receipt["rule"]
    assert len(receipt["secret"]) == 6
    deadlines = receipt["deadlines"]
    assert receipt["submitted_at"] < deadlines["receive_by"] < deadlines["resolve_by"]


async def test_the_same_submission_sent_50_times_at_once_makes_one_report(
    hanoi_town: Town,
) -> None:
    device = await hanoi_town.device()
    report = pothole(hanoi_town.city)
    answers = await asyncio.gather(*(device.submit(report, key="once") for _ in range(50)))
    assert sorted(a.status_code for a in answers) == [200] * 49 + [201]
    assert len({a.json()["id"] for a in answers}) == 1
    assert len({a.json()["secret"] for a in answers}) == 1
    assert await hanoi_town.database["reports"].count_documents({}) == 1


async def test_the_same_key_with_another_body_is_refused(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    await device.submit(pothole(hanoi_town.city), key="once")
    answer = await device.submit(pothole(hanoi_town.city, description="Khác"), key="once")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


async def test_the_same_key_of_another_device_is_another_report(hanoi_town: Town) -> None:
    one, other = await hanoi_town.device(), await hanoi_town.device()
    report = pothole(hanoi_town.city)
    ids = {(await d.submit(report, key="once")).json()["id"] for d in (one, other)}
    assert len(ids) == 2


async def test_a_point_in_hai_phong_is_refused_with_the_bounds(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    answer = await device.submit(pothole(hanoi_town.city, location=HAI_PHONG))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "outside_city")
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"west", "south", "east", "north"} <= problem.keys()
    assert await hanoi_town.database["reports"].count_documents({}) == 0


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"category": "no-such-category"}, "category"),
        ({"description": ""}, "description"),
        ({"location": {"lat": 95, "lon": 105}}, "location.lat"),
        ({"location": None}, "location"),
        ({"unit": "99999"}, "unit"),
        ({"unknown": 1}, "unknown"),
        ({"answers": {"no-such-question": "x"}}, "answers.no-such-question"),
        ({"attachments": ["0197a0f0-0000-7000-8000-000000000000"]}, "attachments.0"),
    ],
)
async def test_a_mistake_is_named_by_its_path_and_nothing_is_written(
    hanoi_town: Town, change: dict[str, Any], path: str
) -> None:
    device = await hanoi_town.device()
    answer = await device.submit(pothole(hanoi_town.city, **change))
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "invalid"
    assert path in {f["path"] for f in answer.json()["fields"]} or path in str(answer.json())
    assert await hanoi_town.database["reports"].count_documents({}) == 0


async def test_what_a_request_lacks_is_named(hanoi_town: Town) -> None:
    device = await hanoi_town.device()
    keyless = await device.ask("POST", "/v1/reports", json=pothole(hanoi_town.city))
    assert keyless.json()["fields"] == [{"path": "Idempotency-Key", "reason": "required"}]
    boxless = await device.get("/v1/map/reports.geojson")
    assert boxless.json()["fields"] == [{"path": "bbox", "reason": "required"}]


async def test_a_replay_does_not_count_against_the_rate_limit(
    mongo_uri: str, tmp_path: Path
) -> None:
    async with town(mongo_uri, tmp_path, rate_limits="on", limit_reports="2/hour") as small:
        device = await small.device()
        report = pothole(small.city)
        fresh = await device.submit(report, key="first")
        assert [(await device.submit(report, key="first")).status_code for _ in range(5)] == [
            200
        ] * 5
        assert (await device.submit(report, key="second")).status_code == 201
        refused = await device.submit(report, key="third")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        again = await device.submit(report, key="first")
        assert (again.status_code, again.json()) == (200, fresh.json())
