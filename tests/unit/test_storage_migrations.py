"""A database comes to the form that the code expects, however often it is asked to."""

import asyncio

import pytest
from pymongo import ASCENDING, DESCENDING, IndexModel

from smartcity.storage.migrations import COLLECTION, Migration, migrate
from smartcity.storage.mongo import Database, connect

pytestmark = pytest.mark.anyio

INDEXES = {
    "reports": [
        IndexModel([("code", ASCENDING)], name="code", unique=True),
        IndexModel([("agency", ASCENDING), ("status", ASCENDING)], name="queue"),
    ],
    "feed": [IndexModel([("at", ASCENDING)], name="retention", expireAfterSeconds=60)],
}


@pytest.fixture
def database(new_database: Database) -> Database:
    """One that has no indexes yet: they are what these tests are about."""
    return new_database


def nobody(line: str) -> None:
    pytest.fail(f"nothing to say, and yet: {line}")


async def test_the_indexes_are_made_and_a_second_run_changes_nothing(database: Database) -> None:
    await migrate(database, INDEXES, (), nobody)
    before = await database["reports"].index_information()
    await migrate(database, INDEXES, (), nobody)
    assert await database["reports"].index_information() == before
    assert set(before) == {"_id_", "code", "queue"}
    assert before["code"]["unique"] is True


@pytest.mark.parametrize(
    "other",
    [
        IndexModel([("code", DESCENDING)], name="code"),
        IndexModel([("code", ASCENDING)], name="code"),
        IndexModel([("code", ASCENDING)], name="another_name", unique=True),
    ],
    ids=["other keys", "other options", "other name"],
)
async def test_an_index_of_another_form_is_built_anew_and_said(
    database: Database, other: IndexModel
) -> None:
    await database["reports"].create_indexes([other])
    said: list[str] = []
    await migrate(database, INDEXES, (), said.append)
    found = await database["reports"].index_information()
    assert set(found) == {"_id_", "code", "queue"}
    assert found["code"]["unique"] is True
    assert len(said) == 1


async def test_another_retention_is_taken_over(database: Database) -> None:
    await migrate(database, INDEXES, (), nobody)
    longer = {"feed": [IndexModel([("at", ASCENDING)], name="retention", expireAfterSeconds=99)]}
    await migrate(database, longer, (), lambda _: None)
    found = await database["feed"].index_information()
    assert found["retention"]["expireAfterSeconds"] == 99


async def test_each_migration_runs_once_in_order_even_with_several_at_once(
    database: Database,
) -> None:
    ran: list[str] = []

    def migration(name: str) -> Migration:
        async def run(given: Database) -> None:
            await asyncio.sleep(0.05)
            assert given.name == database.name
            ran.append(name)

        return Migration(name, run)

    migrations = (migration("first"), migration("second"))
    await asyncio.gather(
        *(migrate(database, INDEXES, migrations, lambda _: None) for _ in range(4))
    )
    await migrate(database, INDEXES, migrations, nobody)
    assert ran == ["first", "second"]
    assert await database[COLLECTION].count_documents({}) == 2


async def test_a_migration_that_failed_runs_again(database: Database) -> None:
    tries: list[int] = []

    async def run(given: Database) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("cut off")

    for _ in range(3):
        try:
            await migrate(database, {}, (Migration("fragile", run),), lambda _: None)
        except RuntimeError:
            assert await database[COLLECTION].count_documents({}) == 0
    assert len(tries) == 2


async def test_a_step_may_take_longer_than_any_other_operation(
    mongo_uri: str, database: Database
) -> None:
    await database["reports"].insert_one({})
    client, hasty = connect(mongo_uri, database.name, timeout_s=0.5, pool=4)

    async def run(given: Database) -> None:
        slow = {"$where": "function () { sleep(1000); return true }"}
        assert await given["reports"].find_one(slow) is not None

    async with client:
        await migrate(hasty, {}, (Migration("slow", run),), lambda _: None)
