"""Ordinary alerts: one message for each unit and language, to all who follow the unit."""

import pytest

from smartcity.alerts.deliveries.model import DeliveryState
from smartcity.alerts.deliveries.store import DeliveryStore
from smartcity.alerts.lifecycle import DeliveryMode
from smartcity.city.model import City
from smartcity.notifications.push import PushSender
from smartcity.notifications.topics import topics_of
from smartcity.storage.leases import Lease
from smartcity.storage.mongo import Database
from tests.standins.fixtures import Fcm
from tests.workers.alerted import Officer, alert_pusher, alert_pushes
from workers.pusher import Pusher

pytestmark = pytest.mark.anyio

WARD, NEXT = "00070", "00082"


@pytest.fixture
def officer(database: Database) -> Officer:
    return Officer(database)


@pytest.fixture
def pusher(database: Database, hanoi: City, sender: PushSender, lease: Lease) -> Pusher:
    return alert_pusher(alert_pushes(database, hanoi, sender), sender, lease)


async def test_each_unit_and_language_is_told_by_one_request(
    officer: Officer, pusher: Pusher, fcm: Fcm
) -> None:
    alert = await officer.issue(WARD, NEXT, mode=DeliveryMode.TOPICS)
    await pusher.run_once()
    said = {taken["target"]: taken["message"]["notification"]["title"] for taken in fcm.messages()}
    assert said == {
        f"unit-{unit}-{language}": title
        for unit in (WARD, NEXT)
        for language, title in (("vi", "Nước sông dâng cao"), ("en", "The river is rising"))
    }
    delivery = await officer.delivery(alert)
    assert (delivery.state, delivery.progress.sent) == (DeliveryState.DONE, 4)


async def test_an_alert_for_everybody_is_one_request_a_language(
    officer: Officer, pusher: Pusher, fcm: Fcm
) -> None:
    await officer.issue(mode=DeliveryMode.TOPICS)
    await pusher.run_once()
    assert [taken["target"] for taken in fcm.messages()] == ["city-en", "city-vi"]


async def test_who_follows_two_of_the_units_sees_it_once(
    officer: Officer, pusher: Pusher, fcm: Fcm
) -> None:
    alert = await officer.issue(WARD, NEXT, mode=DeliveryMode.TOPICS)
    await pusher.run_once()
    assert alert.latest is not None
    name = str(alert.latest.id)
    for message in (taken["message"] for taken in fcm.messages()):
        assert message["android"]["notification"]["tag"] == name
        assert message["apns"]["headers"]["apns-collapse-id"] == name
        assert message["android"]["priority"] == "normal"
        assert message["data"]["subject"] == str(alert.id)


async def test_a_topic_that_is_told_too_much_waits_and_the_others_do_not(
    database: Database, officer: Officer, pusher: Pusher, fcm: Fcm
) -> None:
    fcm.fault(error="TOPIC_QUOTA", target=f"unit-{WARD}-en")
    alert = await officer.issue(WARD, NEXT, mode=DeliveryMode.TOPICS)
    await pusher.run_once()
    delivery = await officer.delivery(alert)
    assert (delivery.state, delivery.progress.sent) == (DeliveryState.RUNNING, 3)
    assert delivery.progress.after == f"unit-{NEXT}-vi"
    await database["delivery_stragglers"].update_many({}, [{"$set": {"next_at": "$$NOW"}}])
    await pusher.run_once()
    assert (await officer.delivery(alert)).state is DeliveryState.DONE


async def test_a_cancellation_goes_the_way_the_alert_went(
    database: Database, officer: Officer, pusher: Pusher, fcm: Fcm
) -> None:
    alert = await officer.issue(WARD, mode=DeliveryMode.TOPICS)
    await pusher.run_once()
    await officer.cancel(alert)
    await pusher.run_once()
    actions = [taken["message"]["data"]["action"] for taken in fcm.messages(f"unit-{WARD}-vi")]
    assert actions == ["issue", "cancel"]
    both = await DeliveryStore(database).of_alert(alert.id)
    assert [one.state for one in both] == [DeliveryState.DONE] * 2


def test_a_device_has_the_topics_of_just_those_units_that_it_follows(hanoi: City) -> None:
    """An alert names the units above its own too: with their topics, it would hear of what concerns
    only its neighbours.
    """
    assert topics_of([WARD], "en", hanoi) == {"city-en", f"unit-{WARD}-en"}
    assert topics_of([WARD], "fr", hanoi) == {"city-vi", f"unit-{WARD}-vi"}
