"""Rows and dossiers for tests, and the room composed over a test's database."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from smartcity.dossiers.model import Dossier
from smartcity.dossiers.secrets import DossierSecrets
from smartcity.dossiers.store import INDEXES, DossierStore
from smartcity.dossiers.sync.importing import DossierImporter
from smartcity.dossiers.sync.reading import RowReader
from smartcity.identity.personal import PersonalData
from smartcity.rowfiles.rows import Line
from smartcity.storage.migrations import create_indexes
from smartcity.storage.mongo import Database

KEY = bytes(range(32))
SECRETS = DossierSecrets(KEY)
PERSONAL = PersonalData(KEY)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
READER = RowReader(PERSONAL, SECRETS, ZONE, "one-stop")
NOW = datetime(2026, 6, 30, tzinfo=UTC)


def row(number: int = 1, **columns: Any) -> dict[str, Any]:
    """One dossier of a day, in work; `columns` replace or add, None takes away."""
    given = {
        "code": f"000.00.01.H26-260601-{number:04}",
        "procedure": "1.001612",
        "agency": "H26.1",
        "received_at": "2026-06-01T09:00:00+07:00",
        "due_at": "2026-06-20",
        "status": "4",
        "updated_at": "2026-06-02T09:00:00+07:00",
        "channel": "2",
        "applicant": "Nguyễn Văn An",
        "factor": "4321",
        **columns,
    }
    return {name: value for name, value in given.items() if value is not None}


def told(number: int = 1, **columns: Any) -> Dossier:
    """A dossier as such a row tells it."""
    return READER.dossier(row(number, **columns), NOW)


def numbered(rows: Iterable[dict[str, Any]]) -> Iterable[Line[Any]]:
    return enumerate(rows, 1)


async def dossier_store(database: Database) -> DossierStore:
    await create_indexes(database, INDEXES, print)
    return DossierStore(database)


async def importer(database: Database) -> DossierImporter:
    return DossierImporter(await dossier_store(database), READER)
