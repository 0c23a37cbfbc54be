"""Consumers remember their place, repeat harmlessly, and let no event block the rest."""

from collections.abc import Sequence

import pytest
from pymongo.errors import AutoReconnect

from smartcity.clock import now
from smartcity.errors import Unavailable
from smartcity.feed.consumer import TRIES, Consumer
from smartcity.feed.event import Event, Published, Topic
from smartcity.feed.store import PUBLISHER, FeedStore
from smartcity.identifiers import new_id
from smartcity.storage.leases import Lease
from smartcity.storage.mongo import Database

pytestmark = pytest.mark.anyio


@pytest.fixture
async def feed(database: Database) -> FeedStore:
    """A log of ten events."""
    store = FeedStore(database)
    fence = await Lease(database, PUBLISHER, "writer", 10).acquire()
    assert fence is not None
    await store.append(
        fence,
        [Event(id=new_id(), topic=Topic.REPORT, action="receive", at=now()) for _ in range(10)],
    )
    return store


class Taker:
    """Takes events and fails as told."""

    def __init__(self, poison: int = 0) -> None:
        self.seen: list[int] = []
        self.poison = poison

    async def __call__(self, events: Sequence[Published]) -> None:
        for event in events:
            if event.seq == self.poison:
                raise ValueError("cannot take this one")
        self.seen += [event.seq for event in events]


def consumer(feed: FeedStore, database: Database, take: Taker, holder: str = "one") -> Consumer:
    return Consumer("taker", feed, Lease(database, "consumer:taker", holder, 10), take)


async def test_a_consumer_goes_on_where_it_stopped(feed: FeedStore, database: Database) -> None:
    await feed.remember("taker", 4)
    take = Taker()
    assert await consumer(feed, database, take).run_once() == 6
    assert take.seen == [5, 6, 7, 8, 9, 10]
    assert await consumer(feed, database, take).run_once() == 0


async def test_only_one_of_two_processes_consumes(feed: FeedStore, database: Database) -> None:
    first, second = Taker(), Taker()
    await consumer(feed, database, first, "one").run_once()
    assert await consumer(feed, database, second, "two").run_once() == 0
    assert second.seen == []


async def test_an_event_that_fails_five_times_is_set_aside_and_the_rest_go_on(
    feed: FeedStore, database: Database
) -> None:
    take = Taker(poison=3)
    one = consumer(feed, database, take)
    for _ in range(TRIES - 1):
        with pytest.raises(ValueError, match="cannot take"):
            await one.run_once()
        assert await feed.place("taker") == 2
    await one.run_once()
    assert take.seen == [1, 2, 4, 5, 6, 7, 8, 9, 10]
    assert await feed.count_set_aside() == 1
    assert await feed.behind() == 0


@pytest.mark.parametrize("failure", [Unavailable, AutoReconnect], ids=["a service", "the database"])
async def test_what_is_away_is_waited_for(
    feed: FeedStore, database: Database, failure: type[Exception]
) -> None:
    async def away(_: Sequence[Published]) -> None:
        raise failure

    one = Consumer("taker", feed, Lease(database, "consumer:taker", "one", 10), away)
    for _ in range(TRIES + 1):
        with pytest.raises(failure):
            await one.run_once()
    assert await feed.place("taker") is None
    assert await feed.count_set_aside() == 0


async def test_a_place_never_moves_back(feed: FeedStore) -> None:
    await feed.remember("taker", 7)
    await feed.remember("taker", 3)
    assert await feed.place("taker") == 7
