"""`smartcity import reports`: what another system has kept until now, from a file."""

import asyncio
import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from smartcity.city import City, load_city
from smartcity.cli.opening import open_database
from smartcity.cli.options import argument, option, takes_settings
from smartcity.feed.store import FeedStore, feed_indexes
from smartcity.geography.current import CurrentAreas
from smartcity.geography.store import BoundaryStore
from smartcity.reports import store
from smartcity.reports.deadlines import Clocks
from smartcity.reports.imports.importing import Outcome, Reject, ReportImporter
from smartcity.reports.imports.mapping import ImportMapping, MappingError, load_mapping
from smartcity.reports.imports.reading import ReportReader
from smartcity.reports.imports.rows import FileError, RowFile, open_rows
from smartcity.settings import Settings
from smartcity.storage.migrations import create_indexes
from smartcity.storage.mongo import Database

MAPPING: Final = "import.toml"
REJECTS: Final = ".rejects.csv"
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
    refused = rejects or Path(file.name + REJECTS)
    try:
        meaning = load_mapping(mapping or settings.city_dir / MAPPING, city)
        with open_rows(file, meaning.columns) as rows:
            refused.unlink(missing_ok=True)  # of an earlier run
            outcome = asyncio.run(_take_in(settings, city, meaning, rows, refused))
    except MappingError as error:
        for mistake in error.mistakes:
            click.echo(str(mistake), err=True)
        sys.exit(2)
    except FileError as error:
        raise click.ClickException(f"{file}: {error}") from error
    click.echo(COUNTS.format(outcome))
    if outcome.rejected:
        click.echo(f"the reasons are in {refused}", err=True)


async def _take_in(
    settings: Settings, city: City, mapping: ImportMapping, rows: RowFile, refused: Path
) -> Outcome:
    with _progress() as progress:
        bar = progress.add_task("reports", total=rows.size, counts="")

        def heard(outcome: Outcome, rejects: Sequence[Reject]) -> None:
            _keep(rejects, refused)
            progress.update(bar, completed=rows.position(), counts=COUNTS.format(outcome))

        async with open_database(settings) as (_, database):
            indexes = {**store.INDEXES, **feed_indexes(settings.feed_days)}
            await create_indexes(database, indexes, click.echo)
            importer = await _importer(settings, city, mapping, rows, database)
            return await importer.take_in(rows.lines, heard)


async def _importer(
    settings: Settings, city: City, mapping: ImportMapping, rows: RowFile, database: Database
) -> ReportImporter:
    areas = CurrentAreas(city, BoundaryStore(database))
    await areas.refresh()
    reader = ReportReader(city, mapping, areas, Clocks(city), settings.secret())
    return ReportImporter(
        store.ReportStore(database), FeedStore(database), reader, mapping, rows.digest
    )


def _progress() -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    return Progress(*columns, TextColumn("{task.fields[counts]}"), console=Console(stderr=True))


def _keep(rejects: Sequence[Reject], file: Path) -> None:
    """Add to the list of what was refused: no more of a row than its line, its name and why."""
    if not rejects:
        return
    fresh = not file.exists()
    with file.open("a", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        if fresh:
            writer.writerow(["line", "id", "column", "reason"])
        writer.writerows([r.line, r.source_id, r.column, r.reason] for r in rejects)
