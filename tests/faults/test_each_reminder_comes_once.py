"""Three workers, two killed and one that stood still, while reminders of every kind are due: each
person has each of them once.

No process's clock is moved: what is due was made so long ago, in a city where it is noon.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from smartcity.city import City, load_city
from smartcity.clock import now
from smartcity.dossiers.collecting.store import ROUNDS, RoundStore
from smartcity.dossiers.store import DossierStore
from smartcity.feed.event import Topic
from smartcity.feed.outbox import OUTBOX_AT
from smartcity.feed.store import ANNOUNCEMENTS, FeedStore
from smartcity.notifications.following.model import Follow, Following
from smartcity.notifications.following.store import FOLLOWS
from smartcity.reports.deadlines import Clocks
from smartcity.reports.model import Alarm, Report, Reporter
from smartcity.reports.requests import Step
from smartcity.reports.steps import take
from smartcity.reports.store import COLLECTION as REPORTS
from smartcity.reports.store import ReportStore
from smartcity.reports.words import Action, Party
from smartcity.storage.mongo import Database, connect, to_document
from tests.api.packs import changed_pack
from tests.faults.installations import LEASE_S, Apart, running
from tests.faults.people import Caller, Phone, phone, staff
from tests.faults.processes import until
from tests.unit.dossiers_made import READER, row
from tests.unit.reports_made import among, make_report

pytestmark = pytest.mark.anyio

PHONES: Final = 3
RESULTS: Final = 300
"""So many wait for each phone: the round of a morning takes some seconds."""

REPORTS_EACH: Final = 20
BEGUN: Final = 50
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)

Told = Counter[tuple[UUID, str]]
"""How often somebody was told what about what."""


def zone_at_noon() -> str:
    """Where it is between twelve and one."""
    east = 12 - now().hour
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"


@pytest.fixture
def pack(tmp_path: Path) -> str:
    return changed_pack(tmp_path, "city.toml", ('"Asia/Ho_Chi_Minh"', f'"{zone_at_noon()}"'))


@pytest.fixture
def noon_city(pack: str) -> City:
    return load_city(Path(pack))


@pytest.fixture
async def installation(tmp_path: Path, pack: str) -> AsyncIterator[Apart]:
    made = Apart(tmp_path, workers=3, city=pack)
    async with running(made):
        yield made


@pytest.fixture
async def shared(installation: Apart) -> AsyncIterator[Database]:
    client, database = connect(installation.mongo_uri, "smartcity", timeout_s=10, pool=4)
    async with client:
        yield database


async def results_wait(database: Database, phones: Sequence[Phone], city: City) -> dict[UUID, Told]:
    """Results that were ready days ago, for whoever follows them."""
    assert city.dossiers
    ready_at = now() - city.dossiers.collect_days[0] * DAY
    expected, done = dict[UUID, Told](), {"status": "9", "updated_at": ready_at.isoformat()}
    for place, one in enumerate(phones):
        dossiers = [READER.dossier(row(RESULTS * place + n, **done), now()) for n in range(RESULTS)]
        assert await DossierStore(database).add_many(dossiers) == []
        follows = [
            Follow(id=Following(one.id, d.id), topic=Topic.DOSSIER, at=ready_at - DAY)
            for d in dossiers
        ]
        await database[FOLLOWS].insert_many(map(to_document, follows))
        expected[one.id] = Counter((d.id, "collect") for d in dossiers)
    return expected


def waiting_for(one: Phone, city: City) -> list[Report]:
    """Reports of a phone: questions that were asked, and answers that were given, so long ago that
    it is time to remind of the one, and to ask for a rating of the other.
    """
    windows = city.windows
    asked_at = now() - (windows.lapse_days - windows.remind_days) * DAY - HOUR
    solved_at = now() - (windows.close_days - windows.remind_days) * DAY - HOUR
    asked = [_taken(city, one.id, Action.ASK, asked_at) for _ in range(REPORTS_EACH)]
    solved = [_taken(city, one.id, Action.RESOLVE, solved_at) for _ in range(REPORTS_EACH)]
    return asked + solved


def at_risk(city: City) -> list[Report]:
    """Their deadline is near."""
    alarm = Alarm(at=now(), action=Action.WARN)
    return [make_report(city, now(), alarm=alarm) for _ in range(REPORTS_EACH)]


def once_each(reports: Sequence[Report]) -> Told:
    """What their alarms are going to say."""
    return Counter((report.id, str(report.alarm.action)) for report in reports if report.alarm)


def _taken(city: City, reporter: UUID, action: Action, at: datetime) -> Report:
    report = make_report(city, at - HOUR, reporter=Reporter(id=reporter))
    for step in (Step(action=Action.RECEIVE), Step(action=action, text="Số nhà nào?")):
        report = take(report, step, among(city, Clocks(city), Party.HANDLER, at=at)).report
    return report


async def heard(somebody: Caller) -> Told:
    return Counter((UUID(item["subject"]), item["action"]) for item in await somebody.inbox())


async def until_all_is_told(database: Database, count: int) -> None:
    """The round was gone to its end, and nothing is on its way any more."""

    async def told_all() -> bool:
        last = await RoundStore(database).last()
        waiting = {OUTBOX_AT: {"$exists": True}}
        outboxes = (REPORTS, ANNOUNCEMENTS)
        return (
            last is not None
            and last.done
            and not any([await database[name].find_one(waiting) for name in outboxes])
            and await FeedStore(database).behind() == 0
            and await database["notifications"].count_documents({}) >= count
        )

    await until(told_all, "everybody was told", patience_s=90)


async def test_each_person_has_each_reminder_once_whatever_becomes_of_three_workers(
    installation: Apart, shared: Database, noon_city: City
) -> None:
    async with AsyncExitStack() as stack:
        phones = [await stack.enter_async_context(phone(installation)) for _ in range(PHONES)]
        agency = make_report(noon_city, now()).agency
        supervisor = await stack.enter_async_context(staff(installation, "supervisor", agency))
        reports = {one.id: waiting_for(one, noon_city) for one in phones}
        pressing = at_risk(noon_city)
        expected = await results_wait(shared, phones, noon_city)
        await shared[ROUNDS].delete_many({})  # a morning comes

        async def begun() -> bool:
            return await shared[ANNOUNCEMENTS].count_documents({}) >= BEGUN

        await until(begun, "the round was begun")
        await ReportStore(shared).take_in([*pressing, *chain.from_iterable(reports.values())])
        sleeper, *killed = installation.workers
        sleeper.pause()
        for worker in killed:
            await worker.kill_and_start()
        left = PHONES * RESULTS - await shared[ANNOUNCEMENTS].count_documents({})
        assert left > 0, "they stopped with work left to do"
        await asyncio.sleep(LEASE_S * 1.5)
        sleeper.wake()

        for somebody, theirs in reports.items():
            expected[somebody] += once_each(theirs)
        count = len(pressing) + sum(told.total() for told in expected.values())
        await until_all_is_told(shared, count)
        await shared[ROUNDS].delete_many({})  # and is forgotten, so that it comes again
        await until_all_is_told(shared, count)
        for one in phones:
            assert await heard(one) == expected[one.id]
        assert await heard(supervisor) == once_each(pressing)
