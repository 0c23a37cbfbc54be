"""`smartcity pack …`: what a city's own folder says."""

import sys
from pathlib import Path

import rich_click as click

from smartcity.city import PackError, load_city
from smartcity.cli.options import argument


@click.group(epilog="Example: smartcity pack check config/hanoi")
def pack() -> None:
    """Work on a city pack."""


@pack.command(epilog="Example: smartcity pack check config/hanoi")
@argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
def check(folder: Path) -> None:
    """Print every mistake in a city pack, with its file and place."""
    try:
        city = load_city(folder)
    except PackError as error:
        for mistake in error.mistakes:
            click.echo(str(mistake))
        sys.exit(2)
    click.echo(
        f"{folder} is sound: {len(city.units)} units, {len(city.agencies)} agencies, "
        f"{len(city.categories)} categories, {len(city.rules)} rules, "
        f"{len(city.procedures)} procedures, in {', '.join(city.languages)}"
    )
