"""The parts of a pusher, on a database of its own and the stand-in for FCM."""

from collections.abc import AsyncIterator

import pytest

from smartcity.city.model import City
from smartcity.identity.devices.service import DeviceService
from smartcity.identity.devices.store import DeviceStore
from smartcity.notifications.fcm.opening import open_fcm
from smartcity.notifications.push import PushSender
from smartcity.notifications.store import NotificationStore
from smartcity.storage.leases import Lease
from smartcity.storage.mongo import Database
from tests.standins.fixtures import Fcm
from tests.workers.backlog import pusher_of
from workers.pusher import Pusher


@pytest.fixture
def store(database: Database) -> NotificationStore:
    return NotificationStore(database)


@pytest.fixture
def devices(database: Database, hanoi: City) -> DeviceService:
    return DeviceService(DeviceStore(database), hanoi)


@pytest.fixture
async def sender(fcm: Fcm) -> AsyncIterator[PushSender]:
    async with open_fcm(project="hanoi", credentials="", endpoint=fcm.url) as (opened, _):
        yield opened


@pytest.fixture
def lease(database: Database) -> Lease:
    return Lease(database, "pusher", "this process", 10)


@pytest.fixture
def pusher(
    store: NotificationStore, devices: DeviceService, sender: PushSender, lease: Lease
) -> Pusher:
    return pusher_of(store, devices, sender, lease)
