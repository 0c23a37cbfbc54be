"""The notifier, against the real database."""

from datetime import timedelta
from uuid import UUID

import pytest

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.feed.event import Event, Published, Topic
from smartcity.identifiers import new_id
from smartcity.identity.citizens.model import Citizen
from smartcity.identity.citizens.store import CitizenStore
from smartcity.identity.devices.service import DeviceService
from smartcity.identity.roles import Assurance
from smartcity.notifications.following.service import Follows, Merged
from smartcity.notifications.model import Notification, PushState, Urgency
from smartcity.notifications.retries import TOO_OLD
from smartcity.notifications.store import NotificationStore
from smartcity.storage.mongo import Database
from tests.workers.notified import Dossiers, Reports, Telling, device, published
from workers.notifier import Notifier

pytestmark = pytest.mark.anyio


@pytest.fixture
def telling(database: Database, hanoi: City) -> Telling:
    return Telling(database, hanoi)


@pytest.fixture
def store(telling: Telling) -> NotificationStore:
    return telling.store


@pytest.fixture
def devices(telling: Telling) -> DeviceService:
    return telling.devices


@pytest.fixture
def reports(telling: Telling) -> Reports:
    return telling.reports


@pytest.fixture
def dossiers(telling: Telling) -> Dossiers:
    return telling.dossiers


@pytest.fixture
def follows(telling: Telling) -> Follows:
    return telling.follows


@pytest.fixture
def notifier(telling: Telling) -> Notifier:
    return telling.notifier


async def inbox(store: NotificationStore, recipient: UUID) -> list[Notification]:
    return await store.page(recipient, None, 100, unread=False)


async def test_everybody_concerned_is_told_once_in_their_language(
    notifier: Notifier, store: NotificationStore, devices: DeviceService, follows: Follows
) -> None:
    reporter = await device(devices, "one", "en")
    follower = await device(devices, "two", "vi")
    event = published(1, reporter=reporter)
    assert event.event.subject is not None
    await follows.follow_report(follower, event.event.subject)
    await notifier.handle([event])
    (to_reporter,) = await inbox(store, reporter)
    (to_follower,) = await inbox(store, follower)
    assert to_reporter.title == "Report K7M2-9QXR-4TB received"
    assert to_follower.title == "Phản ánh K7M2-9QXR-4TB đã được tiếp nhận"
    assert to_reporter.push.state is PushState.PENDING


async def test_a_batch_that_is_handled_again_repeats_nothing(
    notifier: Notifier, store: NotificationStore
) -> None:
    reporter, report = new_id(), new_id()
    batch = [
        published(seq, action, report=report, reporter=reporter)
        for seq, action in enumerate(("receive", "start", "resolve"), 1)
    ]
    await notifier.handle(batch[:2])
    await notifier.handle(batch)
    await notifier.handle(batch)
    told = await inbox(store, reporter)
    assert [one.action for one in told] == ["resolve", "start", "receive"]


async def test_steps_of_one_moment_stand_in_the_inbox_in_their_order(
    notifier: Notifier, store: NotificationStore
) -> None:
    reporter = new_id()
    batch = [published(seq, reporter=reporter) for seq in range(1, 30)]
    await notifier.handle(batch)
    assert [one.seq for one in await inbox(store, reporter)] == list(range(29, 0, -1))


async def test_nobody_is_told_of_what_they_did(
    notifier: Notifier, store: NotificationStore
) -> None:
    assignee, reporter = new_id(), new_id()
    asked = published(1, "comment", reporter=reporter, assignee=assignee, actor=assignee)
    await notifier.handle([asked])
    assert len(await inbox(store, reporter)) == 1
    assert await inbox(store, assignee) == []


async def test_a_question_wakes_the_phone(notifier: Notifier, store: NotificationStore) -> None:
    reporter = new_id()
    await notifier.handle([published(1, "ask", reporter=reporter)])
    (told,) = await inbox(store, reporter)
    assert told.push.urgency is Urgency.HIGH


async def test_staff_read_the_city_s_first_language(
    notifier: Notifier, store: NotificationStore, hanoi: City
) -> None:
    assignee = new_id()
    await notifier.handle([published(1, "assign", assignee=assignee)])
    (told,) = await inbox(store, assignee)
    assert told.language == hanoi.languages[0]


async def test_what_is_older_than_a_day_is_in_the_inbox_and_is_not_pushed(
    notifier: Notifier, store: NotificationStore
) -> None:
    reporter = new_id()
    old = now() - timedelta(days=1, seconds=1)
    await notifier.handle([published(1, reporter=reporter, at=old)])
    (told,) = await inbox(store, reporter)
    assert (told.push.state, told.push.reason) == (PushState.NONE, TOO_OLD)
    assert not (await store.push_counts())[PushState.PENDING][""]


async def test_who_sent_or_follows_a_merged_report_hears_of_the_surviving_one(
    notifier: Notifier, store: NotificationStore, follows: Follows, reports: Reports
) -> None:
    survivor, lost, sender, follower = (new_id() for _ in range(4))
    reports.merged[survivor] = [Merged(lost, sender)]
    await follows.follow_report(follower, lost)
    await follows.follow_report(follower, survivor)
    await notifier.handle([published(1, "resolve", report=survivor, reporter=new_id())])
    for recipient in (sender, follower):
        (told,) = await inbox(store, recipient)
        assert told.subject == survivor


async def test_of_an_import_only_those_hear_who_follow_one_of_its_dossiers(
    notifier: Notifier, store: NotificationStore, follows: Follows, dossiers: Dossiers
) -> None:
    batch, follower = new_id(), new_id()
    dossiers.batches[batch] = [new_id() for _ in range(95)]
    followed = [dossiers.batches[batch][3], dossiers.batches[batch][94]]
    for dossier in followed:
        await follows.follow(follower, dossier, Topic.DOSSIER)
    bulk = Event(
        id=new_id(), topic=Topic.BULK, action="import", at=now(), of=Topic.DOSSIER, batch=batch
    )
    for _ in range(2):
        await notifier.handle([Published(seq=7, epoch="TEST", event=bulk)])
    told = await inbox(store, follower)
    assert {one.subject for one in told} == set(followed)
    assert len(told) == 2
    assert set(dossiers.asked) == set(followed)


async def test_a_report_that_thousands_follow_reaches_them_all(
    notifier: Notifier, store: NotificationStore, follows: Follows, database: Database
) -> None:
    report = new_id()
    crowd = [new_id() for _ in range(2500)]
    await database["follows"].insert_many(
        [
            {"_id": {"follower": one, "subject": report}, "topic": "report", "at": now()}
            for one in crowd
        ]
    )
    await notifier.handle([published(1, report=report)])
    told = await database["notifications"].distinct("recipient")
    assert set(told) == set(crowd)


async def test_news_reach_every_phone_of_an_account_and_not_where_it_was_done(
    database: Database,
    notifier: Notifier,
    store: NotificationStore,
    devices: DeviceService,
    follows: Follows,
) -> None:
    account = new_id()
    phone, tablet, given_away = [await device(devices, None) for _ in range(3)]
    everything = frozenset({phone, tablet, given_away})
    await CitizenStore(database).get_or_add(
        Citizen(
            id=account,
            issuer="city-id",
            identity=account.bytes,
            assurance=Assurance.DEVICE,
            devices=everything,
            created_at=now(),
        )
    )
    for linked in (phone, tablet):
        assert await devices.join(linked, account)
    answered = published(1, reporter=given_away)
    assert answered.event.subject is not None
    await follows.follow_report(tablet, answered.event.subject)
    own = published(2, "reopen", reporter=phone, actor=tablet)
    await notifier.handle([answered, own])
    await notifier.handle([answered, own])
    told = {one: [n.action for n in await inbox(store, one)] for one in everything}
    assert told == {phone: ["receive"], tablet: ["receive"], given_away: []}
