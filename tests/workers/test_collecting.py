"""Rounds of reminders against the real database: who hears, once, whatever happened meanwhile."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
import pytest
import time_machine

from smartcity.bridges import FollowsOfDossiers
from smartcity.city.model import City
from smartcity.composition import Composition
from smartcity.dossiers.collecting.model import Round
from smartcity.dossiers.collecting.service import PAGE, Collecting
from smartcity.dossiers.collecting.store import ROUNDS, RoundStore
from smartcity.dossiers.model import Dossier
from smartcity.dossiers.store import DossierStore
from smartcity.feed.event import Event, Topic
from smartcity.feed.store import ANNOUNCEMENTS, FeedStore
from smartcity.identifiers import new_id
from smartcity.notifications.following.model import Follow, Following
from smartcity.notifications.following.store import FOLLOWS, FollowStore
from smartcity.storage.leases import Lease
from smartcity.storage.mongo import Database, from_document, to_document
from tests.unit.dossiers_made import ZONE, told
from tests.workers.clockworks import settings_for
from workers.collecting import Collector
from workers.crew.clockwork import compose_collecting

pytestmark = pytest.mark.anyio

READY: Final = datetime(2026, 6, 5, 15, tzinfo=ZONE)
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)


def after(days: int, hour: int = 10) -> datetime:
    """An hour of a day after the one on which results were ready."""
    return (READY + days * DAY).replace(hour=hour)


@pytest.fixture
def collecting(database: Database, hanoi: City, tmp_path: Path) -> Collecting:
    return compose_collecting(Composition(settings_for(tmp_path), hanoi, database))


async def ready(database: Database, count: int = 1, status: str = "9") -> list[Dossier]:
    dossiers = [told(n, status=status, updated_at=READY.isoformat()) for n in range(count)]
    assert await DossierStore(database).add_many(dossiers) == []
    return dossiers


async def follow(
    database: Database, dossiers: Sequence[Dossier], since: datetime, follower: UUID | None = None
) -> None:
    follows = [
        Follow(id=Following(follower or new_id(), one.id), topic=Topic.DOSSIER, at=since)
        for one in dossiers
    ]
    await database[FOLLOWS].insert_many(map(to_document, follows))


async def go_round(collecting: Collecting, moment: datetime) -> None:
    """All of a round, as a worker goes it that is awake for this moment."""
    with time_machine.travel(moment, tick=False):
        while await collecting.run_once():
            pass


async def promised(database: Database) -> list[Event]:
    found = database[ANNOUNCEMENTS].find({}).sort("at")
    return [from_document(e, Event) async for document in found for e in document["outbox"]]


async def test_each_slot_is_promised_once_on_its_morning(
    database: Database, collecting: Collecting
) -> None:
    dossiers = await ready(database)
    await follow(database, dossiers, READY - DAY)
    heard: list[int] = []
    for day in range(60):
        for hour in (3, 9, 12, 20):
            await go_round(collecting, after(day, hour))
            new = len(await promised(database)) - len(heard)
            assert not new or hour == 9
            heard += [day] * new
    assert heard == [3, 10, 30]
    for event in await promised(database):
        assert (event.topic, event.action, event.subject) == ("dossier", "collect", dossiers[0].id)
        assert event.public is None


async def test_a_worker_that_was_away_for_weeks_makes_up_for_the_last_slot_alone(
    database: Database, collecting: Collecting
) -> None:
    await follow(database, await ready(database), READY - DAY)
    await go_round(collecting, after(2))
    await go_round(collecting, after(13))
    assert len(await promised(database)) == 1
    await go_round(collecting, after(30))
    assert len(await promised(database)) == 2


async def test_what_was_collected_before_the_slot_is_not_reminded_of(
    database: Database, collecting: Collecting
) -> None:
    dossiers = await ready(database, 2)
    await follow(database, dossiers, READY - DAY)
    collected, updated = dossiers[0], (READY + DAY).isoformat()
    store = DossierStore(database)
    word = msgspec.structs.replace(told(0, status="10", updated_at=updated), id=collected.id)
    known = (await store.by_ids([collected.id]))[0]
    await store.change(known, word, [])
    await go_round(collecting, after(3))
    assert [event.subject for event in await promised(database)] == [dossiers[1].id]


async def test_who_begins_to_follow_when_a_slot_has_come_hears_at_the_next(
    database: Database, collecting: Collecting
) -> None:
    await follow(database, await ready(database), after(5))
    await go_round(collecting, after(5, 11))
    await go_round(collecting, after(6))
    assert await promised(database) == []
    await go_round(collecting, after(10))
    assert len(await promised(database)) == 1


async def test_what_nobody_follows_is_not_even_looked_at(
    database: Database, collecting: Collecting
) -> None:
    await ready(database, 5)
    with time_machine.travel(after(3), tick=False):
        assert await collecting.run_once() == 0
    assert await promised(database) == []


async def test_pages_are_read_by_their_index_and_reports_are_passed_by(
    database: Database, collecting: Collecting
) -> None:
    await follow(database, await ready(database), READY - DAY)
    follows = FollowStore(database)
    await follows.add(Follow(id=Following(new_id(), new_id()), topic=Topic.REPORT, at=READY - DAY))
    page = await FollowsOfDossiers(follows).page(None, 10)
    assert len(page) == 1
    assert await FollowsOfDossiers(follows).page(page[-1].place, 10) == []
    query = {"topic": "dossier", "_id.subject": {"$gte": page[0].place.dossier}}
    found = database[FOLLOWS].find(query).hint("dossiers")
    explained = await found.sort([("_id.subject", 1), ("_id.follower", 1)]).explain()
    assert "SORT" not in str(explained["queryPlanner"]["winningPlan"])


async def test_three_workers_at_once_promise_each_reminder_once(
    database: Database, hanoi: City, tmp_path: Path
) -> None:
    """Also to a dossier whose followers lie on two pages."""
    dossiers = await ready(database, PAGE)
    for _ in range(2):
        await follow(database, dossiers, READY - DAY)
    shared = Composition(settings_for(tmp_path), hanoi, database)
    rounds = [compose_collecting(shared) for _ in range(3)]
    with time_machine.travel(after(3), tick=False):
        await asyncio.gather(*(go_round(one, after(3)) for one in rounds))
    assert Counter(event.subject for event in await promised(database)) == Counter(
        one.id for one in dossiers
    )


class Dies(Exception):
    pass


class Fate:
    """Death comes at one line: before or after one of the writes. At none, if it is 0."""

    def __init__(self, line: int) -> None:
        self._left = line

    def line(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise Dies


class MortalFeed(FeedStore):
    def __init__(self, database: Database, fate: Fate) -> None:
        super().__init__(database)
        self._fate = fate

    async def announce(self, event: Event) -> None:
        self._fate.line()
        await super().announce(event)
        self._fate.line()


class MortalRounds(RoundStore):
    def __init__(self, database: Database, fate: Fate) -> None:
        super().__init__(database)
        self._fate = fate

    async def keep(self, after: Round) -> None:
        self._fate.line()
        await super().keep(after)
        self._fate.line()


async def test_a_round_that_dies_on_any_line_is_gone_to_its_end_and_repeats_nothing(
    database: Database, hanoi: City, collecting: Collecting
) -> None:
    dossiers = await ready(database, 3)
    await follow(database, dossiers, READY - DAY)
    lines = 2 * (len(dossiers) + 1)
    for line in range(1, lines + 1):
        for collection in (ANNOUNCEMENTS, ROUNDS):
            await database[collection].delete_many({})
        fate = Fate(line)
        mortal = Collecting(
            hanoi,
            DossierStore(database),
            FollowsOfDossiers(FollowStore(database)),
            MortalRounds(database, fate),
            MortalFeed(database, fate),
        )
        with pytest.raises(Dies):
            await go_round(mortal, after(3))
        await go_round(collecting, after(3))
        assert Counter(event.subject for event in await promised(database)) == Counter(
            one.id for one in dossiers
        )


async def test_a_round_that_no_worker_finished_is_made_up_for_the_next_morning(
    database: Database, hanoi: City, collecting: Collecting
) -> None:
    dossiers = await ready(database, PAGE + 20)
    await follow(database, dossiers, READY - DAY)
    with time_machine.travel(after(3, 17), tick=False):
        assert await collecting.run_once() == PAGE
    await go_round(collecting, after(3, 22))
    assert len(await promised(database)) == PAGE
    await go_round(collecting, after(4))
    assert len(await promised(database)) == PAGE + 20


async def test_a_city_without_dossiers_reminds_nobody(
    database: Database, boston: City, tmp_path: Path
) -> None:
    await follow(database, await ready(database), READY - DAY)
    collecting = compose_collecting(Composition(settings_for(tmp_path), boston, database))
    for hour in range(24):
        await go_round(collecting, after(3, hour))
    assert await promised(database) == []


async def test_of_two_workers_the_lease_holder_goes_the_round(
    database: Database, collecting: Collecting
) -> None:
    await follow(database, await ready(database, PAGE + 3), READY - DAY)
    first, second = (
        Collector(collecting, Lease(database, "collecting", new_id().hex, 10)) for _ in range(2)
    )
    with time_machine.travel(after(3), tick=False):
        assert await first.run_once() == PAGE
        assert await second.run_once() == 0
        assert await first.run_once() == 3
