"""`smartcity import reports`: what another system has kept until now, from a file."""

import sys
from pathlib import Path
from typing import Final

import rich_click as click

from smartcity.city import City, load_city
from smartcity.cli.auditing import write_down
from smartcity.cli.intake import REJECTS, RejectList, take_in
from smartcity.cli.opening import open_database
from smartcity.cli.options import argument, option, takes_settings
from smartcity.feed.store import FeedStore, feed_indexes
from smartcity.geography.current import CurrentAreas
from smartcity.geography.store import BoundaryStore
from smartcity.reports import store
from smartcity.reports.deadlines import Clocks
from smartcity.reports.imports.files import open_rows
from smartcity.reports.imports.importing import Outcome, ReportImporter
from smartcity.reports.imports.mapping import ImportMapping, MappingError, load_mapping
from smartcity.reports.imports.reading import ReportReader
from smartcity.reports.personal.forgetting import Forgetting
from smartcity.rowfiles.files import RowFile
from smartcity.rowfiles.rows import Heard
from smartcity.settings import Settings
from smartcity.storage.migrations import create_indexes
from smartcity.storage.mongo import Database

MAPPING: Final = "import.toml"
COUNTS: Final = "{0.new:,} new, {0.known:,} already there, {0.rejected:,} rejected"


@click.command(epilog="Example: smartcity --city config/boston import reports requests.csv.gz")
@takes_settings()
@argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@option(
    "--mapping",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"What the columns mean; the city pack's {MAPPING} if not given.",
)
@option(
    "--rejects",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Where refused rows are listed with the reason; FILE{REJECTS} here if not given.",
)
def reports(settings: Settings, file: Path, mapping: Path | None, rejects: Path | None) -> None:
    """Take in reports from FILE, a CSV with a header that may be gzipped.

    A mapping says which of its columns mean what; config/boston/import.toml explains each line.

    Safe to repeat, and to begin again after it was cut off: what is there already stays as it is.
    """
    city = load_city(settings.city_dir)
    try:
        meaning = load_mapping(mapping or settings.city_dir / MAPPING, city)
    except MappingError as error:
        for mistake in error.mistakes:
            click.echo(str(mistake), err=True)
        sys.exit(2)

    async def importing(rows: RowFile[str], heard: Heard[Outcome]) -> Outcome:
        async with open_database(settings, city) as (_, database):
            indexes = {**store.INDEXES, **feed_indexes(settings.feed_days)}
            await create_indexes(database, indexes, click.echo)
            await write_down(database, "import_reports", file=file.name, digest=rows.digest.hex())
            importer = await _importer(settings, city, meaning, rows.digest, database)
            return await importer.take_in(rows.lines, heard)

    listed = RejectList(rejects or Path(file.name + REJECTS), "id")
    take_in(file, open_rows(file, meaning), importing, listed, COUNTS)


async def _importer(
    settings: Settings, city: City, mapping: ImportMapping, digest: bytes, database: Database
) -> ReportImporter:
    areas = CurrentAreas(city, BoundaryStore(database))
    await areas.refresh()
    reader = ReportReader(city, mapping, areas, Clocks(city), settings.secret())
    reports, feed = store.ReportStore(database), FeedStore(database)
    return ReportImporter(reports, feed, reader, mapping, Forgetting(city), digest)
