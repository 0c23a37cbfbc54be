"""Hearing of single dossiers, and what look-ups cost."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from smartcity.city.model import City
from smartcity.dossiers.model import Dossier
from smartcity.dossiers.service import FOLLOWED, DossierService
from smartcity.dossiers.store import DOSSIERS, DossierStore
from smartcity.errors import Refused
from smartcity.feed.event import Event, Topic
from smartcity.feed.store import FeedStore
from smartcity.identity.attempts.service import Attempts
from smartcity.notifications.following.service import Follows
from smartcity.notifications.following.store import FollowStore
from smartcity.settings import load_settings
from smartcity.storage.mongo import Database
from tests.unit.dossiers_made import SECRETS, dossier_store, told
from tests.workers.notified import Reports

pytestmark = pytest.mark.anyio

ADDRESS = "203.0.113.7"
EARLY: dict[str, Any] = {"status": "4", "updated_at": "2026-06-02T09:00:00Z"}
LATE: dict[str, Any] = {"status": "9", "updated_at": "2026-06-05T09:00:00Z"}


@pytest.fixture
async def store(database: Database) -> DossierStore:
    return await dossier_store(database)


@pytest.fixture
def follows(database: Database) -> Follows:
    return Follows(FollowStore(database), Reports())


@pytest.fixture
def service(
    database: Database, store: DossierStore, follows: Follows, hanoi: City
) -> DossierService:
    attempts = Attempts(database, load_settings(environment={}))
    return DossierService(store, follows, attempts, hanoi, SECRETS)


async def promised(database: Database) -> list[Event]:
    (promise,) = await FeedStore(database).promises([DOSSIERS], 100)
    return list(promise.events)


async def kept(store: DossierStore) -> Dossier:
    dossier = await store.by_code(told().code)
    assert dossier is not None
    return dossier


async def test_a_change_and_its_event_are_one_write(
    database: Database, store: DossierStore, service: DossierService
) -> None:
    first = await service.tell(told(**EARLY))
    after = await service.tell(told(**LATE))
    assert after == await kept(store)
    assert (after.id, after.version, after.status) == (first.id, 2, 9)
    events = await promised(database)
    assert [(event.topic, event.action) for event in events] == [(Topic.DOSSIER, "change")] * 2
    assert [e.internal.status for e in events if e.internal] == ["4", "9"]
    assert all(event.public is None and event.subject == first.id for event in events)


async def test_hearing_the_same_or_older_promises_nothing(
    database: Database, store: DossierStore, service: DossierService
) -> None:
    await service.tell(told(**LATE))
    await service.tell(told(**LATE))
    assert (await kept(store)).version == 1
    assert len(await promised(database)) == 1


async def test_a_new_due_date_is_no_new_status(database: Database, service: DossierService) -> None:
    await service.tell(told(**EARLY))
    await service.tell(told(status="4", updated_at="2026-06-03", due_at="2026-07-01"))
    assert [event.action for event in await promised(database)] == ["change", "update"]


async def test_a_dossier_that_is_opened_again_loses_its_end(
    store: DossierStore, service: DossierService
) -> None:
    await service.tell(told(**LATE))
    assert (await kept(store)).finished_at is not None
    await service.tell(told(status="4", updated_at="2026-06-06"))
    assert (await kept(store)).finished_at is None


async def test_several_tellers_at_once_lose_nothing(
    database: Database, store: DossierStore, service: DossierService
) -> None:
    words = [told(status=str(n), updated_at=f"2026-06-{n:02}T09:00:00Z") for n in (2, 4, 9, 10)]
    await asyncio.gather(*(service.tell(word) for word in words))
    dossier = await kept(store)
    assert dossier.status == 10
    assert [step.status for step in dossier.steps] == [2, 4, 9, 10]
    assert len(await promised(database)) == dossier.version


async def test_who_follows_very_many_can_follow_no_more(
    service: DossierService, follows: Follows
) -> None:
    follower, dossier = uuid4(), await service.tell(told())
    wanted: tuple[Any, ...] = (follower, dossier.code, "4321", ADDRESS, "vi")
    for _ in range(FOLLOWED):
        await follows.follow(follower, uuid4(), Topic.DOSSIER)
    with pytest.raises(Refused):
        await service.follow(*wanted)
    (one, *_) = await follows.followed_by(follower, Topic.DOSSIER, FOLLOWED)
    await follows.unfollow(follower, one)
    for _ in range(2):
        await service.follow(*wanted)
    assert dossier.id in await follows.followed_by(follower, Topic.DOSSIER, FOLLOWED)


async def test_every_query_uses_an_index(database: Database, store: DossierStore) -> None:
    await store.add_many([told(number, batch=uuid4()) for number in range(1, 4)])
    known = await kept(store)
    for question, index in (
        ({"code": known.code}, "code"),
        ({"code": {"$in": [known.code, "other"]}}, "code"),
        ({"batch": uuid4()}, "batch"),
        ({"turned_in": uuid4()}, "turned_in"),
    ):
        plan = await database[DOSSIERS].find(question).explain()
        assert f"'indexName': '{index}'" in str(plan["queryPlanner"]["winningPlan"])
