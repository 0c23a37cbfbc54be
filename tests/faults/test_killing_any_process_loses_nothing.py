"""`kill -9` of any process, at any moment: what was answered is kept, and told exactly once."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from shutil import rmtree

import pytest

from smartcity.city.model import City
from tests.faults.installations import Apart, Installation, Part, Supervised
from tests.faults.ordeals import endure
from tests.standins.fixtures import Fcm

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[Apart, Supervised], ids=["each by itself", "under up"])
async def installation(
    request: pytest.FixtureRequest, tmp_path: Path, fcm: Fcm
) -> AsyncIterator[Installation]:
    made: Installation = request.param(tmp_path, fcm_endpoint=fcm.url)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()
        rmtree(tmp_path)


async def test_every_part_may_be_killed_while_people_go_on(
    installation: Installation, hanoi: City, fcm: Fcm
) -> None:
    dice = Random(20260713)
    kills = dice.sample(list(Part), k=len(Part)) + dice.choices(list(Part), k=2)
    await endure(installation, hanoi, fcm, kills, dice)
