"""Rows of another system's requests for tests, and the import composed over a test's database."""

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from smartcity.city.model import City
from smartcity.errors import OutsideCity
from smartcity.feed.store import FeedStore
from smartcity.geography.units import Areas, Located
from smartcity.reports.deadlines import Clocks
from smartcity.reports.imports.importing import ReportImporter
from smartcity.reports.imports.mapping import ImportMapping, load_mapping
from smartcity.reports.imports.reading import ReportReader
from smartcity.reports.personal.forgetting import Forgetting
from smartcity.reports.store import INDEXES, ReportStore
from smartcity.rowfiles.rows import Line
from smartcity.settings import PROJECT
from smartcity.storage.migrations import create_indexes
from smartcity.storage.mongo import Database

BOSTON = PROJECT / "config" / "boston"
KEY = bytes(range(32))
NOW = datetime(2026, 7, 1, tzinfo=UTC)
DIGEST = b"the file's digest"

CLOSED = {
    "CASE_ENQUIRY_ID": "101001240736",
    "OPEN_DT": "01/01/2015 12:25:36 AM",
    "TARGET_DT": "01/16/2015 08:30:00 AM",
    "CLOSED_DT": "04/28/2015 08:49:50 AM",
    "CASE_STATUS": "Closed",
    "CLOSURE_REASON": "Case Closed Case Resolved Rebuilt luminaires.",
    "SUBJECT": "Public Works Department",
    "REASON": "Street Lights",
    "TYPE": "Street Light Outages",
    "Department": "PWDx",
    "Location": "145-151 Ipswich St  Boston  MA  02215",
    "LATITUDE": "42.3474",
    "LONGITUDE": "-71.0944",
}

OPEN = {**CLOSED, "CASE_STATUS": "Open", "CLOSED_DT": "", "CLOSURE_REASON": ""}


class PackPlaces:
    """The areas of a pack, without a database."""

    def __init__(self, city: City) -> None:
        self._areas = Areas.from_pack(city)

    def locate_or_refuse(self, lon: float, lat: float) -> Located:
        located = self._areas.locate(lon, lat)
        if located is None:
            raise OutsideCity
        return located


def row(number: int, **columns: str) -> dict[str, str]:
    return {**CLOSED, "CASE_ENQUIRY_ID": f"10100{number:07}", **columns}


def numbered(rows: Iterable[Mapping[str, str]]) -> list[Line[str]]:
    """Rows as they come from a file, behind its header."""
    return list(enumerate(rows, 2))


def mapping(city: City) -> ImportMapping:
    return load_mapping(BOSTON / "import.toml", city)


def edited(tmp_path: Path, old: str, new: str) -> Path:
    """Boston's mapping with a few words changed."""
    text = (BOSTON / "import.toml").read_text("utf-8")
    assert old in text
    file = tmp_path / "import.toml"
    file.write_text(text.replace(old, new), "utf-8")
    return file


def reader(city: City, means: ImportMapping | None = None) -> ReportReader:
    return ReportReader(city, means or mapping(city), PackPlaces(city), Clocks(city), KEY)


async def importer(
    database: Database, city: City, means: ImportMapping | None = None
) -> ReportImporter:
    await create_indexes(database, INDEXES, print)
    means = means or mapping(city)
    store, feed = ReportStore(database), FeedStore(database)
    return ReportImporter(store, feed, reader(city, means), means, Forgetting(city), DIGEST)


def write(file: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, CLOSED)
        writer.writeheader()
        writer.writerows(rows)
    return file
