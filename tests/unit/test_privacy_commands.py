"""`smartcity personal rotate`, `smartcity retention`: what they do, and a dry run does not."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner, Result

from smartcity.city.model import Publicity
from smartcity.cli.main import main
from smartcity.clock import now
from smartcity.identity.key_files import FILE
from smartcity.identity.persons.store import PERSON_KEYS
from tests.api.reporting import category_that_is, handler_of, submitted
from tests.api.town import Person, Town, town

pytestmark = pytest.mark.anyio

CONTACT = {"phone": "0912345678"}
CONSENT = {"contact": "2026-01"}
WORDS = "Gọi tôi 0987654321"


async def run(settled: Town, *words: str) -> Result:
    """The command has an event loop of its own, so it runs on a thread of its own."""
    environment = {
        f"SMARTCITY_{name.upper()}": str(getattr(settled.settings, name))
        for name in ("mongo_uri", "mongo_database", "data_dir", "city")
    }
    runner = CliRunner(env=environment)
    return await asyncio.to_thread(runner.invoke, main, words)


@pytest.fixture
async def settled(mongo_uri: str, tmp_path: Path) -> AsyncGenerator[Town]:
    async with town(mongo_uri, tmp_path) as started:
        yield started


@asynccontextmanager
async def months_later(months: int) -> AsyncGenerator[None]:
    with time_machine.travel(now() + timedelta(days=31 * months), tick=True):
        yield


async def withdrawn(settled: Town) -> tuple[Person, dict[str, Any]]:
    device, receipt = await submitted(
        settled, description=WORDS, contact=CONTACT, consent=CONSENT, share_contact=True
    )
    await device.act(receipt["id"], {"action": "withdraw"})
    return device, receipt


async def everything(settled: Town) -> dict[str, Any]:
    names = sorted(await settled.database.list_collection_names())
    return {name: await settled.database[name].find({}).sort("_id").to_list() for name in names}


async def test_a_key_is_changed_while_the_api_reads_and_writes(settled: Town) -> None:
    device, receipt = await submitted(settled, contact=CONTACT, consent=CONSENT, share_contact=True)
    handler = await handler_of(settled, receipt)
    path = f"/v1/reports/{receipt['id']}"
    rotating = asyncio.create_task(run(settled, "personal", "rotate"))
    while not rotating.done():
        assert (await handler.get(path)).json()["contact"] == CONTACT
    assert rotating.result().output.endswith("1 texts lie under the new key\n")
    keys = (settled.settings.data_path / FILE).read_text().split()
    assert len(keys) == 2
    assert (await handler.get(path)).json()["contact"] == CONTACT
    _, later = await submitted(settled, contact=CONTACT, consent=CONSENT)
    assert len(await settled.database[PERSON_KEYS].find({}).to_list()) == 2
    wrapped = await settled.database[PERSON_KEYS].distinct("wrapped")
    assert len({one[:4] for one in wrapped}) == 1, later
    assert "2 keys in use" in " ".join((await run(settled, "doctor")).output.split())
    assert (await device.get(path)).status_code == 200


async def test_a_dry_run_counts_and_changes_nothing(settled: Town) -> None:
    await withdrawn(settled)
    await submitted(settled, contact=CONTACT, consent=CONSENT)
    before = await everything(settled)
    async with months_later(25):
        told = await run(settled, "retention", "--dry-run")
    assert told.exit_code == 0, told.output
    assert told.output.startswith("1 reports finished before ")
    assert told.output.endswith("1 of them with contact: nothing was changed\n")
    assert await everything(settled) == before


async def test_finished_reports_forget_who_sent_them_after_the_packs_months(settled: Town) -> None:
    device, receipt = await withdrawn(settled)
    _, still_open = await submitted(settled, contact=CONTACT, consent=CONSENT, description=WORDS)
    reports = settled.database["reports"]
    assert (await run(settled, "retention")).output.startswith("0 reports")
    async with months_later(25):
        assert (await run(settled, "retention")).output.endswith("with contact: forgotten\n")
        assert (await run(settled, "retention", "--dry-run")).output.startswith("0 reports")
    one = await reports.find_one({"code": receipt["code"]})
    other = await reports.find_one({"code": still_open["code"]})
    assert one is not None
    assert other is not None
    assert one["description"] == "Gọi tôi •••"
    assert one["reporter"].keys() == {"id"}
    assert (one["version"], one["status"]) == (2, "withdrawn")
    assert other["description"] == WORDS
    assert other["reporter"].keys() == {"id", "contact", "phone"}
    assert (await device.get("/v1/me/reports")).json()["items"] == []
    keys = {key["_id"] for key in await settled.database[PERSON_KEYS].find({}).to_list()}
    assert keys == {other["reporter"]["id"]}


async def test_after_the_packs_months_only_the_number_of_confirmations_is_left(
    settled: Town,
) -> None:
    reporter, receipt = await submitted(settled, **category_that_is(settled, Publicity.AT_ONCE))
    path = f"/v1/reports/{receipt['id']}"
    devices = [await settled.device() for _ in range(3)]
    for device in devices:
        assert (await device.ask("PUT", f"{path}/confirmation")).status_code == 204
    await reporter.act(receipt["id"], {"action": "withdraw"})
    kept = settled.database["confirmations"]
    known = set(await settled.database["devices"].distinct("_id"))
    assert set(await kept.distinct("_id.person")) <= known
    async with months_later(25):
        for _ in range(2):
            await run(settled, "retention")
            assert (await reporter.get(path)).json()["confirmations"] == 3
            assert known.isdisjoint(await kept.distinct("_id.person"))
    assert await kept.count_documents({"at": {"$exists": True}}) == 0


async def test_a_key_stays_while_a_report_still_needs_it(settled: Town) -> None:
    device, _ = await withdrawn(settled)
    report = {**(await device.get("/v1/me/reports")).json()["items"][0]}
    again = await device.submit(
        {
            "category": report["category"]["code"],
            "description": WORDS,
            "location": {"lat": report["location"]["lat"], "lon": report["location"]["lon"]},
            "contact": CONTACT,
            "share_contact": True,
        }
    )
    assert again.status_code == 201, again.text
    async with months_later(25):
        await run(settled, "retention")
    assert await settled.database[PERSON_KEYS].count_documents({}) == 1
    handler = await handler_of(settled, again.json())
    shown = (await handler.get(f"/v1/reports/{again.json()['id']}")).json()
    assert shown["contact"] == CONTACT
