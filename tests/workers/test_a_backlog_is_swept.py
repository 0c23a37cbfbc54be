"""A hundred thousand overdue reports, as after weeks without workers.

`make prove ARGS=-s` shows the figures.
"""

import time
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec
import pytest
import structlog
from pymongo import UpdateOne

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.identifiers import new_code, new_id
from smartcity.reports.clockwork.store import INDEXES as ALARMS
from smartcity.reports.clockwork.sweep import BATCH
from smartcity.reports.deadlines import Clocks
from smartcity.reports.model import Alarm, Report
from smartcity.reports.requests import Step
from smartcity.reports.steps import take
from smartcity.reports.store import INDEXES, ReportStore
from smartcity.reports.words import Action, Party
from smartcity.storage.migrations import create_indexes
from smartcity.storage.mongo import Database, to_document
from tests.unit.reports_made import among, make_report
from tests.workers.clockworks import sweep_over

log = structlog.get_logger(__name__)

pytestmark = [pytest.mark.anyio, pytest.mark.prove]

BACKLOG: Final = 100_000
CHUNK: Final = 5_000
FRESH_EVERY: Final = 20
"""So often, in batches, a warning of this minute comes in while the backlog is swept."""


async def test_a_hundred_thousand_overdue_reports_are_swept_and_new_ones_do_not_wait(
    new_database: Database, hanoi: City, tmp_path: Path
) -> None:
    await create_indexes(new_database, INDEXES, lambda _: None)
    await create_indexes(new_database, ALARMS, lambda _: None)
    store, sweep = ReportStore(new_database), sweep_over(new_database, hanoi, tmp_path)
    pattern = _overdue(hanoi)
    for first in range(0, BACKLOG, CHUNK):
        await store.take_in([_copy(pattern, first + n) for n in range(CHUNK)])
    floor = await _floor(new_database, pattern)

    reports, batches, took_s, waited = new_database["reports"], 0, 0.0, list[int]()
    fresh, since = None, 0
    while True:
        if batches % FRESH_EVERY == 0:
            fresh, since = make_report(hanoi, at=now()), batches
            soon = Alarm(at=now() - timedelta(seconds=1), action=Action.WARN)
            await store.take_in([msgspec.structs.replace(fresh, alarm=soon)])
        began = time.perf_counter()
        found = await sweep.run_once()
        took_s += time.perf_counter() - began
        batches += 1
        assert found <= BATCH
        if fresh is not None:
            kept = await store.find(fresh.id)
            if kept and any(entry.action is Action.WARN for entry in kept.timeline):
                waited.append(batches - since)
                fresh = None
        if found < BATCH // 4:
            break
    assert max(waited) <= 2
    assert await reports.count_documents({"level": 1, "version": 2}) == BACKLOG
    log.info(
        "swept",
        reports=BACKLOG,
        batches=batches,
        per_s=round(BACKLOG / took_s),
        bare_driver_per_s=round(floor),
        share_of_bare=round(BACKLOG / took_s / floor, 2),
        longest_wait_of_a_new_one_in_batches=max(waited),
    )


def _overdue(city: City) -> Report:
    report = make_report(city, at=now() - timedelta(days=60))
    assert report.alarm
    found = among(city, Clocks(city), Party.CLOCK, at=report.alarm.at)
    return take(report, Step(action=Action.WARN), found).report


def _copy(pattern: Report, number: int) -> Report:
    assert pattern.alarm
    at = pattern.alarm.at + timedelta(milliseconds=number)
    return msgspec.structs.replace(
        pattern,
        id=new_id(),
        code=new_code(),
        submission=new_id().bytes,
        alarm=msgspec.structs.replace(pattern.alarm, at=at),
    )


async def _floor(database: Database, pattern: Report) -> float:
    """Documents a second of the same batches, found by their ids and changed, with nothing else."""
    bare = database["bare"]
    ids = [new_id() for _ in range(CHUNK)]
    document = to_document(pattern)
    await bare.insert_many([document | {"_id": one} for one in ids])
    began = time.perf_counter()
    for first in range(0, CHUNK, BATCH):
        batch = ids[first : first + BATCH]
        await bare.find({"_id": {"$in": batch}}).to_list()
        entry = {"$push": {"timeline": document["timeline"][0]}, "$set": {"level": 1}}
        await bare.bulk_write([UpdateOne({"_id": one}, entry) for one in batch], ordered=False)
    return CHUNK / (time.perf_counter() - began)
