"""FCM's topics follow what devices follow, whatever changes, fails or dies meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import pytest

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.identity.devices.model import (
    DeviceChange,
    NewDevice,
    Platform,
    PushAddress,
)
from smartcity.identity.devices.service import DeviceService
from smartcity.identity.devices.store import DEVICES, LEFT, DeviceStore
from smartcity.notifications.fcm.opening import open_fcm
from smartcity.notifications.push import Outcome, PushResult
from smartcity.notifications.subscriptions.keeping import SubscriptionKeeper
from smartcity.notifications.subscriptions.store import SubscriptionStore, subscribe_everybody
from smartcity.notifications.topics import Subscriber
from smartcity.storage.mongo import Database
from tests.standins.fixtures import Fcm
from tests.workers.alerted import numbered, phones_in

pytestmark = pytest.mark.anyio

WARD, NEXT = "00070", "00082"


@pytest.fixture
async def subscriber(fcm: Fcm) -> AsyncIterator[Subscriber]:
    async with open_fcm(project="hanoi", credentials="", endpoint=fcm.url) as (_, opened):
        assert opened is not None
        yield opened


class Calls:
    """Passes everything on, and notes what was asked. `fails` so many times, with one word."""

    def __init__(self, subscriber: Subscriber) -> None:
        self._subscriber = subscriber
        self.asked: list[tuple[str, bool, int]] = []
        self.dies = False
        self.away = False

    async def change(
        self, topic: str, addresses: Sequence[PushAddress], *, subscribe: bool
    ) -> list[PushResult]:
        self.asked.append((topic, subscribe, len(addresses)))
        if self.away:
            return [PushResult(Outcome.RETRY, "UNAVAILABLE") for _ in addresses]
        results = await self._subscriber.change(topic, addresses, subscribe=subscribe)
        if self.dies:
            raise ConnectionAbortedError
        return results


@pytest.fixture
def calls(subscriber: Subscriber) -> Calls:
    return Calls(subscriber)


@pytest.fixture
def keeper(database: Database, devices: DeviceService, hanoi: City, calls: Calls) -> "Keeping":
    return Keeping(database, devices, hanoi, calls)


class Keeping:
    def __init__(
        self, database: Database, devices: DeviceService, city: City, subscriber: Subscriber
    ) -> None:
        store = SubscriptionStore(database)
        self._keeper = SubscriptionKeeper(store, devices, city, subscriber, self._yes)

    async def _yes(self) -> bool:
        return True

    async def keep(self) -> None:
        """Until nothing is left to do now."""
        async with asyncio.timeout(20):
            while await self._keeper.run_once():
                pass


async def register(
    devices: DeviceService, name: str | None, kind: str = "fid", language: str = "vi"
) -> UUID:
    push = None if name is None else address(name, kind)
    new = NewDevice(platform=Platform.ANDROID, language=language, push=push)
    return (await devices.register(new))[0].id


def address(name: str, kind: str = "fid") -> PushAddress:
    return PushAddress("token" if kind == "token" else "fid", name)


async def marked(database: Database) -> int:
    return await database[DEVICES].count_documents({"subscribe_at": {"$exists": True}})


@pytest.mark.parametrize("kind", ["fid", "token"])
async def test_a_device_has_the_topics_of_its_units_and_the_city_s_in_its_language(
    kind: str, database: Database, devices: DeviceService, keeper: Keeping, fcm: Fcm
) -> None:
    phone = await register(devices, "phone", kind)
    await keeper.keep()
    assert fcm.topics() == {"city-vi": ["phone"]}
    await devices.update(phone, DeviceChange(units=(WARD, NEXT)))
    await keeper.keep()
    assert set(fcm.topics()) == {"city-vi", f"unit-{WARD}-vi", f"unit-{NEXT}-vi"}
    await devices.update(phone, DeviceChange(units=(NEXT,), language="en"))
    await keeper.keep()
    assert fcm.topics() == {"city-en": ["phone"], f"unit-{NEXT}-en": ["phone"]}
    assert await marked(database) == 0


async def test_a_new_address_has_the_topics_and_the_old_one_has_none(
    devices: DeviceService, keeper: Keeping, fcm: Fcm
) -> None:
    phone = await register(devices, "old")
    await devices.update(phone, DeviceChange(units=(WARD,)))
    await keeper.keep()
    await devices.update(phone, DeviceChange(push=address("new", "token")))
    await keeper.keep()
    assert fcm.topics() == {"city-vi": ["new"], f"unit-{WARD}-vi": ["new"]}


async def test_who_takes_the_address_away_is_in_no_topic(
    database: Database, devices: DeviceService, keeper: Keeping, fcm: Fcm
) -> None:
    phone = await register(devices, "phone")
    await keeper.keep()
    await devices.update(phone, DeviceChange(push=None))
    await keeper.keep()
    assert fcm.topics() == {}
    assert await marked(database) == 0


async def test_an_app_installed_anew_has_what_its_new_self_follows(
    devices: DeviceService, keeper: Keeping, fcm: Fcm
) -> None:
    former = await register(devices, "phone")
    await devices.update(former, DeviceChange(units=(WARD,)))
    await keeper.keep()
    present = await register(devices, "phone")
    await devices.update(present, DeviceChange(units=(NEXT,)))
    await keeper.keep()
    assert fcm.topics() == {"city-vi": ["phone"], f"unit-{NEXT}-vi": ["phone"]}


async def test_a_device_that_is_removed_is_in_no_topic(
    database: Database, devices: DeviceService, keeper: Keeping, fcm: Fcm
) -> None:
    phone = await register(devices, "phone")
    await devices.update(phone, DeviceChange(units=(WARD,)))
    await register(devices, "another")
    await keeper.keep()
    await DeviceStore(database).remove([phone])
    await keeper.keep()
    assert fcm.topics() == {"city-vi": ["another"]}
    assert await database[LEFT].count_documents({}) == 0


async def test_a_device_begun_anew_keeps_hearing(
    devices: DeviceService, keeper: Keeping, fcm: Fcm
) -> None:
    phone = await register(devices, "phone")
    await devices.update(phone, DeviceChange(units=(WARD,)))
    await keeper.keep()
    await devices.begin_anew(phone)
    await keeper.keep()
    assert fcm.topics() == {"city-vi": ["phone"]}


async def test_an_address_that_reaches_nobody_is_forgotten(
    database: Database, devices: DeviceService, keeper: Keeping, fcm: Fcm
) -> None:
    phones = [await register(devices, f"unregistered-{kind}", kind) for kind in ("fid", "token")]
    await keeper.keep()
    assert [(await devices.get(phone)).push for phone in phones] == [None, None]
    assert fcm.topics() == {}
    assert await marked(database) == 0


async def test_what_fcm_will_never_take_is_not_asked_for_again(
    database: Database, devices: DeviceService, keeper: Keeping, calls: Calls
) -> None:
    await register(devices, "invalid-1", "token")
    await keeper.keep()
    assert await marked(database) == 0
    asked = len(calls.asked)
    await keeper.keep()
    assert len(calls.asked) == asked


async def test_a_thousand_devices_cost_one_call_for_each_topic(
    database: Database, keeper: Keeping, calls: Calls, fcm: Fcm
) -> None:
    await phones_in(database, numbered(1000), WARD, kind="token")
    await subscribe_everybody(database)
    await keeper.keep()
    assert sorted(calls.asked) == [("city-vi", True, 1000), (f"unit-{WARD}-vi", True, 1000)]
    assert len(fcm.topics()["city-vi"]) == 1000
    assert await marked(database) == 0


async def test_devices_that_were_there_before_topics_are_subscribed_once(
    database: Database, keeper: Keeping, calls: Calls, fcm: Fcm
) -> None:
    await phones_in(database, ["phone", None], WARD)
    await subscribe_everybody(database)
    assert await marked(database) == 1
    await keeper.keep()
    await subscribe_everybody(database)
    assert await marked(database) == 0
    assert fcm.topics() == {"city-vi": ["phone"], f"unit-{WARD}-vi": ["phone"]}


@pytest.mark.parametrize("kind", ["fid", "token"])
async def test_who_dies_half_way_has_said_nothing_that_is_not_said_again_or_ended(
    kind: str,
    database: Database,
    devices: DeviceService,
    keeper: Keeping,
    calls: Calls,
    fcm: Fcm,
) -> None:
    """Even if the address is another by then."""
    same, other = [await register(devices, name, kind) for name in ("same", "other")]
    calls.dies = True
    with pytest.raises(ConnectionAbortedError):
        await keeper.keep()
    assert fcm.topics() == {"city-vi": ["other", "same"]}
    calls.dies = False
    await devices.update(other, DeviceChange(push=address("newer", kind)))
    await keeper.keep()
    assert fcm.topics() == {"city-vi": ["newer", "same"]}
    assert (await devices.get(same)).push == address("same", kind)
    assert await marked(database) == 0


async def test_while_fcm_is_away_nothing_is_lost_and_it_is_left_alone(
    database: Database,
    devices: DeviceService,
    hanoi: City,
    keeper: Keeping,
    calls: Calls,
    fcm: Fcm,
) -> None:
    await register(devices, "phone")
    calls.away = True
    await keeper.keep()
    await keeper.keep()
    assert len(calls.asked) == 1
    assert await marked(database) == 1
    calls.away = False
    await database[DEVICES].update_many({}, {"$set": {"subscribe_at": now()}})
    await Keeping(database, devices, hanoi, calls).keep()
    assert fcm.topics() == {"city-vi": ["phone"]}


async def test_one_phone_that_fcm_refuses_keeps_no_other_waiting(
    database: Database, devices: DeviceService, hanoi: City, calls: Calls, fcm: Fcm
) -> None:
    """However early in the order its topic comes, and however often it is tried again."""
    refused = await register(devices, "refused")
    await devices.update(refused, DeviceChange(units=(WARD,)))
    for name in ("one", "another"):
        await devices.update(await register(devices, name), DeviceChange(units=(NEXT,)))

    class Refusing(Calls):
        async def change(
            self, topic: str, addresses: Sequence[PushAddress], *, subscribe: bool
        ) -> list[PushResult]:
            told = await super().change(topic, addresses, subscribe=subscribe)
            return [
                PushResult(Outcome.RETRY, "HTTP 414") if one.value == "refused" else result
                for one, result in zip(addresses, told, strict=True)
            ]

    keeper = Keeping(database, devices, hanoi, Refusing(calls))
    await keeper.keep()
    assert await marked(database) == 1
    await register(devices, "later")
    await keeper.keep()
    assert "later" in fcm.topics()["city-vi"]
    assert await marked(database) == 1


async def test_what_changes_while_fcm_is_told_is_told_next(
    database: Database, devices: DeviceService, hanoi: City, calls: Calls, fcm: Fcm
) -> None:
    phone = await register(devices, "phone")

    class Meanwhile(Calls):
        async def change(
            self, topic: str, addresses: Sequence[PushAddress], *, subscribe: bool
        ) -> list[PushResult]:
            if not self.asked:
                await devices.update(phone, DeviceChange(units=(WARD,)))
            return await super().change(topic, addresses, subscribe=subscribe)

    await Keeping(database, devices, hanoi, Meanwhile(calls)).keep()
    assert fcm.topics() == {"city-vi": ["phone"], f"unit-{WARD}-vi": ["phone"]}
    assert await marked(database) == 0


async def test_without_configuration_there_is_nobody_to_tell() -> None:
    async with open_fcm(project="hanoi", credentials="", endpoint="") as (_, opened):
        assert opened is None
