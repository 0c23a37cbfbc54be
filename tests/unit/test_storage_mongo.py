"""What our structs look like in the database, and what a connection promises."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from smartcity.clock import now
from smartcity.identifiers import new_id
from smartcity.storage.mongo import Database, from_document, to_document

pytestmark = pytest.mark.anyio


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    at: datetime
    text: str | None = None


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID = msgspec.field(name="_id")
    secret: bytes
    timeline: tuple[Entry, ...]
    by_agency: dict[str, int]


async def test_a_struct_survives_the_round_trip_through_the_database(database: Database) -> None:
    thing = Thing(
        id=new_id(),
        secret=b"\x00\xff",
        timeline=(Entry(at=now(), text="đã tiếp nhận"), Entry(at=now())),
        by_agency={"so-xay-dung": 3},
    )
    await database["things"].insert_one(to_document(thing))
    found = await database["things"].find_one({"_id": thing.id})
    assert found is not None
    assert from_document(found, Thing) == thing


async def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    await database["things"].insert_one({"_id": 1, "at": moment})
    found = await database["things"].find_one({"_id": 1})
    assert found == {"_id": 1, "at": moment}, "a naive time would not be equal"


async def test_writes_wait_for_a_majority_and_the_journal(database: Database) -> None:
    assert database.write_concern.document == {"w": "majority", "j": True}
    assert database["things"].read_concern.level == "majority"
