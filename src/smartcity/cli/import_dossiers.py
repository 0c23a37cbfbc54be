"""`smartcity import dossiers`: many at once, from a file."""

import asyncio
import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from smartcity.city import load_city
from smartcity.cli.opening import open_database
from smartcity.cli.options import argument, option, takes_settings
from smartcity.dossiers import store
from smartcity.dossiers.secrets import DossierSecrets
from smartcity.dossiers.sync.files import FileError, open_rows
from smartcity.dossiers.sync.importing import DossierImporter, Outcome, Reject
from smartcity.dossiers.sync.reading import RowReader
from smartcity.identity.personal import PersonalData
from smartcity.settings import Settings
from smartcity.storage.migrations import create_indexes

REJECTS: Final = ".rejects.csv"
COUNTS: Final = (
    "{0.new:,} new, {0.changed:,} changed, {0.unchanged:,} unchanged, {0.rejected:,} rejected"
)


@click.command(epilog="Example: smartcity import dossiers dossiers.csv.gz --source one-stop")
@takes_settings()
@argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@option("--source", default="import", metavar="NAME", help="Which system the file is from.")
@option(
    "--rejects",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Where refused rows are listed with the reason; FILE{REJECTS} if not given.",
)
def dossiers(settings: Settings, file: Path, source: str, rejects: Path | None) -> None:
    """Take in dossiers from FILE: CSV with a header, or one JSON object a line; .gz is unzipped.

    Columns: code, procedure, agency, received_at, due_at, status (national code), updated_at, and
    secret (printed on the receipt) or factor (last 4 to 6 digits of the applicant's phone or
    citizen number); if there are any, finished_at, channel, collect_place, applicant.

    The row with the newest updated_at counts, whatever the order. Safe to repeat.
    """
    refused = rejects or file.with_name(file.name + REJECTS)
    refused.unlink(missing_ok=True)  # of an earlier run
    try:
        outcome = asyncio.run(_take_in(settings, file, source, refused))
    except FileError as error:
        raise click.ClickException(f"{file}: {error}") from error
    click.echo(COUNTS.format(outcome))
    if outcome.rejected:
        click.echo(f"the reasons are in {refused}", err=True)


async def _take_in(settings: Settings, file: Path, source: str, refused: Path) -> Outcome:
    key, zone = settings.secret(), load_city(settings.city_dir).zone
    reader = RowReader(PersonalData(key), DossierSecrets(key), zone, source)
    with open_rows(file) as rows, _progress() as progress:
        bar = progress.add_task(file.name, total=rows.size, counts="")

        def heard(outcome: Outcome, rejects: Sequence[Reject]) -> None:
            _keep(rejects, refused)
            progress.update(bar, completed=rows.position(), counts=COUNTS.format(outcome))

        async with open_database(settings) as (_, database):
            await create_indexes(database, store.INDEXES, click.echo)
            importer = DossierImporter(store.DossierStore(database), reader)
            return await importer.take_in(rows.lines, heard)


def _progress() -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    return Progress(*columns, TextColumn("{task.fields[counts]}"), console=Console(stderr=True))


def _keep(rejects: Sequence[Reject], file: Path) -> None:
    """Add to the list of what was refused: no more of a row than its line and its code."""
    if not rejects:
        return
    fresh = not file.exists()
    with file.open("a", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        if fresh:
            writer.writerow(["line", "code", "column", "reason"])
        writer.writerows([r.line, r.code, r.column, r.reason] for r in rejects)
