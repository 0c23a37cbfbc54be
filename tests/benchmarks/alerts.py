"""An urgent alert, told to every phone of a city by one worker, which is killed in the middle."""

import asyncio
import time
from typing import Final

import httpx

from smartcity.alerts.deliveries.model import Delivery, DeliveryState
from smartcity.alerts.model import Alert
from smartcity.identity.devices.store import DEVICES
from tests.benchmarks.bench import Bench, Rows
from tests.benchmarks.cpu import used_by, used_s
from tests.benchmarks.pushes import BUDGET, PROCESSES
from tests.benchmarks.table import Row
from tests.workers.alerted import Officer
from tests.workers.backlog import phones
from workers.pusher import IN_HAND

CHUNK: Final = 10_000


async def alerts(bench: Bench) -> Rows:
    for start in range(0, bench.phones, CHUNK):
        await phones(bench.database, min(CHUNK, bench.phones - start))
    everybody = await bench.database[DEVICES].count_documents({"push.value": {"$exists": True}})
    officer = Officer(bench.database)
    async with httpx.AsyncClient(base_url=bench.fcm) as fcm:

        async def told() -> tuple[int, int]:
            """How many different ones the stand-in took, and how many twice."""
            ids = (await fcm.get("/standin/ids")).json()
            return ids["different"], ids["repeats"]

        before, again = await told()
        begin, used, used_each = time.perf_counter(), used_s(), _used_each()
        alert = await officer.issue()
        while (half := (await told())[0] - before) < everybody // 2:
            await asyncio.sleep(0.1)
        passed_s, cpu_s = time.perf_counter() - begin, used_s() - used
        shares = {name: spent - used_each[name] for name, spent in _used_each().items()}
        await bench.kill_and_start_worker()
        delivery = await _done(officer, alert)
        different, repeats = await told()
    missed = everybody - (different - before)
    rate = half / passed_s
    yield Row(
        what="alert to each phone, from issued to told",
        figure=f"{rate:,.0f}/s",
        budget=f">= {BUDGET:,}/s",
        kept=rate >= BUDGET,
    )
    yield Row(what="  CPU of one, in all processes", figure=f"{cpu_s / half * 1000:.2f} ms")
    for name, spent in shares.items():
        yield Row(what=f"    of it, {name}", figure=f"{spent / half * 1e6:.0f} µs")
    yield Row(
        what=f"  of {everybody:,}, a worker killed in the middle",
        figure=f"{missed:,} missed",
        budget="0",
        kept=not missed and delivery.progress.sent == everybody,
    )
    yield Row(
        what="  told twice, under the same id",
        figure=f"{repeats - again:,}",
        budget=f"<= {IN_HAND:,}",
        kept=repeats - again <= IN_HAND,
    )


async def _done(officer: Officer, alert: Alert) -> Delivery:
    while (delivery := await officer.delivery(alert)).state is not DeliveryState.DONE:
        await asyncio.sleep(0.25)
    return delivery


def _used_each() -> dict[str, float]:
    return {name: used_by(words) for name, words in PROCESSES.items()}
