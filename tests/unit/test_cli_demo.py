"""The sample data of `smartcity up --demo`: believable, legal, loaded once."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import NamedTuple
from uuid import uuid4

import msgspec
import pytest
from click.testing import CliRunner

from smartcity.bridges import FollowedReports, ImportedBatches, StaffInOffice
from smartcity.city import PackError
from smartcity.city.model import City
from smartcity.cli.demo import load_demo, load_samples
from smartcity.cli.demo.lives import OF_A_PHONE
from smartcity.cli.demo.loading import AGAIN, DOSSIERS, REPORTS
from smartcity.cli.main import main
from smartcity.cli.schema import every_index
from smartcity.clock import now
from smartcity.dossiers.deadlines import on_time
from smartcity.dossiers.events import DossierBatches
from smartcity.dossiers.model import Dossier
from smartcity.dossiers.store import DossierStore
from smartcity.feed.consumer import Consumer
from smartcity.feed.publisher import Publisher
from smartcity.feed.store import PUBLISHER, FeedStore
from smartcity.geography.units import Areas
from smartcity.identifiers import token_hash
from smartcity.identity.attempts.service import Attempts
from smartcity.identity.citizens.companions import Companions
from smartcity.identity.citizens.store import CitizenStore
from smartcity.identity.devices.service import DeviceService
from smartcity.identity.devices.store import DeviceStore
from smartcity.identity.key_files import open_personal
from smartcity.identity.personal import PersonalData
from smartcity.identity.staff.doors import Doors
from smartcity.identity.staff.model import LogIn
from smartcity.identity.staff.passwords import Passwords
from smartcity.identity.staff.second_factor import SecondFactors
from smartcity.identity.staff.sessions import SessionService
from smartcity.identity.staff.store import DoorStore, SessionStore, StaffStore
from smartcity.notifications.choices.store import ChoiceStore
from smartcity.notifications.following.service import Follows
from smartcity.notifications.following.store import FollowStore
from smartcity.notifications.store import NotificationStore
from smartcity.notifications.trailing.service import Trailing
from smartcity.notifications.trailing.store import TrailingStore
from smartcity.reports.confirmations.service import ConfirmationService
from smartcity.reports.confirmations.store import ConfirmationStore
from smartcity.reports.lifecycle import TRANSITIONS
from smartcity.reports.model import Report
from smartcity.reports.store import ReportStore
from smartcity.reports.words import Action, Status, TaskStatus
from smartcity.settings import PROJECT, Settings, load_settings
from smartcity.storage.leases import Lease
from smartcity.storage.migrations import create_indexes
from smartcity.storage.mongo import Database, connect, from_document
from tests.workers.notified import letter_writer
from workers.audiences import Audiences
from workers.crew.spine import OUTBOXES
from workers.notifier import Notifier

pytestmark = pytest.mark.anyio

HANOI = PROJECT / "config" / "hanoi"
LOG_IN = re.compile(r"  (\S+) +([a-z0-9-]{13})  ")


class Demo(NamedTuple):
    """A loaded city, for tests that only look."""

    database: Database
    settings: Settings
    printed: str


@pytest.fixture(scope="module")
async def demo(
    mongo_uri: str, hanoi: City, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Demo]:
    settings = in_folder(tmp_path_factory.mktemp("demo"))
    client, database = connect(mongo_uri, f"test_{uuid4().hex[:12]}", timeout_s=10, pool=32)
    async with client:
        yield Demo(database, settings, await load(database, hanoi, settings))
        await client.drop_database(database.name)


def in_folder(folder: Path) -> Settings:
    return load_settings({"data_dir": str(folder)}, environment={})


async def load(database: Database, city: City, settings: Settings) -> str:
    """What is printed."""
    await create_indexes(database, every_index(settings), print)
    samples = load_samples(settings.city_dir, city)
    return "\n".join(await load_demo(database, city, samples, settings))


async def reports_in(database: Database) -> list[Report]:
    return [from_document(one, Report) async for one in database["reports"].find({}, {"outbox": 0})]


# --- the samples ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('category = "pothole"', 'category = "potholes"', "there is no category potholes"),
        ('"cong-an"]', '"police"]', "agencies.police: there is no agency police"),
        ("00004 = [", "99999 = [", "streets.99999: there is no unit 99999"),
        ('reason = "unclear"', 'reason = "mood"', "there is no reason mood"),
        ('field = "telecoms"', 'field = "trade"', "staff.telecoms: is missing"),
        ("elsewhere = [", "00004 = [", "line"),
        ("{danger} {wish}", "{danger} {hope}", "has {hope}, which nothing fills"),
        ("since = [", "sinse = [", "has {since}, which nothing fills"),
    ],
)
def test_a_mistake_in_the_samples_is_told_like_one_in_the_pack(
    hanoi: City, tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = (HANOI / "samples.toml").read_text("utf-8")
    assert old in text
    (tmp_path / "samples.toml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(PackError) as told:
        load_samples(tmp_path, hanoi)
    assert any(said in str(mistake) for mistake in told.value.mistakes), told.value


def test_a_city_without_samples_is_refused_before_anything_starts(tmp_path: Path) -> None:
    pack = copytree(PROJECT / "config" / "boston", tmp_path / "boston")
    given = ["--city", str(pack), "--data-dir", str(tmp_path / "var"), "up", "--demo"]
    refused = CliRunner().invoke(main, given)
    assert refused.exit_code == 2
    assert refused.stderr.startswith("smartcity: --demo needs the sample texts of a city: ")
    assert len(refused.stderr.splitlines()) == 1
    assert not (tmp_path / "var").exists()


# --- what is loaded ------------------------------------------------------------------------------


async def test_the_demo_shows_a_city_at_work(demo: Demo, hanoi: City) -> None:
    reports = await reports_in(demo.database)
    assert len(reports) == REPORTS
    assert {report.status for report in reports} == set(Status)
    assert {report.field for report in reports} == hanoi.fields.keys()
    assert {entry.action for r in reports for entry in r.timeline} == set(Action)
    tasks = {task.status for report in reports for task in report.tasks}
    assert tasks >= {TaskStatus.OPEN, TaskStatus.DONE, TaskStatus.DECLINED}
    assert any(report.extension for report in reports), "a wish that waits"
    assert await demo.database["confirmations"].count_documents({}) > 20
    at = now()
    assert all(at - timedelta(days=62) < report.submitted_at < at for report in reports)
    assert all(report.updated_at <= at for report in reports)
    overdue = [report for report in reports if report.due_at and report.due_at < at]
    assert len(overdue) > 20
    assert {report.rating for report in reports} == {None, 1, 2, 3, 4, 5}


async def test_every_sample_life_is_one_that_the_lifecycle_allows(demo: Demo, hanoi: City) -> None:
    for report in await reports_in(demo.database):
        first, *others = report.timeline
        assert first.action is Action.SUBMIT
        before = first
        for entry in others:
            row = TRANSITIONS[entry.action]
            assert before.status in row.sources
            assert entry.status is (row.to or entry.status)
            assert entry.by.party in row.by
            assert before.at <= entry.at
            before = entry
        assert before.status is report.status


async def test_sample_reports_lie_inside_the_units_they_name(demo: Demo, hanoi: City) -> None:
    areas, units = Areas.from_pack(hanoi), Counter[str]()
    for report in await reports_in(demo.database):
        place = report.place
        if place.lon is not None and place.lat is not None:
            located = areas.locate(place.lon, place.lat)
            assert located is not None
            assert located.unit == place.unit
            units[place.unit or ""] += 1
    assert len(units) > 100


async def test_sample_photos_can_be_seen(demo: Demo, hanoi: City) -> None:
    named = {file for report in await reports_in(demo.database) for file in report.files}
    kept = {document["_id"] async for document in demo.database["attachments"].find({}, {"_id": 1})}
    assert named == kept
    some = await demo.database["attachments"].find_one({})
    assert some
    folder = demo.settings.data_path / "attachments"
    assert (folder / some["content"]["path"]).read_bytes().startswith(b"\xff\xd8")


async def test_nine_in_ten_sample_dossiers_are_on_time(demo: Demo, hanoi: City) -> None:
    verdicts = Counter[bool | None]()
    async for document in demo.database["dossiers"].find({}):
        one = from_document(document, Dossier)
        verdicts[on_time(one.steps, one.received_at, one.due_at, now())] += 1
    assert verdicts.total() == DOSSIERS
    assert 0.89 < verdicts[True] / (verdicts[True] + verdicts[False]) < 0.95


async def test_the_log_ins_shown_open_their_accounts(demo: Demo, hanoi: City) -> None:
    shown = LOG_IN.findall(demo.printed)
    assert len(shown) == 12
    staff, secret = StaffStore(demo.database), demo.settings.secret()
    sessions = SessionService(
        staff,
        SessionStore(demo.database),
        Passwords(),
        Attempts(demo.database, demo.settings),
        SecondFactors(staff, PersonalData(secret), secret),
        Doors(DoorStore(demo.database), secret),
        hanoi,
    )
    for username, password in (shown[0], shown[-1]):
        await sessions.log_in(LogIn(username=username, password=password), "127.0.0.1")


async def test_the_sample_applicants_lie_under_the_installations_newest_key(demo: Demo) -> None:
    personal = open_personal(demo.settings)
    kept = [found["applicant"] async for found in demo.database["dossiers"].find()]
    assert len(kept) == DOSSIERS
    assert {personal.renewed(applicant) for applicant in kept} == {None}
    assert personal.decrypt(kept[0])


async def test_the_sample_phone_is_told_of_its_reports_and_its_dossier(
    demo: Demo, hanoi: City
) -> None:
    token = re.search(r"Bearer (d_\S+)", demo.printed)
    assert token
    devices = DeviceService(DeviceStore(demo.database), hanoi)
    phone = await devices.actor(token_hash(token[1]))
    assert phone
    own = [r for r in await reports_in(demo.database) if r.reporter.id == phone.id]
    assert len(own) == len(OF_A_PHONE)
    assert {r.status for r in own} >= {Status.WAITING, Status.RESOLVED, Status.REJECTED}

    feed, reports = FeedStore(demo.database), ReportStore(demo.database)
    lease = Lease(demo.database, PUBLISHER, "test", 10)
    publisher = Publisher(feed, lease, OUTBOXES, 500)
    while await publisher.run_once():
        pass
    notifications = NotificationStore(demo.database)
    notifier = Notifier(
        hanoi,
        Audiences(
            hanoi,
            Follows(FollowStore(demo.database), FollowedReports(reports)),
            devices,
            confirmations=ConfirmationService(ConfirmationStore(demo.database), reports),
            offices=StaffInOffice(StaffStore(demo.database)),
        ),
        devices,
        ImportedBatches(reports, DossierBatches(DossierStore(demo.database))),
        notifications,
        keep=timedelta(days=180),
        companions=Companions(CitizenStore(demo.database), devices),
        choices=ChoiceStore(demo.database),
        trailing=Trailing(TrailingStore(demo.database), timedelta(minutes=1)),
        letters=letter_writer(demo.database, hanoi),
    )
    consumer = Consumer(
        "notifier", feed, Lease(demo.database, "notifier", "test", 10), notifier.handle
    )
    while await consumer.run_once():
        pass
    inbox = await notifications.page(phone.own_id, None, 100, unread=True)
    assert {one.action for one in inbox} >= {"receive", "resolve", "ask", "reject", "change"}


# --- once ----------------------------------------------------------------------------------------


async def test_a_second_start_loads_nothing_and_says_so(demo: Demo, hanoi: City) -> None:
    assert (await load(demo.database, hanoi, demo.settings)).splitlines() == list(AGAIN)
    assert await demo.database["reports"].count_documents({}) == REPORTS


async def test_loading_that_was_cut_off_is_completed_by_the_next_start(
    database: Database, hanoi: City, tmp_path: Path
) -> None:
    settings = in_folder(tmp_path)
    await load(database, hanoi, settings)
    before = {report.id: msgspec.structs.asdict(report) for report in await reports_in(database)}
    await database["demo"].update_one({}, {"$set": {"done": False}})
    some = [report for report in before if report.int % 3 == 0]
    await database["reports"].delete_many({"_id": {"$in": some}})
    await load(database, hanoi, settings)
    after = {report.id: report for report in await reports_in(database)}
    lost = [r for r in before if r not in after]
    own = len(OF_A_PHONE)  # those of the first phone may be lost: the second has its own
    assert len(lost) <= own
    assert len(after) == len(before) - len(lost) + own
    assert await database["dossiers"].count_documents({}) == DOSSIERS
