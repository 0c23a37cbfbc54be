"""The plan of telling phones: one for each message, whoever dies, and none for what is over."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from smartcity.alerts.deliveries.model import Progress
from smartcity.alerts.deliveries.planning import DeliveryPlan
from smartcity.alerts.deliveries.store import DeliveryStore
from smartcity.alerts.store import AlertStore
from smartcity.clock import now
from smartcity.feed.event import Published
from smartcity.feed.store import FeedStore
from smartcity.identity.devices.store import MERGED, DeviceStore
from tests.api.alerting import act, created, issued, revise
from tests.api.auditing import publish
from tests.api.test_alerts_area import follower
from tests.api.town import Person, Town
from tests.api.working import until, working

pytestmark = pytest.mark.anyio


@pytest.fixture
async def officer(hanoi_town: Town) -> Person:
    return await hanoi_town.staff("alerter")


async def events(town: Town) -> list[Published]:
    """Everything that the feed has."""
    await publish(town)
    feed = FeedStore(town.database)
    return await feed.after(0, 1000, await feed.epoch())


def plan(town: Town) -> DeliveryPlan:
    return DeliveryPlan(AlertStore(town.database), DeliveryStore(town.database))


async def deliveries(officer: Person, alert: dict[str, Any]) -> list[tuple[str, str, str]]:
    whole = (await officer.get(f"/v1/operations/alerts/{alert['id']}")).json()
    kinds = {message["id"]: message["kind"] for message in whole["messages"]}
    return [(kinds[one["message"]], one["mode"], one["state"]) for one in whole["deliveries"]]


async def test_what_is_issued_is_planned_by_the_workers(hanoi_town: Town, officer: Person) -> None:
    await created(officer)
    alert = await issued(officer)
    async with working(hanoi_town), working(hanoi_town):
        await until(lambda: _planned(officer, alert, 1))
    assert [mode for _, mode, _ in await deliveries(officer, alert)] == ["topics"]
    assert await hanoi_town.database["deliveries"].count_documents({}) == 1


async def _planned(officer: Person, alert: dict[str, Any], count: int) -> bool:
    return len(await deliveries(officer, alert)) == count


@pytest.mark.parametrize(
    ("changed", "mode"),
    [
        ({"severity": "Minor", "urgency": "Expected"}, "topics"),
        ({"severity": "Minor", "urgency": "Immediate"}, "direct"),
        ({"severity": "Extreme", "urgency": "Future"}, "direct"),
    ],
)
async def test_what_presses_goes_to_each_device(
    changed: dict[str, Any], mode: str, hanoi_town: Town, officer: Person
) -> None:
    other = await hanoi_town.staff("alerter")
    alert = (await act(other, await created(officer, **changed), "confirm", "issue")).json()
    await plan(hanoi_town).handle(await events(hanoi_town))
    assert await deliveries(officer, alert) == [("Alert", mode, "waiting")]


async def test_a_replayed_feed_plans_nothing_twice_and_starts_nothing_anew(
    hanoi_town: Town, officer: Person
) -> None:
    alert = await issued(officer)
    seen = await events(hanoi_town)
    await plan(hanoi_town).handle(seen)
    store = DeliveryStore(hanoi_town.database)
    (delivery,) = await store.unfinished(10)
    assert await store.advance(delivery, Progress(after="00070", sent=1), now(), done=True)
    await plan(hanoi_town).handle(seen)
    assert await deliveries(officer, alert) == [("Alert", "topics", "done")]


async def test_a_cancellation_stops_what_is_still_being_told(
    hanoi_town: Town, officer: Person
) -> None:
    alert = await issued(officer, urgency="Immediate")
    await plan(hanoi_town).handle(await events(hanoi_town))
    store = DeliveryStore(hanoi_town.database)
    (running,) = await store.unfinished(10)
    some = Progress(after=str(UUID(int=7)), sent=500)
    assert await store.advance(running, some, now())
    await act(officer, alert["id"], "cancel")
    await plan(hanoi_town).handle(await events(hanoi_town))
    assert await deliveries(officer, alert) == [
        ("Alert", "direct", "stopped"),
        ("Cancel", "direct", "waiting"),
    ]
    further = msgspec.structs.replace(running, progress=some)
    assert not await store.advance(further, Progress(after=str(UUID(int=8)), sent=600), now())


async def test_a_worker_that_comes_late_plans_only_what_still_holds(
    hanoi_town: Town, officer: Person
) -> None:
    alert = await issued(officer)
    for severity in ("Moderate", "Unknown"):
        drafted = (await revise(officer, alert, severity=severity)).json()
        alert = (await act(officer, drafted, "issue")).json()
    await plan(hanoi_town).handle(await events(hanoi_town))
    assert [state for _, _, state in await deliveries(officer, alert)] == [
        "stopped",
        "stopped",
        "waiting",
    ]


async def test_an_alert_that_expired_meanwhile_wakes_nobody(
    hanoi_town: Town, officer: Person
) -> None:
    alert = await issued(officer, expires=(now() + timedelta(seconds=1)).isoformat())
    await asyncio.sleep(1.2)
    await plan(hanoi_town).handle(await events(hanoi_town))
    assert [state for _, _, state in await deliveries(officer, alert)] == ["stopped"]


async def test_everybody_who_was_told_is_told_of_the_end(hanoi_town: Town, officer: Person) -> None:
    alert = await issued(officer, area={"units": ["00070", "00082"]})
    smaller = (await revise(officer, alert, area={"units": ["00070"]})).json()
    await act(officer, smaller, "issue")
    await act(officer, alert["id"], "cancel")
    await plan(hanoi_town).handle(await events(hanoi_town))
    planned = await DeliveryStore(hanoi_town.database).of_alert(UUID(alert["id"]))
    assert [one.reach.units for one in planned] == [("00070", "00082")] * 3


async def test_of_two_who_send_one_goes_on(hanoi_town: Town, officer: Person) -> None:
    await issued(officer)
    await plan(hanoi_town).handle(await events(hanoi_town))
    store = DeliveryStore(hanoi_town.database)
    (delivery,) = await store.unfinished(10)
    further = [Progress(after=f"{number:05}", sent=number) for number in range(1, 5)]
    written = await asyncio.gather(*(store.advance(delivery, one, now()) for one in further))
    assert sorted(written) == [False, False, False, True]


async def test_the_devices_of_an_area_are_walked_once_each(hanoi_town: Town) -> None:
    both = [await follower(hanoi_town, "00070", "00082") for _ in range(3)]
    one = [await follower(hanoi_town, "00070") for _ in range(4)]
    await follower(hanoi_town, "00004")
    store = DeviceStore(hanoi_town.database)
    assert len(await walked(store, ["00070", "00082"])) == len(both + one)
    assert len(await walked(store, None)) == 8
    more_than_are_merged = ["00070", "00082", *(f"elsewhere-{n}" for n in range(MERGED))]
    assert len(await walked(store, more_than_are_merged)) == len(both + one)


async def walked(store: DeviceStore, units: list[str] | None) -> set[UUID]:
    seen: list[UUID] = []
    after: UUID | None = None
    while (page := await store.walk(units, after=after, limit=2)).up_to is not None:
        seen += [phone.id for phone in page.phones]
        after = page.up_to
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen))
    return set(seen)
