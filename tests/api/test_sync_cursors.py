"""Cursors of the sync: whose they are, what they are good for, and what is none."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from api.pagination import decode_cursor, encode_cursor
from smartcity.feed.store import PUBLISHER
from smartcity.people.sync.cursor import Cursor
from tests.api.phones import Answer, Phone, is_empty, publish, synced
from tests.api.reporting import submitted
from tests.api.test_sync import ids
from tests.api.town import Town

pytestmark = pytest.mark.anyio


async def with_cursor(phone: Phone, **changed: Any) -> Answer:
    """What is answered to a cursor of which something is otherwise."""
    cursor = decode_cursor(phone.cursor, Cursor)
    assert cursor is not None
    phone.cursor = encode_cursor(replace(cursor, **changed))
    return await phone.sync_once()


async def test_a_cursor_that_is_no_good_is_answered_with_everything_and_says_so(
    hanoi_town: Town,
) -> None:
    device, report = await submitted(hanoi_town)
    await publish(hanoi_town)
    phone = await synced(device)
    cursor = decode_cursor(phone.cursor, Cursor)
    assert cursor is not None
    seen = cursor.seen
    every: Sequence[dict[str, Any]] = (
        {"epoch": "another"},  # a backup was restored
        {"seen": replace(seen, at=seen.at - timedelta(days=91))},  # behind what is kept
        {"seen": replace(seen, seq=seen.seq + 1000)},  # ahead of everything
        {"seen": replace(seen, at=seen.at + timedelta(days=1))},
        {"owner": b"somebody"},
    )
    for changed in every:
        phone.cursor = encode_cursor(cursor)
        answer = await with_cursor(phone, **changed)
        assert answer["reset"] is True, changed
        assert len(answer["whole"]) == 6
        assert ids(answer, "reports") == [report["id"]]
        assert is_empty(await phone.sync_once())


async def test_a_restored_backup_is_told_from_the_beginning(hanoi_town: Town) -> None:
    device, report = await submitted(hanoi_town)
    await publish(hanoi_town)
    phone = await synced(device)
    restored = {"$set": {"epoch": "after"}}
    await hanoi_town.database["leases"].update_one({"_id": PUBLISHER}, restored)
    answer = await phone.sync_once()
    assert answer["reset"] is True
    assert list(phone.has["reports"]) == [report["id"]]


async def test_another_language_is_another_answer(hanoi_town: Town) -> None:
    device, report = await submitted(hanoi_town)
    await publish(hanoi_town)
    phone = await synced(device, "vi")
    english = Phone(device, language="en")
    english.cursor = phone.cursor
    answer = await english.sync_once()
    assert answer["reset"] is True
    assert ids(answer, "reports") == [report["id"]]
    assert answer["reports"][0]["category"]["name"] == "Broken traffic light"


async def test_another_persons_cursor_opens_nothing(hanoi_town: Town) -> None:
    device, _ = await submitted(hanoi_town)
    await publish(hanoi_town)
    theirs = await synced(device)
    stranger = Phone(await hanoi_town.device())
    stranger.cursor = theirs.cursor
    answer = await stranger.sync_once()
    assert answer["reset"] is True
    assert all(not things for things in stranger.has.values())


@pytest.mark.parametrize("after", ["", "x", "AAAA", "%", "é", "lA", "gqF4AQ"])
async def test_what_is_no_cursor_is_refused(shared_town: Town, after: str) -> None:
    device = await shared_town.device()
    answer = await device.get("/v1/me/sync", params={"after": after})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize(
    "sections", [(), (b"",) * 6, (b"\xc1",) * 6, (b"\x92\xc0\xcfxxxxxxxx",) * 6]
)
async def test_what_was_tampered_with_is_told_whole(
    hanoi_town: Town, sections: tuple[bytes, ...]
) -> None:
    device, _ = await submitted(hanoi_town)
    await publish(hanoi_town)
    phone = await synced(device)
    cursor = decode_cursor(phone.cursor, Cursor)
    assert cursor is not None
    answer = await with_cursor(phone, seen=replace(cursor.seen, sections=sections))
    assert len(answer["whole"]) == 6
    assert phone.has == (await synced(device)).has
