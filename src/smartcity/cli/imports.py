"""`smartcity import …`: what other systems know, taken in from files."""

import rich_click as click

from smartcity.cli.import_dossiers import dossiers
from smartcity.cli.import_reports import reports


@click.group(name="import", epilog="Example: smartcity import dossiers dossiers.csv.gz")
def import_() -> None:
    """Take in what other systems know."""


for command in (dossiers, reports):
    import_.add_command(command)
