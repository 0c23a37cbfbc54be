"""`kill -9` of any process, at any moment: what was answered is kept, and told exactly once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random

import pytest

from smartcity.city.model import City
from tests.faults.installations import Apart, Installation, Part, Supervised, running
from tests.faults.ordeals import endure
from tests.faults.replica_sets import ThreeServers
from tests.standins.fixtures import Fcm

pytestmark = pytest.mark.anyio

PARTS = list(Part)


@pytest.fixture(params=[Apart, Supervised], ids=["each by itself", "under up"])
async def installation(
    request: pytest.FixtureRequest, tmp_path: Path, fcm: Fcm
) -> AsyncIterator[Installation]:
    async with running(request.param(tmp_path, fcm_endpoint=fcm.url)) as started:
        yield started


@pytest.fixture
async def apart(tmp_path: Path, fcm: Fcm) -> AsyncIterator[Installation]:
    async with running(Apart(tmp_path, fcm_endpoint=fcm.url)) as started:
        yield started


@pytest.fixture
async def replicated(tmp_path: Path, fcm: Fcm) -> AsyncIterator[Installation]:
    """On a database of three members, of which one at a time may die."""
    database = ThreeServers(tmp_path)
    async with running(Apart(tmp_path, database=database, fcm_endpoint=fcm.url)) as started:
        yield started


async def one_by_one(installation: Installation, parts: Sequence[Part], dice: Random) -> None:
    """Kill each when people got on again after the one before."""
    for part in parts:
        await installation.until_ready()
        await asyncio.sleep(dice.uniform(0.2, 0.8))
        await installation.kill(part)


async def at_any_moment(installation: Installation, parts: Sequence[Part], dice: Random) -> None:
    """Kill each whether or not the one before is back."""
    for part in parts:
        await asyncio.sleep(dice.uniform(0, 3))
        await installation.kill(part)


async def test_every_part_may_be_killed_while_people_go_on(
    installation: Installation, hanoi: City, fcm: Fcm
) -> None:
    dice = Random(20260713)
    parts = dice.sample(PARTS, k=len(PARTS)) + dice.choices(PARTS, k=2)
    assert await endure(installation, hanoi, fcm, one_by_one(installation, parts, dice))


@pytest.mark.prove
async def test_thirty_kills_at_any_moment_lose_nothing(
    apart: Installation, hanoi: City, fcm: Fcm
) -> None:
    dice = Random(20260714)
    parts = dice.choices(PARTS, k=30)
    assert await endure(apart, hanoi, fcm, at_any_moment(apart, parts, dice))


@pytest.mark.prove
async def test_the_death_of_the_primary_loses_nothing_that_was_answered(
    replicated: Installation, hanoi: City, fcm: Fcm
) -> None:
    dice = Random(20260715)
    parts = [Part.DATABASE] * 6
    await endure(replicated, hanoi, fcm, one_by_one(replicated, parts, dice))
