"""Who and what is in the system before it is measured: devices, a handler, reports, dossiers."""

import itertools
import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import msgspec

from api.parts import Parts
from smartcity.clock import now
from smartcity.dossiers.secrets import DossierSecrets
from smartcity.dossiers.store import DossierStore
from smartcity.dossiers.sync.importing import DossierImporter
from smartcity.dossiers.sync.reading import RowReader
from smartcity.identifiers import derived_id, new_code
from smartcity.identity.devices.model import NewDevice, Platform
from smartcity.identity.devices.store import DEVICES
from smartcity.identity.personal import PersonalData
from smartcity.identity.roles import Role
from smartcity.identity.staff.model import LogIn
from smartcity.reports.requests import NewReport, Step
from smartcity.reports.store import COLLECTION
from smartcity.reports.words import Action
from smartcity.settings import Settings
from smartcity.storage.mongo import Database, Document
from tests.benchmarks.bare import BARE
from tests.benchmarks.crowd import OPEN_IN_ONE, OPEN_IN_OTHERS, crowd
from tests.benchmarks.dossier_intake import dossier_rows
from tests.benchmarks.requests import reports_of
from tests.benchmarks.system import HOST

SAMPLES: Final = 400
"""Reports that are truly submitted; all others are copies of them."""

CHUNK: Final = 2000
MOMENTS: Final = timedelta(days=500)
"""Over so much of the past the copies are spread."""

BELOW_ONE_HEAD: Final = 130
"""A supervisor's agencies: as many as Hanoi has wards and communes, and some."""

PASSWORD: Final = "correct horse battery staple"


class Population(msgspec.Struct, frozen=True):
    """Tokens of devices, of a handler of every agency, of one in the agency `crowded` with open
    reports, and of a supervisor of it and many others; bodies of reports and of look-ups.
    """

    devices: Sequence[str]
    handler: str
    crowded: str
    desk: str
    head: str
    bodies: Sequence[bytes]
    lookups: Sequence[bytes]


async def populate(
    settings: Settings, database: Database, *, devices: int, reports: int, dossiers: int
) -> Population:
    """Fill an empty database, before anything else runs on it."""
    parts = Parts(settings)
    async with parts.running(None):
        new = NewDevice(platform=Platform.ANDROID, language=parts.city.languages[0])
        agencies = list(parts.city.agencies)
        population = Population(
            devices=[(await parts.devices.register(new))[1] for _ in range(devices)],
            handler=await _staff(parts, Role.HANDLER, agencies),
            crowded=agencies[BELOW_ONE_HEAD],
            desk=await _staff(parts, Role.HANDLER, agencies[BELOW_ONE_HEAD : BELOW_ONE_HEAD + 1]),
            head=await _staff(parts, Role.SUPERVISOR, agencies[1 : BELOW_ONE_HEAD + 1]),
            bodies=reports_of(parts.city),
            lookups=await _dossiers(parts, database, dossiers),
        )
        await _age(database)
        await _samples(parts, database, population)
    await _copies(database, reports - SAMPLES, _open_in(agencies, population.crowded, reports))
    return population


async def _staff(parts: Parts, role: Role, agencies: Sequence[str]) -> str:
    name = f"{role} of {len(agencies)}"
    await parts.staff.add(name, PASSWORD, [role], list(agencies))
    token, *_ = await parts.sessions.log_in(LogIn(username=name, password=PASSWORD), HOST)
    return token


async def _age(database: Database) -> None:
    """Devices of long ago: what is measured is a city at work, not a burst of new ones."""
    await database[DEVICES].update_many({}, {"$set": {"created_at": now() - MOMENTS}})


async def _samples(parts: Parts, database: Database, population: Population) -> None:
    """Some reports in different states; the first as it is written becomes the floor's template."""
    citizen = await parts.credentials.actor(population.devices[0])
    handler = await parts.credentials.actor(population.handler)
    assert citizen is not None
    assert handler is not None
    receive, resolve = Step(action=Action.RECEIVE), Step(action=Action.RESOLVE, text="Đã xử lý.")
    for number in range(SAMPLES):
        body = population.bodies[number % len(population.bodies)]
        told = msgspec.json.decode(body, type=NewReport)
        report, _ = await parts.intake.submit(told, citizen, f"sample {number}")
        if number == 0:
            document = await database[COLLECTION].find_one()
            assert document is not None
            await database[BARE].insert_one(document)
        if steps := ((), (receive,), (receive, resolve))[number % 3]:
            await parts.reports.act(report.id, steps, handler, version=report.version)


def _open_in(agencies: Sequence[str], crowded: str, reports: int) -> dict[str, int]:
    """How many open reports each agency has: one so many more than any other."""
    some = dict.fromkeys(agencies, min(OPEN_IN_OTHERS, reports // 4 // len(agencies)))
    return some | {crowded: min(OPEN_IN_ONE, reports // 2)}


async def _copies(database: Database, count: int, open_in: Mapping[str, int]) -> None:
    """Many reports like the samples, published long ago: so many open ones, all others finished."""
    draw, reports, at = random.Random(2), database[COLLECTION], now()
    samples = [sample async for sample in reports.find({}, {"outbox": 0, "outbox_at": 0})]
    finished = [sample for sample in samples if "finished_at" in sample]
    unfinished = [sample for sample in samples if "finished_at" not in sample]
    crowds = (crowd(unfinished, *of_one, at, draw) for of_one in open_in.items())
    past = (_copy(draw.choice(finished), draw) for _ in range(count - sum(open_in.values())))
    made = itertools.chain(*crowds, past)
    while chunk := list(itertools.islice(made, CHUNK)):
        await reports.insert_many(chunk, ordered=False)


def _copy(sample: Document, draw: random.Random) -> Document:
    at = now() - draw.random() * MOMENTS
    lon, lat = sample["place"]["lon"], sample["place"]["lat"]
    moved = {"lon": lon + draw.gauss(0, 0.01), "lat": lat + draw.gauss(0, 0.01)}
    return sample | {
        "_id": derived_id(at, draw.randbytes(16)),
        "code": new_code(),
        "submission": draw.randbytes(16),
        "place": sample["place"] | moved,
        "location": {"type": "Point", "coordinates": [moved["lon"], moved["lat"]]},
        "reporter": {"id": derived_id(at, draw.randbytes(16))},
        "submitted_at": at,
        "updated_at": at,
    }


async def _dossiers(parts: Parts, database: Database, count: int) -> list[bytes]:
    """Take in dossiers, and answer with what looks each of them up."""
    key = parts.settings.secret()
    reader = RowReader(PersonalData(key), DossierSecrets(key), parts.city.zone, "benchmark")
    await DossierImporter(DossierStore(database), reader).take_in(enumerate(dossier_rows(count, 0)))
    return [
        msgspec.json.encode({"code": row["code"], "secret": row["factor"]})
        for row in dossier_rows(min(count, 100_000), 0)
    ]
