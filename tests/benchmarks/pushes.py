# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportPrivateUsage=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Pushes, from the moment they are due to what became of them being written down, by one worker;
and beside it the sender of firebase-admin, which only sends. With `--tls` both speak HTTP/2 over
TLS, as to FCM: then the stand-in's half of the ciphers is paid by the same two cores.

The pace of a quota is set out of the way: what is measured is what the worker can do.
"""

import asyncio
import time
from datetime import timedelta
from typing import Any, Final

import firebase_admin
import httpx
from firebase_admin import credentials, messaging
from google.auth.credentials import AnonymousCredentials

from smartcity.clock import now
from tests.benchmarks.bench import Bench, Rows
from tests.benchmarks.cpu import peak_mb, used_by, used_s
from tests.benchmarks.load import Measured
from tests.benchmarks.table import Row, cost, rate
from tests.workers.backlog import BODY, TITLE, backlog, phones, some_are_due

BUDGET: Final = 10_000
DEVICES: Final = 5000
WRITTEN_A_SECOND: Final = 4000
"""So fast the backlog is certainly written on any machine, before the first of it is due."""

LARGEST_MB: Final = 40
"""What is in hand, its connections and what is read ahead; however much there is to send."""

AT_ONCE: Final = 500
"""The library takes no more in one call."""

PROCESSES: Final = {"worker": "smartcity.cli work", "stand-in": "tests.standins.fcm",
                    "database": "mongod"}  # fmt: skip


async def pushes(bench: Bench) -> Rows:
    theirs = await _theirs(bench)
    before_mb = peak_mb(PROCESSES["worker"])
    ours, shares = await _ours(bench, count := int(bench.seconds * BUDGET))
    grown_mb = peak_mb(PROCESSES["worker"]) - before_mb
    yield rate("push, from due to written down (firebase-admin)", ours, theirs, at_least=BUDGET)
    yield cost(ours, theirs)
    for name, micros in shares.items():
        yield Row(what=f"    of it, {name}", figure=f"{micros:.0f} µs")
    yield Row(
        what=f"  memory the worker took for {count:,}",
        figure=f"{grown_mb:.0f} MB",
        budget=f"<= {LARGEST_MB} MB",
        kept=grown_mb <= LARGEST_MB,
    )


async def _ours(bench: Bench, count: int) -> tuple[Measured, dict[str, float]]:
    devices = await phones(bench.database, DEVICES)
    due_at = now() + timedelta(seconds=count / WRITTEN_A_SECOND + 2)
    await backlog(bench.database, devices, count, due_at)
    assert now() < due_at, "the backlog is there before it is due"
    async with httpx.AsyncClient(base_url=bench.fcm) as fcm:

        async def taken() -> int:
            return (await fcm.get("/standin/ids")).json()["different"]

        before = await taken()
        await asyncio.sleep((due_at - now()).total_seconds())
        used, used_each = used_s(), _used_each()
        begin = time.perf_counter()
        while await taken() < before + count:  # looking at the database would cost it something
            await asyncio.sleep(0.1)
        while await some_are_due(bench.database):
            await asyncio.sleep(0.02)
        passed_s = time.perf_counter() - begin
        shares = {name: (s - used_each[name]) / count * 1e6 for name, s in _used_each().items()}
        repeats = (await fcm.get("/standin/ids")).json()["repeats"]
        assert not repeats, f"{repeats} pushes were sent twice"
    return Measured(count / passed_s, [], (used_s() - used) / count), shares


def _used_each() -> dict[str, float]:
    return {name: used_by(words) for name, words in PROCESSES.items()}


class _Nobody(credentials.Base):
    """The stand-in needs no credentials."""

    def get_credential(self) -> AnonymousCredentials:
        return AnonymousCredentials()


async def _theirs(bench: Bench) -> Measured:
    """What the library's own sender does, from this process."""
    service: Any = messaging._MessagingService
    service.FCM_URL = f"{bench.fcm}/v1/projects/{{0}}/messages:send"
    app = firebase_admin.initialize_app(_Nobody(), {"projectId": "bench"}, name="bench")
    message = messaging.Message(
        fid="phone", notification=messaging.Notification(TITLE, BODY), data={"topic": "report"}
    )
    batch = [message] * AT_ONCE
    await messaging.send_each_async(batch, app=app)
    used, begin, done = used_s(), time.perf_counter(), 0
    while time.perf_counter() < begin + bench.seconds:
        answer = await messaging.send_each_async(batch, app=app)
        assert answer.failure_count == 0, "the stand-in takes them all"
        done += AT_ONCE
    return Measured(done / (time.perf_counter() - begin), [], (used_s() - used) / done)
