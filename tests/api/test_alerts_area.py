"""Whom an alert is for: never the wrong people, and never too few of the right ones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.api.alerting import act, create, created, issued, revise
from tests.api.packs import changed_pack
from tests.api.town import Person, Town, town

pytestmark = pytest.mark.anyio

AT_THE_LAKE: Mapping[str, float] = {"lat": 21.0288, "lon": 105.8523, "radius_m": 800}
AROUND_IT = [[105.845, 21.022], [105.86, 21.022], [105.86, 21.036], [105.845, 21.036]]


@pytest.fixture
async def officer(hanoi_town: Town) -> Person:
    return await hanoi_town.staff("alerter")


async def follower(town: Town, *units: str) -> Person:
    device = await town.device()
    answer = await device.ask("PATCH", "/v1/devices/me", json={"units": list(units)})
    assert answer.status_code == 200, answer.text
    return device


async def preview(officer: Person, alert: Mapping[str, Any]) -> dict[str, Any]:
    answer = await officer.get(f"/v1/alerts/{alert['id']}/preview")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("area", [{"circle": AT_THE_LAKE}, {"polygon": AROUND_IT}])
async def test_a_shape_is_for_every_unit_that_it_touches(
    area: dict[str, Any], officer: Person
) -> None:
    alert = await created(officer, area=area)
    units = [unit["code"] for unit in alert["draft"]["area"]["units"]]
    assert {"00070", "00082"} <= set(units)
    assert len(units) < 10
    assert alert["draft"]["area"]["approximate"]


async def test_the_preview_counts_each_device_once(hanoi_town: Town, officer: Person) -> None:
    await follower(hanoi_town, "00070", "00082")
    await follower(hanoi_town, "00070")
    await follower(hanoi_town, "00004")
    alert = await created(officer, area={"units": ["00070", "00082"]})
    told = await preview(officer, alert)
    assert told["devices"] == 2
    assert [(unit["code"], unit["devices"]) for unit in told["units"]] == [
        ("00070", 2),
        ("00082", 1),
    ]
    assert "residents" not in told
    assert (told["mode"], told["second_person"], told["version"]) == ("topics", False, 1)


async def test_an_alert_for_the_whole_city_is_for_those_who_follow_nothing_too(
    hanoi_town: Town, officer: Person
) -> None:
    await follower(hanoi_town, "00070")
    await hanoi_town.device()
    told = await preview(officer, await created(officer, area={"everywhere": True}))
    assert (told["everywhere"], told["devices"], len(told["units"])) == (True, 2, 126)


async def test_who_is_left_out_of_an_update_is_told(hanoi_town: Town, officer: Person) -> None:
    await follower(hanoi_town, "00082")
    alert = await issued(officer, area={"units": ["00070", "00082"]})
    smaller = (await revise(officer, alert, area={"units": ["00070"]})).json()
    told = await preview(officer, smaller)
    assert told["devices"] == 1
    assert [unit["code"] for unit in told["no_longer"]] == ["00082"]


async def test_residents_that_no_device_tells_are_counted_where_the_pack_knows_them(
    mongo_uri: str, tmp_path: Path
) -> None:
    pack = changed_pack(
        tmp_path,
        "units.csv",
        ("area_km2,lon,lat", "area_km2,population,lon,lat"),
        (",2.97,105.838", ",2.97,65023,105.838"),
        (",1.91,105.85,", ",1.91,105301,105.85,"),
    )
    lines = (Path(pack) / "units.csv").read_text("utf-8").splitlines()
    header = lines[0].count(",")
    padded = [line if line.count(",") == header else _without_population(line) for line in lines]
    (Path(pack) / "units.csv").write_text("\n".join(padded) + "\n", "utf-8")
    async with town(mongo_uri, tmp_path / "data", city=pack) as hanoi:
        officer = await hanoi.staff("alerter")
        await follower(hanoi, "00070")
        units = {"units": ["00004", "00070", "00008"]}
        told = await preview(officer, await created(officer, area=units))
    assert told["residents"] == 65_023 + 105_301
    assert told["not_reached"] == told["residents"] - 1
    by_code = {unit["code"]: unit.get("population") for unit in told["units"]}
    assert by_code == {"00004": 65_023, "00070": 105_301, "00008": None}


def _without_population(line: str) -> str:
    before, lon, lat = line.rsplit(",", 2)
    return f"{before},,{lon},{lat}"


async def test_in_a_city_without_units_an_alert_is_for_everybody(
    mongo_uri: str, tmp_path: Path
) -> None:
    async with town(mongo_uri, tmp_path, city="boston") as boston:
        officer = await boston.staff("alerter")
        await boston.device()
        circle = {"circle": {"lat": 42.36, "lon": -71.06, "radius_m": 500}}
        words = {"en": {"event": "Fire", "headline": "Fire", "description": "At City Hall."}}
        alert = await created(officer, area=circle, texts=words)
        told = await preview(officer, alert)
        assert (told["everywhere"], told["devices"], told["units"]) == (True, 1, [])
        assert (await act(officer, alert, "issue")).status_code == 200


@pytest.mark.parametrize(
    ("area", "path", "reason"),
    [
        ({}, "area", "one_of_units_polygon_circle_everywhere"),
        (
            {"everywhere": True, "units": ["00070"]},
            "area",
            "one_of_units_polygon_circle_everywhere",
        ),
        ({"units": ["00070", "99999"]}, "area.units.1", "unknown"),
        (
            {"polygon": [[105.84, 21.02], [105.86, 21.04], [105.86, 21.02], [105.84, 21.04]]},
            "area.polygon",
            "not_a_polygon",
        ),
        ({"polygon": [[105.84, 21.02]] * 3}, "area.polygon", "not_a_polygon"),
        (
            {"polygon": [[105.8, 21.0], [105.9, 21.1], [105.85, 21.05]]},
            "area.polygon",
            "not_a_polygon",
        ),
    ],
)
async def test_an_area_that_is_none_is_refused(
    area: dict[str, Any], path: str, reason: str, officer: Person
) -> None:
    answer = await create(officer, area=area)
    assert answer.status_code == 400
    assert answer.json()["fields"] == [{"path": path, "reason": reason}]


async def test_an_area_with_lat_and_lon_confused_is_refused(officer: Person) -> None:
    confused = [[lat, lon] for lon, lat in AROUND_IT]
    answer = await create(officer, area={"polygon": confused})
    assert answer.status_code == 400
    assert answer.json()["fields"][0]["path"].startswith("area.polygon")


async def test_a_shape_outside_the_city_is_refused(officer: Person) -> None:
    haiphong = {"lat": 20.8449, "lon": 106.6881, "radius_m": 1000}
    answer = await create(officer, area={"circle": haiphong})
    assert (answer.status_code, answer.json()["code"]) == (422, "outside_city")


@pytest.mark.parametrize(
    ("changed", "path", "reason"),
    [
        ({"expires": "2020-01-01T00:00:00Z"}, "expires", "past"),
        ({"expires": "2090-01-01T00:00:00Z"}, "expires", "too_late"),
        ({"onset": "2090-01-01T00:00:00Z"}, "onset", "after_expires"),
        ({"onset": "1905-01-01T00:00:00Z"}, "onset", "too_early"),
        ({"effective": "1905-01-01T00:00:00Z"}, "effective", "too_early"),
        (
            {"texts": {"vi": {"event": "a", "headline": "b", "description": "c"}}},
            "texts.en",
            "required",
        ),
    ],
)
async def test_what_would_go_out_wrong_is_refused_with_its_field(
    changed: dict[str, Any], path: str, reason: str, officer: Person
) -> None:
    answer = await create(officer, **changed)
    assert answer.status_code == 400
    assert answer.json()["fields"] == [{"path": path, "reason": reason}]


async def test_a_language_that_the_city_has_not_is_refused(officer: Person) -> None:
    words = {"event": "a", "headline": "b", "description": "c\u0000"}
    answer = await create(officer, texts={"vi": words, "en": words, "fr": words})
    assert answer.json()["fields"] == [
        {"path": "texts.fr", "reason": "unknown"},
        *(
            {"path": f"texts.{language}.description", "reason": "control_character"}
            for language in ("vi", "en", "fr")
        ),
    ]
