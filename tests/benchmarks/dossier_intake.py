"""Bulk intake of dossiers, beside the bare driver's rate for the same writes."""

import asyncio
import csv
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from smartcity.clock import now
from smartcity.dossiers.secrets import DossierSecrets
from smartcity.dossiers.store import DOSSIERS, INDEXES, DossierStore
from smartcity.dossiers.sync.files import open_rows
from smartcity.dossiers.sync.importing import CHUNK, DossierImporter
from smartcity.dossiers.sync.reading import RowReader
from smartcity.dossiers.sync.rows import Row
from smartcity.identity.personal import PersonalData
from smartcity.storage.mongo import Database, connect, to_document

KEY: Final = bytes(32)
ROUNDS: Final = 3
"""The best of so many counts, for both alike: what else the machine does is not measured here."""

FIRST_DAY: Final = datetime(2025, 1, 2, 8, tzinfo=UTC)


async def measure(uri: str, dossiers: int = 100_000) -> dict[str, float]:
    """Rates in dossiers a second.

    `bare` inserts finished documents in chunks of the same size, durably and with the same indexes;
    `new`, `again` and `changed` read rows: of new dossiers, of the same once more, of all of them
    changed. `share` is `new` as a part of `bare`.
    """
    client, database = connect(uri, f"bench_{uuid4().hex[:8]}", timeout_s=60, pool=8)
    try:
        importer = DossierImporter(DossierStore(database), _reader())
        with TemporaryDirectory() as folder:
            first = _write(Path(folder, "first.csv"), dossiers, later_h=0)
            later = _write(Path(folder, "later.csv"), dossiers, later_h=1)
            bare = new = 0.0
            for _ in range(ROUNDS):
                await _empty(database)
                bare = max(bare, await _bare(database, dossiers))
                await _empty(database)
                new = max(new, await _imported(importer, first))
            again = await _imported(importer, first)
            changed = await _imported(importer, later)
    finally:
        await client.drop_database(database.name)
        await client.close()
    return {"bare": bare, "new": new, "share": new / bare, "again": again, "changed": changed}


async def _bare(database: Database, dossiers: int) -> float:
    """Only the driver works here: what is written was made before."""
    reader, batch, at = _reader(), uuid4(), now()
    documents = [to_document(reader.dossier(row, at, batch)) for row in dossier_rows(dossiers, 0)]
    begun = time.perf_counter()
    for first in range(0, dossiers, CHUNK):
        await database[DOSSIERS].insert_many(documents[first : first + CHUNK], ordered=False)
    return dossiers / (time.perf_counter() - begun)


async def _imported(importer: DossierImporter, path: Path) -> float:
    with open_rows(path) as rows:
        begun = time.perf_counter()
        outcome = await importer.take_in(rows.lines)
        passed_s = time.perf_counter() - begun
    assert outcome.rejected == 0
    return outcome.rows / passed_s


async def _empty(database: Database) -> None:
    await database.drop_collection(DOSSIERS)
    for collection, indexes in INDEXES.items():
        await database[collection].create_indexes(list(indexes))


def _reader() -> RowReader:
    return RowReader(PersonalData(KEY), DossierSecrets(KEY), ZoneInfo("Asia/Ho_Chi_Minh"), "bench")


def _write(path: Path, dossiers: int, later_h: int) -> Path:
    made = dossier_rows(dossiers, later_h)
    first = next(made)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, first.keys())
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(made)
    return path


def dossier_rows(dossiers: int, later_h: int) -> Iterator[Row]:
    """Six thousand dossiers a day, as a city of eight million has them."""
    for number in range(dossiers):
        received = FIRST_DAY + timedelta(days=number // 6000, seconds=number % 6000 * 5)
        updated = received + timedelta(days=3, hours=later_h)
        yield {
            "code": f"000.00.{number % 126:02}.H26-{received:%y%m%d}-{number % 6000 + 1:04}",
            "procedure": f"2.{number % 1659:06}.000.00.00.H26",
            "agency": f"H26.{number % 126}",
            "received_at": received.isoformat(),
            "due_at": (received + timedelta(days=15)).isoformat(),
            "status": "9" if later_h else "4",
            "updated_at": updated.isoformat(),
            "channel": str(number % 3 + 1),
            "applicant": f"Nguyễn Văn Thử {number}",
            "factor": f"{number % 1_000_000:06}",
        }


if __name__ == "__main__":
    for name, figure in asyncio.run(measure(sys.argv[1])).items():
        sys.stdout.write(f"{name:10} {figure:12,.2f}\n")
