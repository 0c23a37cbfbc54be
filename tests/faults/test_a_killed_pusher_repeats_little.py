"""A worker is killed in the middle of a bulk of pushes: none is missed, and no more are repeated
than it had in hand.
"""

from collections.abc import AsyncIterator
from itertools import cycle
from pathlib import Path

import pytest

from smartcity.storage.mongo import Database, connect
from tests.faults.installations import Apart, running
from tests.faults.processes import until
from tests.standins.fixtures import Fcm
from tests.workers.backlog import backlog, phones, some_wait
from workers.pusher import IN_HAND

pytestmark = pytest.mark.anyio

BULK = 4 * IN_HAND  # before the second death more is taken than may come twice
PER_SECOND = 20_000  # of which a tenth leaves in the first second


@pytest.fixture
async def installation(
    request: pytest.FixtureRequest, tmp_path: Path, fcm: Fcm
) -> AsyncIterator[Apart]:
    made = Apart(tmp_path, workers=request.param, fcm_endpoint=fcm.url, push_per_second=PER_SECOND)
    async with running(made):
        yield made


@pytest.fixture
async def kept(installation: Apart) -> AsyncIterator[Database]:
    client, database = connect(installation.mongo_uri, "smartcity", timeout_s=30, pool=4)
    async with client:
        yield database


async def at_least(fcm: Fcm, count: int) -> None:
    async def taken() -> bool:
        return fcm.counts().get("taken", 0) >= count

    await until(taken, f"{count} pushes were taken")


async def all_settled(database: Database) -> None:
    async def settled() -> bool:
        return not await some_wait(database)

    await until(settled, "no push waits", patience_s=90)


@pytest.mark.parametrize("installation", [1, 2], indirect=True)
async def test_workers_that_are_killed_miss_none_and_repeat_at_most_what_they_had_in_hand(
    installation: Apart, kept: Database, fcm: Fcm
) -> None:
    """Of two workers one sends, and by the second death that one has died."""
    await backlog(kept, await phones(kept, 100), BULK)
    for share, worker in zip((0.2, 0.6), cycle(installation.workers), strict=False):
        await at_least(fcm, int(BULK * share))
        await worker.kill_and_start()
    assert await some_wait(kept)
    await all_settled(kept)
    told = fcm.ids()
    assert told["different"] == BULK
    assert told["repeats"] <= 2 * IN_HAND
