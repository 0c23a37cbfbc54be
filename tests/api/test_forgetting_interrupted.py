"""Erasure and retention that die, or meet somebody who works on the same report."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
import time_machine

from smartcity.clock import now
from smartcity.feed.store import FeedStore
from smartcity.identifiers import new_id
from smartcity.people.erasure import REMEMBERED, Eraser
from smartcity.people.store import ERASURES, PeopleStore
from smartcity.reports.model import Report
from smartcity.reports.personal.forgetting import Forgetting
from smartcity.reports.personal.store import PersonalStore
from smartcity.reports.store import ReportStore
from tests.api.reporting import handler_of, pothole, submitted
from tests.api.test_me import CONSENT, CONTACT, NOTICE, WORDS, Dies, eraser
from tests.api.town import Person, Town
from tests.unit.sample_files import photo
from tests.unit.test_privacy_commands import everything, months_later, run

pytestmark = pytest.mark.anyio


async def with_everything(town: Town) -> tuple[Person, dict[str, Any]]:
    device = await town.device()
    file = (await device.ask("POST", "/v1/attachments", content=photo())).json()["id"]
    report = pothole(
        town.city, description=WORDS, contact=CONTACT, consent=CONSENT, attachments=[file]
    )
    receipt = (await device.submit(report)).json()
    await device.act(receipt["id"], {"action": "withdraw"})
    return device, receipt


async def until_done(one: Eraser) -> None:
    while await one.run_once():
        pass


class DiesBeforeAnyReport(PersonalStore):
    async def rewrite(self, changed: Sequence[tuple[Report, Report]]) -> int:
        raise ConnectionError


class DiesAfterTheReports(PersonalStore):
    async def rewrite(self, changed: Sequence[tuple[Report, Report]]) -> int:
        await super().rewrite(changed)
        raise ConnectionError


class DiesBeforeTheFeed(FeedStore):
    async def forget(self, persons: Collection[UUID]) -> None:
        raise ConnectionError


class DiesBeforeItIsNoted(PeopleStore):
    async def finish(self, erasures: Collection[UUID], at: datetime) -> None:
        raise ConnectionError


async def test_an_eraser_that_dies_at_any_step_is_finished_by_the_next(hanoi_town: Town) -> None:
    device, receipt = await with_everything(hanoi_town)
    await device.ask("DELETE", "/v1/me")
    database = hanoi_town.database
    dying = [
        eraser(hanoi_town, Dies()),
        eraser(hanoi_town, personal=DiesBeforeAnyReport(database)),
        eraser(hanoi_town, personal=DiesAfterTheReports(database)),
    ]
    for one in dying:
        assert await database["reports"].count_documents({"description": WORDS}) == 1
        with pytest.raises(ConnectionError):
            await one.run_once()
    with time_machine.travel(now() + REMEMBERED + timedelta(seconds=1), tick=True):
        for one in (
            eraser(hanoi_town, feed=DiesBeforeTheFeed(database)),
            eraser(hanoi_town, people=DiesBeforeItIsNoted(database)),
        ):
            assert await database[ERASURES].count_documents({"persons": {"$exists": True}}) == 1
            with pytest.raises(ConnectionError):
                await until_done(one)
        await eraser(hanoi_town).run_once()
    left = await database["reports"].find_one({"code": receipt["code"]})
    assert left is not None
    assert left["description"] == NOTICE
    assert await database["attachments"].count_documents({}) == 0
    assert await database["consents"].count_documents({}) == 0
    assert await database[ERASURES].count_documents({"persons": {"$exists": True}}) == 0


async def test_what_is_written_while_a_report_is_forgotten_is_not_left_out(
    hanoi_town: Town,
) -> None:
    device, receipt = await submitted(hanoi_town, description=WORDS)
    store, personal = ReportStore(hanoi_town.database), PersonalStore(hanoi_town.database)
    before = await store.find(UUID(receipt["id"]))
    assert before is not None
    await device.act(receipt["id"], {"action": "comment", "text": "Gọi 0987654321"})
    after = Forgetting(hanoi_town.city).erased(before)
    assert await personal.rewrite([(before, after)]) == 0, "it is read again"
    handler = await handler_of(hanoi_town, receipt)
    await device.ask("DELETE", "/v1/me")
    while await eraser(hanoi_town).run_once():
        pass
    shown = (await handler.get(f"/v1/reports/{receipt['id']}")).json()
    assert shown["timeline"][-1]["text"] == "Gọi •••"


async def test_a_step_upon_a_report_that_was_forgotten_meanwhile_writes_nothing(
    hanoi_town: Town,
) -> None:
    device, receipt = await submitted(hanoi_town, description=WORDS)
    store = ReportStore(hanoi_town.database)
    await device.act(receipt["id"], {"action": "comment", "text": "Một"})
    read = await store.find(UUID(receipt["id"]))
    assert read is not None
    await device.ask("DELETE", "/v1/me")
    while await eraser(hanoi_town).run_once():
        pass
    late = msgspec.structs.replace(read.timeline[-1], id=new_id())
    assert await store.advance(read, read, [late], []) is None


async def test_a_dry_run_counts_what_the_real_one_changes(hanoi_town: Town) -> None:
    for _ in range(2):
        await with_everything(hanoi_town)
    device, receipt = await submitted(hanoi_town, description="Không có số")
    await device.act(receipt["id"], {"action": "withdraw"})
    await submitted(hanoi_town, contact=CONTACT, consent=CONSENT)  # which stays open
    before = await everything(hanoi_town)
    async with months_later(25):
        dry = await run(hanoi_town, "retention", "--dry-run")
        assert await everything(hanoi_town) == before
        real = await run(hanoi_town, "retention")
    after = await everything(hanoi_town)
    changed = [
        old for old, new in zip(before["reports"], after["reports"], strict=True) if old != new
    ]
    with_contact = [old for old in changed if "contact" in old["reporter"]]
    counts = f"{len(changed)} reports finished before "
    assert (len(changed), len(with_contact)) == (3, 2)
    for told in (dry, real):
        assert told.exit_code == 0, told.output
        assert told.output.startswith(counts)
        assert f", {len(with_contact)} of them with contact" in told.output
    senders = {old["reporter"]["id"] for old in changed}
    assert senders.isdisjoint(photo["owner"] for photo in after["attachments"])
