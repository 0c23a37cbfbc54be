"""Two workers at once, of which one sleeps for longer than its lease and wakes up again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from smartcity.city.model import City
from smartcity.feed.store import PUBLISHER
from smartcity.storage.leases import COLLECTION as LEASES
from smartcity.storage.mongo import connect
from tests.faults.installations import LEASE_S, Apart, running
from tests.faults.ordeals import endure
from tests.standins.fixtures import Fcm

pytestmark = pytest.mark.anyio


@pytest.fixture
async def installation(tmp_path: Path, fcm: Fcm) -> AsyncIterator[Apart]:
    made = Apart(tmp_path, workers=2, fcm_endpoint=fcm.url)
    async with running(made):
        yield made


async def fence(installation: Apart) -> int:
    """How often the publisher's lease has changed hands."""
    client, database = connect(installation.mongo_uri, "smartcity", timeout_s=10, pool=1)
    async with client:
        lease = await database[LEASES].find_one({"_id": PUBLISHER})
    assert lease, "a worker has taken it"
    return lease["fence"]


async def sleep_in_turn(installation: Apart) -> None:
    for worker in installation.workers:
        await asyncio.sleep(1)
        worker.pause()
        await asyncio.sleep(LEASE_S * 1.5)
        worker.wake()


async def test_a_worker_that_slept_for_longer_than_its_lease_doubles_and_loses_nothing(
    installation: Apart, hanoi: City, fcm: Fcm
) -> None:
    before = await fence(installation)
    await endure(installation, hanoi, fcm, sleep_in_turn(installation))
    assert await fence(installation) > before
