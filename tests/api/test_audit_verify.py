"""`smartcity audit verify` finds whatever was done to the audit log, and names the first entry."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from click.testing import Result

from smartcity.audit.chain import Chain
from smartcity.audit.model import START
from smartcity.audit.store import AUDITOR, ENTRIES, HEADS, entry_of
from smartcity.clock import now
from smartcity.storage.mongo import Document, to_document
from tests.api.auditing import auditor_of, chain, documents, head_of, lease_of, verify
from tests.api.test_audit_log import worked_on
from tests.api.town import Town

pytestmark = pytest.mark.anyio

Tamper = Callable[[Town, list[dict[str, Any]]], Awaitable[object]]


async def chained(town: Town, reports: int = 2) -> list[dict[str, Any]]:
    """Three entries for each report."""
    for _ in range(reports):
        await worked_on(town)
    await chain(town)
    return await documents(town)


def says(told: Result, number: int) -> bool:
    return told.exit_code == 1 and f"wrong from entry {number} on" in told.stderr


async def test_a_log_that_nobody_touched_verifies(hanoi_town: Town) -> None:
    assert (await verify(hanoi_town)).exit_code == 0
    await chained(hanoi_town)
    told = await verify(hanoi_town)
    assert told.exit_code == 0, told.output
    assert told.stdout == f"6 entries, nothing changed; head {await head_of(hanoi_town)}\n"


async def change(town: Town, entries: list[dict[str, Any]]) -> None:
    await town.database[ENTRIES].update_one({"_id": 3}, {"$set": {"actor": uuid4()}})


async def add_a_field(town: Town, entries: list[dict[str, Any]]) -> None:
    await town.database[ENTRIES].update_one({"_id": 3}, {"$set": {"forged": True}})


async def spoil_the_form(town: Town, entries: list[dict[str, Any]]) -> None:
    await town.database[ENTRIES].update_one({"_id": 3}, {"$set": {"at": "yesterday"}})


async def remove(town: Town, entries: list[dict[str, Any]]) -> None:
    await town.database[ENTRIES].delete_one({"_id": 3})


async def remove_and_close_the_gap(town: Town, entries: list[dict[str, Any]]) -> None:
    await rewrite(town, [*entries[:2], *entries[3:]])


async def exchange(town: Town, entries: list[dict[str, Any]]) -> None:
    await rewrite(town, [*entries[:2], entries[4], entries[3], entries[2], entries[5]])


async def put_in(town: Town, entries: list[dict[str, Any]]) -> None:
    forged = entries[2] | {"source": uuid4()}
    await rewrite(town, [*entries[:2], forged, *entries[2:]])


async def rewrite(town: Town, entries: list[dict[str, Any]]) -> None:
    await town.database[ENTRIES].delete_many({})
    numbered = [entry | {"_id": number} for number, entry in enumerate(entries, 1)]
    await town.database[ENTRIES].insert_many(numbered)


@pytest.mark.parametrize(
    "tamper",
    [change, add_a_field, spoil_the_form, remove, remove_and_close_the_gap, exchange, put_in],
)
async def test_an_entry_that_was_tampered_with_is_named(hanoi_town: Town, tamper: Tamper) -> None:
    await tamper(hanoi_town, await chained(hanoi_town))
    told = await verify(hanoi_town)
    assert says(told, 3), told.output


async def test_an_entry_cut_off_the_end_is_missed(hanoi_town: Town) -> None:
    await chained(hanoi_town)
    await hanoi_town.database[ENTRIES].delete_one({"_id": 6})
    assert says(await verify(hanoi_town), 6)


async def test_an_entry_forged_behind_the_end_is_found(hanoi_town: Town) -> None:
    entries = await chained(hanoi_town)
    forged = entries[5] | {"_id": 7, "source": uuid4()}
    await hanoi_town.database[ENTRIES].insert_one(forged)
    assert says(await verify(hanoi_town), 7)


async def test_what_stands_there_under_no_number_is_found(hanoi_town: Town) -> None:
    entries = await chained(hanoi_town)
    await hanoi_town.database[ENTRIES].insert_one(entries[5] | {"_id": "7", "source": uuid4()})
    assert says(await verify(hanoi_town), 7)


async def test_a_log_whose_head_is_gone_is_not_begun_anew(hanoi_town: Town) -> None:
    await chained(hanoi_town)
    await hanoi_town.database["leases"].update_one({"_id": AUDITOR}, {"$unset": {"head": ""}})
    told = await verify(hanoi_town)
    assert told.exit_code == 1
    assert "head is gone" in told.stderr


async def test_a_log_cut_short_with_its_head_contradicts_an_earlier_head(hanoi_town: Town) -> None:
    entries = await chained(hanoi_town)
    kept = await head_of(hanoi_town)
    await hanoi_town.database[ENTRIES].delete_many({"_id": {"$gt": 4}})
    await move_head(hanoi_town, entries[3])
    assert (await verify(hanoi_town)).exit_code == 0
    assert says(await verify(hanoi_town, "--head", kept), 5)


async def move_head(town: Town, last: Document) -> None:
    moved = {"head.count": last["_id"], "head.mac": last["mac"]}
    await town.database["leases"].update_one({"_id": AUDITOR}, {"$set": moved})


async def rewritten_with_the_secret(town: Town, number: int) -> None:
    """What the operator can do: take an entry out and chain all that follows anew."""
    left = [entry for entry in await documents(town) if entry["_id"] != number]
    fresh = [
        entry
        for place, document in enumerate(left, 1)
        if (entry := entry_of(document | {"_id": place, "mac": b""}))
    ]
    linked = Chain(town.settings.secret()).link(START, fresh)
    await town.database[ENTRIES].delete_many({})
    await town.database[ENTRIES].insert_many([to_document(entry) for entry in linked])
    await move_head(town, to_document(linked[-1]))


async def test_who_knows_the_secret_cannot_rewrite_what_was_published(hanoi_town: Town) -> None:
    keeper = auditor_of(hanoi_town, lease := lease_of(hanoi_town))
    for days in (0, 1, 2):
        await lease.release()
        await chained(hanoi_town, 1)
        with time_machine.travel(now() + timedelta(days=days), tick=True):
            await keeper.keep_heads()
    assert (await verify(hanoi_town)).exit_code == 0
    await rewritten_with_the_secret(hanoi_town, 5)
    told = await verify(hanoi_town)
    assert says(told, 4), told.output  # the head of the first day still holds
    assert "the head published on" in told.stderr


async def test_who_rewrites_the_published_heads_too_meets_one_kept_elsewhere(
    hanoi_town: Town,
) -> None:
    await chained(hanoi_town)
    keeper = auditor_of(hanoi_town, lease_of(hanoi_town))
    await keeper.keep_heads()
    latest = (await hanoi_town.nobody().get("/v1/audit/heads/latest")).json()
    await rewritten_with_the_secret(hanoi_town, 5)
    await hanoi_town.database[HEADS].delete_many({})
    assert (await verify(hanoi_town)).exit_code == 0
    told = await verify(hanoi_town, "--head", f"{latest['count']}:{latest['head']}")
    assert told.exit_code == 1
    assert "the head given" in told.stderr


async def test_another_secret_verifies_nothing(hanoi_town: Town) -> None:
    await chained(hanoi_town)
    told = await verify(hanoi_town, secret="ab" * 32)
    assert says(told, 1)
    assert "another secret" in told.stderr


@pytest.mark.parametrize("head", ["6", "x:y", "6:abc"])
async def test_a_head_that_is_none_is_refused(shared_town: Town, head: str) -> None:
    told = await verify(shared_town, "--head", head)
    assert told.exit_code == 2


async def test_what_is_chained_meanwhile_does_no_harm(hanoi_town: Town) -> None:
    await chained(hanoi_town)

    async def go_on() -> None:
        for _ in range(3):
            await chained(hanoi_town, 1)

    going = asyncio.create_task(go_on())
    while not going.done():
        told = await verify(hanoi_town)
        assert told.exit_code == 0, told.output
    await going
    assert (await verify(hanoi_town)).stdout.startswith("15 entries")
