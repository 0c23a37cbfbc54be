"""Who hears of what beside the parties: confirmers, agencies, and those who follow an area; and
through what they chose to hear of it. Against the real database.
"""

from uuid import UUID

import msgspec
import pytest

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.feed.event import Event, Published, Topic
from smartcity.identifiers import new_id
from smartcity.identity.devices.model import DeviceChange
from smartcity.notifications.model import Channel, Kind, PushState, Urgency
from smartcity.storage.mongo import Database
from tests.unit.small_cities import unit
from tests.workers.notified import Telling, device, published
from workers.notifier import NOT_WANTED

pytestmark = pytest.mark.anyio

WARD, OTHER_WARD = "00070", "00004"


@pytest.fixture
def telling(database: Database, hanoi: City) -> Telling:
    return Telling(database, hanoi)


async def actions(telling: Telling, recipient: UUID) -> list[tuple[str, Kind | None]]:
    return [(one.action, one.kind) for one in await telling.inbox(recipient)]


# --- who saw it too ------------------------------------------------------------------------------


async def test_who_confirmed_a_report_is_asked_whether_it_is_solved(telling: Telling) -> None:
    confirmer, report = await device(telling.devices, None, "en"), new_id()
    telling.confirmed.by[report] = [confirmer]
    await telling.tell(published(1, "start", report=report), published(2, "resolve", report=report))
    (told,) = await telling.inbox(confirmer)
    assert told.kind is Kind.FOLLOWED
    assert "Is it solved for you too?" in told.body


async def test_an_account_that_confirmed_hears_of_it_on_all_its_devices(telling: Telling) -> None:
    phone, tablet = [await device(telling.devices, None) for _ in range(2)]
    account, report = await telling.account(phone, tablet), new_id()
    telling.confirmed.by[report] = [account]
    resolved = published(1, "resolve", report=report)
    for _ in range(2):
        await telling.tell(resolved)
    for one in (phone, tablet):
        assert await actions(telling, one) == [("resolve", Kind.FOLLOWED)]
    assert await telling.inbox(account) == []


async def test_who_confirmed_and_follows_a_report_is_told_once(telling: Telling) -> None:
    phone, report = await device(telling.devices, None, "en"), new_id()
    telling.confirmed.by[report] = [phone]
    await telling.follows.follow_report(phone, report)
    await telling.tell(published(1, "resolve", report=report))
    (told,) = await telling.inbox(phone)
    assert "that you follow" in told.body


async def test_nobody_who_confirmed_hears_of_what_the_public_may_not_know(
    telling: Telling,
) -> None:
    phone, report = await device(telling.devices, None), new_id()
    telling.confirmed.by[report] = [phone]
    await telling.tell(published(1, "resolve", report=report, public=False))
    assert await telling.inbox(phone) == []


async def test_who_reopens_a_report_hears_of_it_on_none_of_their_devices(
    telling: Telling,
) -> None:
    phone, tablet = [await device(telling.devices, None) for _ in range(2)]
    account, report = await telling.account(phone, tablet), new_id()
    telling.confirmed.by[report] = [account]
    await telling.tell(published(1, "reopen", report=report, actor=phone))
    assert [await telling.inbox(one) for one in (phone, tablet)] == [[], []]


async def test_of_an_import_those_hear_too_who_confirmed_one_of_its_reports(
    telling: Telling,
) -> None:
    phone, batch = await device(telling.devices, None), new_id()
    telling.dossiers.batches[batch] = [new_id() for _ in range(25)]
    telling.confirmed.by[telling.dossiers.batches[batch][17]] = [phone]
    bulk = Event(
        id=new_id(), topic=Topic.BULK, action="import", at=now(), of=Topic.REPORT, batch=batch
    )
    await telling.tell(Published(seq=7, epoch="TEST", event=bulk))
    assert telling.dossiers.asked == [telling.dossiers.batches[batch][17]]


# --- an agency's handlers ------------------------------------------------------------------------


async def test_an_urgent_report_rings_at_the_agency_to_which_it_is_transferred(
    telling: Telling,
) -> None:
    former, new, dispatcher = (new_id() for _ in range(3))
    telling.staff.offices[("handler", "so-y-te")] = [former]
    telling.staff.offices[("handler", "so-xay-dung")] = [new, dispatcher]
    moved = published(
        1, "transfer", agency="so-xay-dung", priority="urgent", category="pothole", actor=dispatcher
    )
    await telling.tell(moved)
    (told,) = await telling.inbox(new)
    assert (told.kind, told.push.urgency) == (Kind.WORK, Urgency.HIGH)
    assert [await telling.inbox(one) for one in (former, dispatcher)] == [[], []]


async def test_an_ordinary_report_asks_for_nobody_s_office(telling: Telling) -> None:
    await telling.tell(
        *(published(seq, "submit", agency="so-xay-dung", priority="normal") for seq in range(9))
    )
    assert telling.staff.asked == 0


async def test_one_office_is_asked_for_once_in_a_batch(telling: Telling) -> None:
    handler = new_id()
    telling.staff.offices[("handler", "so-y-te")] = [handler]
    await telling.tell(
        *(published(seq, "submit", agency="so-y-te", priority="urgent") for seq in range(9))
    )
    assert len(await telling.inbox(handler)) == 9
    assert telling.staff.asked == 1


# --- who follows an area -------------------------------------------------------------------------


async def subscriber(telling: Telling, units: tuple[str, ...], categories: tuple[str, ...]) -> UUID:
    phone = await device(telling.devices, None, "en")
    await telling.devices.update(phone, DeviceChange(units=units, categories=categories))
    return phone


def near(action: str, seq: int = 1) -> Published:
    return published(
        seq, action, unit=WARD, category="pothole", field="infrastructure", agency="so-xay-dung"
    )


async def test_who_follows_a_unit_and_a_category_hears_of_a_report_s_milestones(
    telling: Telling,
) -> None:
    by_category = await subscriber(telling, (OTHER_WARD, WARD), ("noise", "pothole"))
    by_field = await subscriber(telling, (WARD,), ("infrastructure",))
    elsewhere = await subscriber(telling, (OTHER_WARD,), ("pothole",))
    other_matters = await subscriber(telling, (WARD,), ("noise",))
    only_the_unit = await subscriber(telling, (WARD,), ())
    events = [near(action, seq) for seq, action in enumerate(("submit", "receive", "resolve"))]
    for _ in range(2):
        await telling.tell(*events)
    for one in (by_category, by_field):
        assert await actions(telling, one) == [("resolve", Kind.AREA), ("receive", Kind.AREA)]
    for one in (elsewhere, other_matters, only_the_unit):
        assert await telling.inbox(one) == []


async def test_who_follows_a_larger_unit_hears_of_what_lies_in_it(
    database: Database, hanoi: City
) -> None:
    city = msgspec.structs.replace(
        hanoi,
        units={**hanoi.units, "ward": unit("ward", 105, 21, parent=WARD)},
    )
    telling = Telling(database, city)
    phone = await subscriber(telling, (WARD,), ("pothole",))
    both = await subscriber(telling, (WARD, "ward"), ("pothole", "infrastructure"))
    await telling.tell(
        published(1, unit="ward", category="pothole", field="infrastructure"),
        published(2, unit=WARD, category="noise", field="environment"),
    )
    for one in (phone, both):
        assert await actions(telling, one) == [("receive", Kind.AREA)]


async def test_nothing_is_heard_near_by_of_what_is_not_public(telling: Telling) -> None:
    phone = await subscriber(telling, (WARD,), ("pothole",))
    hidden = published(1, unit=WARD, category="pothole", public=False)
    await telling.tell(hidden)
    assert await telling.inbox(phone) == []


async def test_a_reporter_who_follows_their_area_is_told_once_and_as_the_reporter(
    telling: Telling,
) -> None:
    phone = await subscriber(telling, (WARD,), ("pothole",))
    await telling.tell(published(1, reporter=phone, unit=WARD, category="pothole"))
    assert await actions(telling, phone) == [("receive", Kind.PROGRESS)]


async def test_subscribers_are_found_among_those_who_have_categories_alone(
    telling: Telling, database: Database
) -> None:
    for _ in range(20):
        await subscriber(telling, (WARD,), ())
    left = await subscriber(telling, (WARD,), ("pothole",))
    await subscriber(telling, (WARD,), ("pothole",))
    await telling.devices.update(left, DeviceChange(categories=()))
    assert "categories" not in (await database["devices"].find_one({"_id": left}) or {})
    looked_at = await database["devices"].find({"units": WARD}).hint("subscribers").explain()
    assert looked_at["executionStats"]["totalKeysExamined"] == 1


# --- through what --------------------------------------------------------------------------------


async def test_what_is_not_wanted_as_a_push_stands_in_the_inbox_alone(telling: Telling) -> None:
    phone = await device(telling.devices, "phone")
    await telling.choices.change(phone, {Kind.PROGRESS: frozenset()})
    await telling.tell(
        published(1, "receive", reporter=phone), published(2, "resolve", reporter=phone)
    )
    resolved, received = await telling.inbox(phone)
    assert (received.push.state, received.push.reason) == (PushState.NONE, NOT_WANTED)
    assert resolved.push.state is PushState.PENDING


async def test_what_an_account_chose_holds_for_all_its_devices(telling: Telling) -> None:
    phone, tablet = [await device(telling.devices, None) for _ in range(2)]
    account = await telling.account(phone, tablet)
    await telling.choices.change(account, {Kind.PROGRESS: frozenset({Channel.EMAIL})})
    await telling.choices.change(phone, {Kind.PROGRESS: frozenset({Channel.PUSH})})
    await telling.tell(published(1, reporter=phone))
    for one in (phone, tablet):
        (told,) = await telling.inbox(one)
        assert told.push.reason == NOT_WANTED
