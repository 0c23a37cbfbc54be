"""From a change of status to the push of who is told of it: through the API, the feed, the notifier
and the pusher to the stand-in for Firebase.

What is timed begins when a handler's request leaves and ends when the stand-in has the push; both
are told by this machine's clock.
"""

import asyncio
import itertools
import time
from typing import Final
from uuid import UUID

import httpx

from smartcity.identifiers import new_id
from smartcity.identity.devices.model import PushAddress
from smartcity.notifications.fcm.sender import push_sender
from smartcity.notifications.model import Urgency
from smartcity.notifications.push import Outcome, PushMessage
from smartcity.reports.store import COLLECTION
from tests.benchmarks.bare import BARE, copy_of
from tests.benchmarks.bench import Bench, Rows
from tests.benchmarks.load import Connection, Measured, at_rate
from tests.benchmarks.reports import RECEIVE, known
from tests.benchmarks.requests import request, submissions
from tests.benchmarks.table import times
from tests.workers.backlog import BODY, TITLE, some_are_due

CHANGES_A_SECOND: Final = 200
PATIENCE_S: Final = 30.0


async def telling(bench: Bench) -> Rows:
    """Of each report this is the first event that its reporter hears of: it goes out at once."""
    floor = await _floor(bench)
    changed = await _told(bench, await _reports(bench))
    what = f"change of status to push, {CHANGES_A_SECOND}/s"
    yield times(what, changed, floor, p99_ms=1000)


async def _reports(bench: Bench) -> list[UUID]:
    """New ones, of devices with an address for pushes, and published."""
    connection, *_ = bench.system
    for number, token in enumerate(bench.people.devices):
        address = b'{"push":{"kind":"fid","value":"reporter-%d"}}' % number
        await connection.ask(request("PATCH", "/v1/devices/me", address, token=token))
    asks = submissions(bench.people.devices, bench.people.bodies)
    count = int(CHANGES_A_SECOND * bench.seconds)
    made = [
        known.decode(await connection.ask(ask, 201)).id for _, ask in itertools.islice(asks, count)
    ]
    async with asyncio.timeout(PATIENCE_S):
        while await bench.database[COLLECTION].find_one({"outbox_at": {"$exists": True}}):
            await asyncio.sleep(0.1)
        while await some_are_due(bench.database):
            await asyncio.sleep(0.1)
    return made


async def _told(bench: Bench, reports: list[UUID]) -> Measured:
    asked: dict[str, float] = {}
    left = iter(reports)

    async def receive(connection: Connection) -> None:
        report = str(next(left))
        step = request(
            "POST", f"/v1/reports/{report}/actions", RECEIVE,
            token=bench.people.handler, If_Match='"1"',
        )  # fmt: skip
        asked[report] = time.time()
        await connection.ask(step)

    async with httpx.AsyncClient(base_url=bench.fcm) as fcm:
        await fcm.delete("/standin/messages")
        load = await at_rate(bench.system, receive, CHANGES_A_SECOND, bench.seconds)
        async with asyncio.timeout(PATIENCE_S):
            while (await fcm.get("/standin/ids")).json()["different"] < len(reports):
                await asyncio.sleep(0.1)
        taken = (await fcm.get("/standin/messages")).json()
    assert len(taken) == len(reports), "each was pushed once, and none is forgotten"
    took = sorted(one["at"] - asked[one["message"]["data"]["subject"]] for one in taken)
    return Measured(load.rate, took, load.cpu_s)


async def _floor(bench: Bench) -> Measured:
    """The least that there is to it: one durable write, then the request of the push, at once."""
    bare, template = bench.database[BARE], await bench.database[BARE].find_one()
    assert template is not None, "the population has made it"
    async with push_sender(project="bench", credentials="", endpoint=bench.fcm) as sender:

        async def write_and_push(_: Connection) -> None:
            await bare.insert_one(copy_of(template))
            (result,) = await sender.send([_message()])
            assert result.outcome is Outcome.SENT, "the stand-in takes them all"

        return await at_rate(bench.bare, write_and_push, CHANGES_A_SECOND, bench.seconds / 2)


def _message() -> PushMessage:
    return PushMessage(
        id=new_id(),
        address=PushAddress("fid", "floor"),
        title=TITLE,
        body=BODY,
        data={"topic": "report"},
        urgency=Urgency.NORMAL,
    )
