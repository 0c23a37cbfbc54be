"""The week in figures, against the real database."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import time_machine

from smartcity.bridges import QueuesOfAgencies
from smartcity.city.model import City
from smartcity.feed.counting.store import FeedCounts
from smartcity.identifiers import new_id
from smartcity.identity.citizens.companions import Companions
from smartcity.identity.devices.model import DeviceChange
from smartcity.identity.devices.store import DeviceStore
from smartcity.identity.roles import Role
from smartcity.identity.staff.model import Staff
from smartcity.identity.staff.store import StaffStore
from smartcity.notifications.choices.store import ChoiceStore
from smartcity.notifications.digests.model import Hour
from smartcity.notifications.digests.service import Digests
from smartcity.notifications.digests.store import DigestStore
from smartcity.notifications.model import Channel, Kind, PushState
from smartcity.reports.lists.store import ReportLists
from smartcity.reports.store import ReportStore
from smartcity.storage.leases import Lease
from smartcity.storage.mongo import Database, to_document
from tests.unit.reports_made import make_report
from tests.workers.notified import Telling, device, published
from workers.digests import DigestClock

pytestmark = pytest.mark.anyio

WARD, OTHER_WARD = "00070", "00004"
PUSH = {Kind.DIGEST: frozenset({Channel.PUSH})}


@pytest.fixture
def telling(database: Database, hanoi: City) -> Telling:
    return Telling(database, hanoi)


@pytest.fixture
def monday(hanoi: City) -> Iterator[time_machine.Traveller]:
    """It is Monday, a minute past eight."""
    with time_machine.travel(datetime(2026, 3, 2, 8, 1, tzinfo=hanoi.zone), tick=False) as clock:
        yield clock


def clock_of(database: Database, city: City, telling: Telling, holder: str = "one") -> DigestClock:
    return DigestClock(
        Digests(
            city,
            FeedCounts(database),
            DigestStore(database),
            DeviceStore(database),
            Companions(telling.citizens, telling.devices),
            StaffStore(database),
            QueuesOfAgencies(ReportLists(database)),
        ),
        ChoiceStore(database),
        DigestStore(database),
        telling.notifier,
        Lease(database, f"digests of {holder}", holder, 10),
        Hour.parse("mon 08:00"),
        city.zone,
        chunk=2,
    )


async def until_done(clock: DigestClock) -> int:
    told = 0
    while some := await clock.run_once():
        told += some
    return told


async def digests(telling: Telling, recipient: UUID) -> list[str]:
    return [one.body for one in await telling.inbox(recipient) if one.kind is Kind.DIGEST]


async def publish(database: Database, *actions: str, unit: str, days_ago: float) -> None:
    """One report of which this was published."""
    report, at = new_id(), datetime.now().astimezone() - timedelta(days=days_ago)
    for action in actions:
        told = published(1, action, report=report, unit=unit)
        await database["feed"].insert_one(
            {
                "_id": await database["feed"].count_documents({}) + 1,
                "published_at": at,
                "event": to_document(told.event),
            }
        )


async def test_who_asked_for_it_reads_their_week_in_figures(
    database: Database, hanoi: City, telling: Telling, monday: time_machine.Traveller
) -> None:
    phone, other = [await device(telling.devices, name, "en") for name in ("one", "two")]
    for one in (phone, other):
        await telling.devices.update(one, DeviceChange(units=(WARD,)))
    await telling.choices.change(phone, PUSH)
    await telling.tell(published(1, "receive", reporter=phone))
    await publish(database, "receive", "resolve", "receive", unit=WARD, days_ago=2)
    await publish(database, "receive", unit=WARD, days_ago=6.9)
    await publish(database, "receive", unit=WARD, days_ago=8)
    await publish(database, "receive", unit=OTHER_WARD, days_ago=1)
    assert await until_done(clock_of(database, hanoi, telling)) == 1
    assert await digests(telling, phone) == [
        "Reports of yours, or that you follow, with news: 1. "
        "In the units that you follow: 2 received, 1 resolved."
    ]
    assert await digests(telling, other) == []
    (told, _) = await telling.inbox(phone)
    assert told.push.state is PushState.PENDING


async def test_nobody_has_two_in_a_week_and_everybody_one_in_the_next(
    database: Database, hanoi: City, telling: Telling, monday: time_machine.Traveller
) -> None:
    phone = await device(telling.devices, None)
    await telling.choices.change(phone, PUSH)
    clocks = [clock_of(database, hanoi, telling, holder) for holder in ("one", "two", "three")]
    for clock in clocks:
        await until_done(clock)
    assert len(await digests(telling, phone)) == 1
    monday.shift(timedelta(days=6, hours=23, minutes=58))
    assert await clocks[0].run_once() == 0
    monday.shift(timedelta(minutes=2))
    for clock in clocks:
        await until_done(clock)
    assert len(await digests(telling, phone)) == 2


async def test_killed_between_two_people_it_goes_on_where_it_was(
    database: Database, hanoi: City, telling: Telling, monday: time_machine.Traveller
) -> None:
    phones = [await device(telling.devices, None) for _ in range(5)]
    for phone in phones:
        await telling.choices.change(phone, PUSH)
    assert await clock_of(database, hanoi, telling).run_once() == 2
    told = [len(await digests(telling, phone)) for phone in phones]
    assert sum(told) == 2
    # Killed after it told some, and before it wrote down that it had.
    await database["digests"].update_one({}, {"$unset": {"after": ""}})
    assert await until_done(clock_of(database, hanoi, telling, "another")) == 5
    assert [len(await digests(telling, phone)) for phone in phones] == [1] * 5


async def test_an_account_reads_it_on_all_its_devices(
    database: Database, hanoi: City, telling: Telling, monday: time_machine.Traveller
) -> None:
    phone, tablet = [await device(telling.devices, None, "en") for _ in range(2)]
    await telling.choices.change(phone, PUSH)  # before it was linked
    account = await telling.account(phone, tablet)
    report = new_id()
    await telling.tell(published(1, "receive", report=report, reporter=phone))
    await until_done(clock_of(database, hanoi, telling))
    assert await digests(telling, phone) == []
    await telling.choices.change(account, PUSH)
    monday.shift(timedelta(days=7))
    await telling.tell(published(2, "resolve", report=report, reporter=phone))
    await until_done(clock_of(database, hanoi, telling))
    for one in (phone, tablet):
        (body,) = await digests(telling, one)
        assert "with news: 1." in body


async def test_staff_read_how_their_agency_stands(
    database: Database, hanoi: City, telling: Telling, monday: time_machine.Traveller
) -> None:
    at = datetime.now().astimezone()
    made = [make_report(hanoi, at - timedelta(minutes=n)) for n in range(3)]
    await ReportStore(database).take_in(made)
    own = await official(database, Role.HANDLER, made[0].agency)
    elsewhere = await official(database, Role.HANDLER, "so-y-te")
    everywhere = await official(database, Role.DISPATCHER, None)
    for one in (own, elsewhere, everywhere):
        await telling.choices.change(one, {Kind.DIGEST: frozenset({Channel.EMAIL})})
    await until_done(clock_of(database, hanoi, telling))
    three, none = (f"Đang mở: {n}. Sắp đến hạn: 0. Quá hạn: 0." for n in (3, 0))
    assert await digests(telling, own) == [three] == await digests(telling, everywhere)
    assert await digests(telling, elsewhere) == [none]


async def official(database: Database, role: Role, agency: str | None) -> UUID:
    one = Staff(
        id=new_id(),
        username=(name := new_id().hex),
        folded=name,
        name=name,
        roles=frozenset({role}),
        agencies=frozenset({agency} if agency else ()),
        created_at=datetime.now().astimezone(),
    )
    assert await StaffStore(database).add(one)
    return one.id


async def test_who_chooses_none_any_more_is_not_looked_for(
    database: Database, telling: Telling
) -> None:
    phone, other = new_id(), new_id()
    for one in (phone, other):
        await telling.choices.change(one, PUSH)
    await telling.choices.change(phone, {Kind.DIGEST: frozenset()})
    assert await telling.choices.want_digest(None, 10) == [other]
    assert await telling.choices.want_digest(other, 10) == []
