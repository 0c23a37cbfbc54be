"""How sure the city must be of who sends a report, by category."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.packs import changed_pack
from tests.api.town import Town, town

pytestmark = pytest.mark.anyio

CONDUCT = 'code = "officer-conduct"\n'
CONSENT = {"contact": "2026-01"}
FEES = 'code = "petty-corruption"\n'


@pytest.fixture
async def careful_town(mongo_uri: str, tmp_path: Path) -> AsyncIterator[Town]:
    """Where complaints about an officer need a phone, and such about fees an account."""
    pack = changed_pack(
        tmp_path,
        "categories.toml",
        (CONDUCT, f'{CONDUCT}sender = "phone"\n'),
        (FEES, f'{FEES}sender = "account"\n'),
    )
    async with town(mongo_uri, tmp_path, pack) as started:
        yield started


def complaint(town: Town, category: str = "officer-conduct", **more: Any) -> dict[str, Any]:
    about = {"agency": next(iter(town.city.agencies))}
    return {"category": category, "description": "Thái độ thiếu lịch sự", "subject": about, **more}


async def test_a_device_alone_is_refused_where_more_is_needed_and_told_what(
    careful_town: Town,
) -> None:
    device = await careful_town.device()
    for category, needs in (("officer-conduct", "phone"), ("petty-corruption", "account")):
        answer = await device.submit(complaint(careful_town, category))
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (403, "assurance_needed")
        assert problem["needs"] == needs
        assert "đăng nhập" in problem["detail"]
    assert await careful_town.database["reports"].count_documents({}) == 0


async def test_a_phone_number_that_a_device_merely_writes_down_is_none(careful_town: Town) -> None:
    device = await careful_town.device()
    contact = {"phone": "0912345678"}
    answer = await device.submit(complaint(careful_town, contact=contact))
    assert (answer.status_code, answer.json()["needs"]) == (403, "phone")


async def test_an_operator_speaks_with_a_caller_whose_number_is_in_the_report(
    careful_town: Town,
) -> None:
    operator = await careful_town.staff("operator")
    contact = {"phone": "0912345678"}
    assert (await operator.submit(complaint(careful_town))).status_code == 403
    answer = await operator.submit(complaint(careful_town, contact=contact, consent=CONSENT))
    assert answer.status_code == 201, answer.text
    answer = await operator.submit(
        complaint(careful_town, "petty-corruption", contact=contact, consent=CONSENT)
    )
    assert (answer.status_code, answer.json()["needs"]) == (403, "account")


async def test_the_form_says_beforehand_what_is_needed(careful_town: Town) -> None:
    listed = (await careful_town.nobody().get("/v1/categories")).json()["items"]
    needs = {category["code"]: category["sender"] for category in listed}
    assert (needs["officer-conduct"], needs["petty-corruption"]) == ("phone", "account")
    assert {needs[code] for code in needs.keys() - {"officer-conduct", "petty-corruption"}} == {
        "device"
    }
