"""Puts the sample data into a database, once, in order."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from smartcity.attachments.files import open_files
from smartcity.attachments.store import AttachmentStore
from smartcity.calendar.working_time import WorkingTime
from smartcity.city.model import City
from smartcity.cli.demo.confirming import confirm_some
from smartcity.cli.demo.dice import Dice
from smartcity.cli.demo.dossiers import Dossiers
from smartcity.cli.demo.lives import OF_A_BURST, OF_A_PHONE
from smartcity.cli.demo.people import Account, add_staff
from smartcity.cli.demo.photos import Album
from smartcity.cli.demo.reports import Reporting
from smartcity.cli.demo.samples import Samples
from smartcity.cli.demo.scene import Scene
from smartcity.cli.demo.store import DemoStore
from smartcity.cli.demo.wording import Wording
from smartcity.clock import now
from smartcity.composition import Composition
from smartcity.dossiers.secrets import DossierSecrets
from smartcity.dossiers.store import DossierStore
from smartcity.dossiers.sync.importing import DossierImporter
from smartcity.dossiers.sync.reading import RowReader
from smartcity.feed.event import Topic
from smartcity.identity.devices.model import NewDevice, Platform
from smartcity.identity.devices.service import DeviceService
from smartcity.identity.devices.store import DeviceStore
from smartcity.identity.personal import PersonalData
from smartcity.notifications.following.model import Follow, Following
from smartcity.notifications.following.store import FollowStore
from smartcity.reports.store import ReportStore
from smartcity.reports.words import OPEN
from smartcity.settings import Settings
from smartcity.storage.mongo import Database

REPORTS: Final = 2_000
DOSSIERS: Final = 5_000
FOLLOWED: Final = 5

AGAIN: Final = (
    "The sample data is there since the first start, which showed the log-ins. For another one:",
    "  smartcity staff add NAME --role ROLE --agency CODE",
)


class Phone(msgspec.Struct, frozen=True):
    """The sample phone, and the sample dossier that it follows."""

    token: str
    dossier: str
    secret: str


async def load_demo(
    database: Database, city: City, samples: Samples, settings: Settings
) -> list[str]:
    """Load what is not there yet. Answers with what to print: log-ins, a phone, a dossier."""
    store = DemoStore(database)
    progress = await store.begin(now())
    if progress.done:
        return list(AGAIN)
    shared, dice = Composition(settings, city, database), Dice(city.code)
    wording = Wording(city, samples, dice)
    team = await add_staff(shared, samples.agencies, wording)
    await shared.areas.refresh()
    scene = Scene(
        city=city,
        samples=samples,
        places=shared.areas,
        clocks=shared.clocks,
        times={code: WorkingTime(c, city.zone) for code, c in city.calendars.items()},
        team=team,
        wording=wording,
        album=Album(city.zone, dice),
        dice=dice,
        secret=shared.secret,
        now=progress.begun_at,
    )
    phone = await _load(database, scene, settings, shared.personal)
    await store.finish()
    return list(_lines(team.accounts, phone))


async def _load(
    database: Database, scene: Scene, settings: Settings, personal: PersonalData
) -> Phone:
    reporting, reports = Reporting(scene), ReportStore(database)
    device, token = await DeviceService(DeviceStore(database), scene.city).register(
        NewDevice(platform=Platform.ANDROID, language=scene.city.languages[0])
    )
    made = reporting.several(REPORTS - len(OF_A_PHONE) - len(OF_A_BURST))
    followed = [m for m in made if m.report.is_public and m.report.status in OPEN][-FOLLOWED:]
    plain = [m.report for m in made if m not in followed]
    own = [
        reporting.one(
            f"{device.id} {number}",
            scene.now - timedelta(days=days),
            device.id,
            life,
            pressing=True,
        )
        for number, (days, life) in enumerate(OF_A_PHONE)
    ]
    burst = reporting.burst()
    await scene.album.write(
        open_files(settings.attachments, settings.data_path), AttachmentStore(database)
    )
    await reports.take_in([*plain, *(one.report for one in burst)])
    await confirm_some(database, scene, plain)
    dossier, secret = await _load_dossiers(database, scene, device.id, personal)
    await _follow(database, device.id, [m.report.id for m in followed], Topic.REPORT)
    # With their events: so the phone's inbox is filled the way it is every day.
    promised = [(one.report, one.events[-1:]) for one in followed]
    promised += [(one.report, one.events) for one in own]
    there = await reports.known([report.id for report, _ in promised])  # if a start was cut off
    for report, events in promised:
        if report.id not in there:
            await reports.insert(report, events)
    return Phone(token, dossier, secret)


async def _load_dossiers(
    database: Database, scene: Scene, device: UUID, personal: PersonalData
) -> tuple[str, str]:
    """All of them, and one that the device follows; answers with its code and secret."""
    dossiers = Dossiers(scene.city, scene.samples, scene.wording, scene.dice, scene.secret)
    reader = RowReader(personal, DossierSecrets(scene.secret), scene.city.zone, "demo")
    store = DossierStore(database)
    importer = DossierImporter(store, reader)
    early, late = dossiers.followed(scene.now)
    rows = [early, *dossiers.rows(DOSSIERS - 1, scene.now)]
    await importer.take_in(enumerate(rows, 1))
    known = await store.by_code(early["code"])
    assert known is not None, "it was just taken in"
    await _follow(database, device, [known.id], Topic.DOSSIER)
    await importer.take_in([(1, late)])
    return known.code, early["secret"]


async def _follow(database: Database, device: UUID, subjects: Sequence[UUID], topic: Topic) -> None:
    store = FollowStore(database)
    for subject in subjects:
        await store.add(Follow(id=Following(device, subject), topic=topic, at=now()))


def _lines(accounts: Sequence[Account], phone: Phone) -> Iterator[str]:
    width = max(len(account.username) for account in accounts)
    yield "Sample log-ins (POST /v1/sessions), shown this once:"
    for account in accounts:
        password = account.password or "(from an earlier start)"
        yield f"  {account.username:{width}}  {password:13}  {account.works_for}"
    yield f"A phone that has reported:  Authorization: Bearer {phone.token}"
    yield f"A dossier to look up:       {phone.dossier}  secret {phone.secret}"
