"""Who of several processes does a piece of work: one, and the last one's fence is the highest."""

import asyncio

import pytest

from smartcity.storage.leases import COLLECTION, Lease, held
from smartcity.storage.mongo import Database

pytestmark = pytest.mark.anyio


async def test_of_two_holders_one_holds(database: Database) -> None:
    one, other = Lease(database, "work", "one", 10), Lease(database, "work", "other", 10)
    assert await one.acquire() == 1
    assert await other.acquire() is None
    assert other.fence is None


async def test_of_many_at_once_one_holds(database: Database) -> None:
    leases = [Lease(database, "work", f"holder-{n}", 10) for n in range(12)]
    fences = await asyncio.gather(*(lease.acquire() for lease in leases))
    assert [fence for fence in fences if fence is not None] == [1]


async def test_an_expired_lease_goes_to_the_next_with_a_higher_fence(database: Database) -> None:
    one, other = Lease(database, "work", "one", 0.2), Lease(database, "work", "other", 10)
    assert await one.acquire() == 1
    await asyncio.sleep(0.3)
    assert await other.acquire() == 2
    assert await one.renew() is False
    assert await one.acquire() is None


async def test_a_lease_that_expired_is_not_renewed_even_if_nobody_took_it(
    database: Database,
) -> None:
    lease = Lease(database, "work", "one", 0.1)
    assert await lease.acquire() == 1
    await asyncio.sleep(0.2)
    assert await lease.renew() is False
    assert await lease.acquire() == 2


async def test_a_transaction_that_a_dead_holder_left_open_keeps_nobody_waiting_for_long(
    database: Database,
) -> None:
    """By itself the server ends such a transaction after a minute."""
    dead, heir = Lease(database, "work", "dead", 0.2), Lease(database, "work", "heir", 0.2)
    assert await dead.acquire() == 1
    async with database.client.start_session() as session:
        await session.start_transaction()
        await database[COLLECTION].update_one(
            {"_id": "work"}, {"$inc": {"seq": 1}}, session=session
        )
        await asyncio.sleep(0.3)
        async with asyncio.timeout(5):
            assert await heir.acquire() == 2
    document = await database[COLLECTION].find_one({"_id": "work"})
    assert document is not None
    assert "seq" not in document, "nothing of it was written"


async def test_a_renewed_lease_keeps_its_fence(database: Database) -> None:
    one, other = Lease(database, "work", "one", 0.6), Lease(database, "work", "other", 10)
    assert await one.acquire() == 1
    for _ in range(4):
        await asyncio.sleep(0.25)
        assert await one.renew()
        assert await other.acquire() is None
    assert one.fence == 1
    assert await one.acquire() == 1


async def test_holding_asks_the_server_only_when_a_third_has_passed(database: Database) -> None:
    lease = Lease(database, "work", "one", 30)
    assert await lease.hold() == 1
    await database[COLLECTION].delete_one({"_id": "work"})
    assert await lease.hold() == 1


async def test_holding_takes_the_lease_again_after_it_was_lost(database: Database) -> None:
    lease = Lease(database, "work", "one", 0.1)
    assert await lease.hold() == 1
    await asyncio.sleep(0.2)
    assert await lease.hold() == 2


async def test_a_released_lease_is_free_at_once(database: Database) -> None:
    one, other = Lease(database, "work", "one", 60), Lease(database, "work", "other", 60)
    assert await one.acquire() == 1
    await one.release()
    assert await other.acquire() == 2
    await one.release()
    assert await other.renew(), "the release of one that lost it touches nothing"


async def test_a_lost_lease_s_fence_writes_nothing(database: Database) -> None:
    one, other = Lease(database, "work", "one", 0.1), Lease(database, "work", "other", 10)
    stale = await one.acquire()
    await asyncio.sleep(0.2)
    fresh = await other.acquire()

    async def count(fence: int | None) -> int:
        written = await database[COLLECTION].update_one(
            {"_id": "work", "fence": fence}, {"$inc": {"seq": 1}}
        )
        return written.modified_count

    assert await count(stale) == 0
    assert await count(fresh) == 1


async def test_other_fields_of_the_document_stay(database: Database) -> None:
    await database[COLLECTION].insert_one({"_id": "work", "seq": 7, "epoch": "K7M2"})
    assert await Lease(database, "work", "one", 10).acquire() == 1
    document = await database[COLLECTION].find_one({"_id": "work"})
    assert document is not None
    assert document["seq"] == 7
    assert document.keys() == {"_id", "seq", "epoch", "holder", "fence", "until"}


async def test_work_under_a_held_lease_outlives_its_length(database: Database) -> None:
    lease, other = Lease(database, "work", "one", 0.5), Lease(database, "work", "other", 1)
    async with held(lease, patience_s=1) as fence:
        await asyncio.sleep(1)
        assert fence == 1
        assert await other.acquire() is None
    assert await other.acquire() == 2


async def test_work_is_cut_off_when_its_lease_is_taken_away(database: Database) -> None:
    async def work() -> None:
        async with held(Lease(database, "work", "one", 0.3), patience_s=1):
            await database[COLLECTION].update_one(
                {"_id": "work"}, {"$set": {"holder": "other"}, "$inc": {"fence": 1}}
            )
            await asyncio.sleep(5)

    with pytest.raises(TimeoutError):
        await work()


async def test_waiting_for_a_lease_is_bounded(database: Database) -> None:
    await Lease(database, "work", "one", 30).acquire()
    with pytest.raises(TimeoutError):
        async with held(Lease(database, "work", "other", 30), patience_s=0.3):
            pytest.fail("it is somebody else's")
