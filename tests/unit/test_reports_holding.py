"""Which reports may be part of a burst, and how bursts are counted."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartcity.city.model import City, Priority
from smartcity.city.policies import Burst
from smartcity.identifiers import new_id
from smartcity.identity.roles import Actor, Assurance, Role
from smartcity.reports.deadlines import Clocks
from smartcity.reports.holding.model import Common
from smartcity.reports.holding.rules import hold, is_suspect, traits
from smartcity.reports.holding.store import BurstStore, Sighting
from smartcity.reports.model import Report
from smartcity.reports.requests import Contact, NewReport, Step
from smartcity.reports.steps import take
from smartcity.reports.submission import assurance
from smartcity.reports.words import Action, Party, Status
from smartcity.storage.mongo import Database
from tests.unit.reports_made import MONDAY, among, make_report

pytestmark = pytest.mark.anyio

BURST = Burst(new_hours=24, devices=3, minutes=10)
TRAIT = b"an address"
HOUR = timedelta(hours=1)


def sender(**more: Any) -> Actor:
    given: dict[str, Any] = {"since": MONDAY - HOUR, **more}
    return Actor(roles=frozenset({Role.DEVICE}), id=new_id(), **given)


def pothole(city: City, **more: Any):
    return msgspec.structs.replace(city.categories["pothole"], **more)


def sightings(count: int, minute: float = 0, trait: bytes = TRAIT) -> list[Sighting]:
    at = MONDAY + timedelta(minutes=minute)
    return [Sighting(trait, new_id(), at) for _ in range(count)]


async def seen(store: BurstStore, *of: Sighting) -> list[bool]:
    return [await store.see(one) for one in of]


def held_report(city: City) -> Report:
    report = make_report(city)
    return hold(report, (Common.ADDRESS,), report.submitted_at)


# --- rules ---------------------------------------------------------------------------------------


def test_only_a_new_device_without_an_account_is_suspect_and_only_with_what_can_wait(
    hanoi: City,
) -> None:
    assert is_suspect(sender(), pothole(hanoi), BURST, MONDAY)
    for actor in (
        sender(since=MONDAY - 24 * HOUR),
        sender(since=None),
        sender(account=new_id()),
    ):
        assert not is_suspect(actor, pothole(hanoi), BURST, MONDAY)
    urgent = pothole(hanoi, priority=Priority.URGENT)
    assert not is_suspect(sender(), urgent, BURST, MONDAY)
    for category in hanoi.categories.values():
        if category.emergency is not None:
            assert not is_suspect(sender(), category, BURST, MONDAY)


def test_texts_are_alike_whatever_their_figures_marks_and_order() -> None:
    told = {
        traits(text, None)[Common.TEXT]
        for text in (
            "Quán này bán hàng giả 1",
            "quan nay ban hang gia (2)",
            "Tin 77... bán hàng giả, quán này!".replace("Tin ", ""),
        )
    }
    assert len(told) == 1
    assert traits("Đường này có ổ gà", None) != traits("Đường này có rác", None)


@given(st.text(), st.ip_addresses().map(str))
def test_an_address_is_never_kept_as_it_is(text: str, address: str) -> None:
    found = traits(text, address)
    assert Common.ADDRESS in found
    assert address.encode() not in b"".join(found.values())


def test_a_text_of_a_few_words_has_nothing_in_common() -> None:
    assert traits("Mất điện rồi", None) == {}


def test_a_held_report_has_no_running_clock_and_a_released_one_a_new(hanoi: City) -> None:
    held, later = held_report(hanoi), MONDAY + 72 * HOUR
    assert (held.status, held.due_at, held.finished_at) == (Status.HELD, None, None)
    clocks = Clocks(hanoi)
    around = among(hanoi, clocks, Party.DISPATCHER, at=later)
    released = take(held, Step(action=Action.RELEASE), around).report
    category = hanoi.categories[held.category]
    given = clocks.give(category, held.priority, held.agency, later)
    assert (released.deadlines, released.due_at) == (given, given.receive_by)
    assert (released.agency, released.routing, released.held) == (held.agency, held.routing, None)
    assert released.submitted_at == held.submitted_at


# --- counting ------------------------------------------------------------------------------------


async def test_in_any_window_no_more_new_devices_pass_than_allowed(database: Database) -> None:
    store = BurstStore(database, BURST)
    assert await seen(store, *sightings(4)) == [False, False, False, True]
    assert await seen(store, *sightings(1, minute=9)) == [True]
    # The first four are forgotten; the fifth, which was held, counts like any other.
    assert await seen(store, *sightings(3, minute=10.5)) == [False, False, True]
    assert await seen(store, *sightings(3, minute=30)) == [False, False, False]


async def test_a_device_counts_once_and_each_trait_by_itself(database: Database) -> None:
    store = BurstStore(database, BURST)
    [one] = sightings(1)
    assert await seen(store, *[one] * 10) == [False] * 10
    assert await seen(store, *sightings(3)) == [False, False, True]
    assert await seen(store, *sightings(3, trait=b"another")) == [False] * 3


async def test_two_processes_at_once_let_through_exactly_as_many(database: Database) -> None:
    stores = [BurstStore(database, BURST) for _ in range(2)]
    asked = [stores[place % 2].see(one) for place, one in enumerate(sightings(150))]
    assert (await asyncio.gather(*asked)).count(False) == BURST.devices


async def test_what_is_kept_of_a_burst_is_bounded(database: Database) -> None:
    store = BurstStore(database, BURST)
    await asyncio.gather(*(store.see(one) for one in sightings(300)))
    kept = await database["bursts"].find_one({"_id": TRAIT})
    assert kept is not None
    assert len(kept["devices"]) == BURST.devices + 1
    assert await seen(store, *sightings(1)) == [True]


# --- how sure the city is ------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_only_with_an_operator_a_number_in_the_report_makes_a_confirmed_phone(role: Role) -> None:
    told = NewReport(category="c", description="d", contact=Contact(phone="0912345678"))
    actor = Actor(roles=frozenset({role}), id=new_id())
    expected = Assurance.PHONE if role is Role.OPERATOR else Assurance.DEVICE
    assert assurance(told, actor) is expected
    assert assurance(msgspec.structs.replace(told, contact=None), actor) is Assurance.DEVICE


def test_an_account_suffices_for_all_and_a_device_for_itself() -> None:
    enough = {(have, need) for have in Assurance for need in Assurance if have.suffices(need)}
    assert len(enough) == 6
    assert (Assurance.ACCOUNT, Assurance.PHONE) in enough
    assert (Assurance.DEVICE, Assurance.PHONE) not in enough
