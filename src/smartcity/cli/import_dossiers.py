"""`smartcity import dossiers`: many at once, from a file."""

from pathlib import Path
from typing import Any, Final

import rich_click as click

from smartcity.city import load_city
from smartcity.cli.auditing import write_down
from smartcity.cli.intake import REJECTS, RejectList, take_in
from smartcity.cli.opening import open_database
from smartcity.cli.options import argument, option, takes_settings
from smartcity.dossiers import store
from smartcity.dossiers.secrets import DossierSecrets
from smartcity.dossiers.sync.files import open_rows
from smartcity.dossiers.sync.importing import DossierImporter, Outcome
from smartcity.dossiers.sync.reading import RowReader
from smartcity.identity.key_files import open_personal
from smartcity.rowfiles.files import RowFile
from smartcity.rowfiles.rows import Heard
from smartcity.settings import Settings
from smartcity.storage.migrations import create_indexes

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

    async def importing(rows: RowFile[Any], heard: Heard[Outcome]) -> Outcome:
        key, city = settings.secret(), load_city(settings.city_dir)
        reader = RowReader(open_personal(settings), DossierSecrets(key), city.zone, source)
        async with open_database(settings, city) as (_, database):
            await create_indexes(database, store.INDEXES, click.echo)
            await write_down(database, "import_dossiers", file=file.name, digest=rows.digest.hex())
            importer = DossierImporter(store.DossierStore(database), reader)
            return await importer.take_in(rows.lines, heard)

    listed = RejectList(rejects or file.with_name(file.name + REJECTS), "code")
    take_in(file, open_rows(file), importing, listed, COUNTS)
