"""Transactions write all or nothing, and who died in one keeps nobody waiting for long."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError, ExecutionTimeout

from smartcity.storage.mongo import Database, connect
from smartcity.storage.transactions import (
    PATIENCE_S,
    PERHAPS_COMMITTED,
    in_transaction,
)

pytestmark = pytest.mark.anyio

COUNTS = "counts"


@pytest.fixture
async def dead(database: Database, mongo_uri: str) -> AsyncIterator[None]:
    """A process that has counted in a transaction, and neither ended nor goes on with it."""
    await database[COUNTS].insert_one({"_id": "one", "count": 0})
    client, same = connect(mongo_uri, database.name, timeout_s=10, pool=2)
    async with client, client.start_session() as session:
        await session.start_transaction()
        await same[COUNTS].update_one({"_id": "one"}, {"$inc": {"count": 100}}, session=session)
        yield


async def count(database: Database) -> int:
    async def write(session: AsyncClientSession) -> int:
        counts = database[COUNTS]
        await counts.update_one({"_id": "one"}, {"$inc": {"count": 1}}, session=session)
        counted = await counts.find_one({"_id": "one"}, session=session)
        assert counted is not None
        return counted["count"]

    return await in_transaction(database, write)


@pytest.mark.usefixtures("dead")
async def test_what_a_dead_process_has_written_is_written_by_the_next_one_soon(
    database: Database,
) -> None:
    """By itself the server ends such a transaction after a minute."""
    async with asyncio.timeout(PATIENCE_S * 3):
        assert await count(database) == 1, "of the other nothing was written"
        assert await count(database) == 2


async def test_one_that_is_slow_is_not_ended_by_who_waits_for_it(
    database: Database, mongo_uri: str
) -> None:
    """It stands still most of the time, as in a process that has much else to do."""
    await database[COUNTS].insert_one({"_id": "one", "count": 0})
    client, same = connect(mongo_uri, database.name, timeout_s=10, pool=2)
    async with client, client.start_session() as session:
        await session.start_transaction()
        await same[COUNTS].update_one({"_id": "one"}, {"$inc": {"count": 100}}, session=session)
        waiting = asyncio.create_task(count(database))
        for _ in range(12):
            await asyncio.sleep(0.5)
            await same[COUNTS].find_one({"_id": "one"}, session=session)
        await session.commit_transaction()
        assert await waiting == 101


async def test_one_that_took_its_time_is_committed_all_the_same(database: Database) -> None:
    await database[COUNTS].insert_one({"_id": "one", "count": 0})
    runs = 0

    async def write(session: AsyncClientSession) -> None:
        nonlocal runs
        runs += 1
        counts = database[COUNTS]
        await counts.update_one({"_id": "one"}, {"$inc": {"count": 1}}, session=session)
        await asyncio.sleep(PATIENCE_S + 0.1)

    await in_transaction(database, write)
    assert runs == 1
    assert await database[COUNTS].find_one() == {"_id": "one", "count": 1}


async def test_many_that_write_the_same_at_once_all_do(database: Database) -> None:
    await database[COUNTS].insert_one({"_id": "one", "count": 0})
    counted = await asyncio.gather(*(count(database) for _ in range(8)))
    assert sorted(counted) == list(range(1, 9))


async def test_one_that_fails_has_written_nothing(database: Database) -> None:
    await database[COUNTS].insert_one({"_id": "one"})

    async def write(session: AsyncClientSession) -> None:
        await database[COUNTS].insert_one({"_id": "two"}, session=session)
        await database[COUNTS].insert_one({"_id": "one"}, session=session)

    with pytest.raises(DuplicateKeyError):
        await in_transaction(database, write)
    assert await database[COUNTS].find_one({"_id": "two"}) is None


async def test_what_may_be_committed_already_is_not_written_again(database: Database) -> None:
    tried = 0

    async def write(_session: AsyncClientSession) -> None:
        nonlocal tried
        tried += 1
        raise ExecutionTimeout("perhaps", details={"errorLabels": [PERHAPS_COMMITTED]})

    with pytest.raises(ExecutionTimeout):
        await in_transaction(database, write)
    assert tried == 1
