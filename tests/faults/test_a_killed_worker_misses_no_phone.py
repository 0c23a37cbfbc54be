"""A worker is killed while it tells phones of an urgent alert: none is missed, and no more are told
twice than it had in hand. A bulk that runs meanwhile waits.
"""

from collections.abc import AsyncIterator
from itertools import cycle
from pathlib import Path

import pytest

from smartcity.alerts.deliveries.model import DeliveryState
from smartcity.storage.mongo import Database, connect
from tests.faults.installations import Apart, running
from tests.faults.processes import until
from tests.standins.fixtures import Fcm
from tests.workers.alerted import Officer, numbered, phones_in
from tests.workers.backlog import backlog, phones, some_wait
from workers.pusher import IN_HAND

pytestmark = pytest.mark.anyio

NEAR = 4 * IN_HAND  # before the second death more is told than may be told twice
BULK = 4000
PER_SECOND = 20_000  # of which a tenth leaves in the first second
WARD = "00070"


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


@pytest.mark.parametrize("installation", [1, 2], indirect=True)
async def test_every_phone_is_told_and_few_twice_though_workers_are_killed(
    installation: Apart, kept: Database, fcm: Fcm
) -> None:
    """Of two workers one sends, and by the second death that one has died."""
    await phones_in(kept, [f"near-{name}" for name in numbered(NEAR)], WARD)
    officer = Officer(kept)
    alert = await officer.issue(WARD)
    await backlog(kept, await phones(kept, 100), BULK)
    for share, worker in zip((0.2, 0.6), cycle(installation.workers), strict=False):

        async def told(count: float = NEAR * share) -> bool:
            return fcm.counts().get("taken", 0) >= count

        await until(told, f"{share:.0%} were told")
        await worker.kill_and_start()
    assert (await officer.delivery(alert)).state is DeliveryState.RUNNING

    async def done() -> bool:
        return (await officer.delivery(alert)).state is DeliveryState.DONE

    await until(done, "everybody was told", patience_s=90)
    bulk_is_waiting = await some_wait(kept)
    assert (await officer.delivery(alert)).progress.sent == NEAR
    targets = [taken["target"] for taken in fcm.messages()]
    told_near = [one for one in targets if one.startswith("near-")]
    assert len(set(told_near)) == NEAR
    assert len(told_near) - NEAR <= 2 * IN_HAND
    assert bulk_is_waiting, "it was overtaken"
