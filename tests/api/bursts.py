"""Bursts of reports from new devices, and what is held because of one."""

import asyncio
from datetime import timedelta
from itertools import count
from typing import Any, cast

import httpx

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.identifiers import token_hash
from tests.api.town import Person, Town

ALLOWED = 20
POTHOLE = "pothole"  # it can wait
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
