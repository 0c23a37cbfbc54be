"""Reports through HTTP: made by citizens, and who handles them."""

from typing import Any

from smartcity.city.model import City, Publicity
from tests.api.town import Person, Town
from tests.unit.reports_made import category_of


def pothole(city: City, **more: Any) -> dict[str, Any]:
    """A report of one, with a number in its text that is not for everybody."""
    lon, lat = city.centre
    return {
        "category": category_of(city),
        "description": "Ổ gà sâu trước cổng trường, gọi tôi 0912345678",
        "location": {"lat": lat, "lon": lon, "accuracy_m": 12},
        **more,
    }


def category_that_is(town: Town, publicity: Publicity) -> dict[str, Any]:
    """A report of a category of this publicity, with the answers that it asks for."""
    found = next(
        c
        for c in town.city.categories.values()
        if c.public is publicity and not any(q.required for q in c.questions)
    )
    return {"category": found.code}


async def handler_of(town: Town, report: dict[str, Any], *roles: str) -> Person:
    return await town.staff(*(roles or ("handler",)), agencies=[report["agency"]["code"]])


async def submitted(town: Town, **more: Any) -> tuple[Person, dict[str, Any]]:
    device = await town.device()
    answer = await device.submit(pothole(town.city, **more))
    assert answer.status_code == 201, answer.text
    return device, answer.json()
