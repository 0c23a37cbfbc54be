"""Who and what is in the system before it is measured: devices, a handler, reports, dossiers."""

import random
from collections.abc import Sequence
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
from smartcity.reports.model import Action
from smartcity.reports.requests import NewReport, Step
from smartcity.reports.store import COLLECTION
from smartcity.settings import Settings
from smartcity.storage.mongo import Database, Document
from tests.benchmarks.bare import BARE
from tests.benchmarks.dossier_intake import dossier_rows
from tests.benchmarks.requests import reports_of
from tests.benchmarks.system import HOST

SAMPLES: Final = 400
"""Reports that are truly submitted; all others are copies of them."""

CHUNK: Final = 2000
MOMENTS: Final = timedelta(days=500)
"""Over so much of the past the copies are spread."""

PASSWORD: Final = "correct horse battery staple"


class Population(msgspec.Struct, frozen=True):
    """Tokens of devices and of a handler of every agency; bodies of reports and of look-ups."""

    devices: Sequence[str]
    handler: str
    bodies: Sequence[bytes]
    lookups: Sequence[bytes]


async def populate(
    settings: Settings, database: Database, *, devices: int, reports: int, dossiers: int
) -> Population:
    """Fill an empty database, before anything else runs on it."""
    parts = Parts(settings)
    async with parts.running(None):
        new = NewDevice(platform=Platform.ANDROID, language=parts.city.languages[0])
        population = Population(
            devices=[(await parts.devices.register(new))[1] for _ in range(devices)],
            handler=await _handler(parts),
            bodies=reports_of(parts.city),
            lookups=await _dossiers(parts, database, dossiers),
        )
        await _age(database)
        await _samples(parts, database, population)
    await _copies(database, reports - SAMPLES)
    return population


async def _handler(parts: Parts) -> str:
    await parts.staff.add("handler", PASSWORD, [Role.HANDLER], list(parts.city.agencies))
    token, *_ = await parts.sessions.log_in(LogIn(username="handler", password=PASSWORD), HOST)
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


async def _copies(database: Database, count: int) -> None:
    """Many reports like the samples, published long ago."""
    draw, reports = random.Random(2), database[COLLECTION]
    samples = [sample async for sample in reports.find({}, {"outbox": 0, "outbox_at": 0})]
    for first in range(0, count, CHUNK):
        made = [_copy(draw.choice(samples), draw) for _ in range(min(CHUNK, count - first))]
        await reports.insert_many(made, ordered=False)


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
