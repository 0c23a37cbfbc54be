"""`smartcity retention`: personal data of reports that were finished long ago."""

import asyncio
from typing import Final

import rich_click as click

from smartcity.city import load_city
from smartcity.cli.opening import open_database
from smartcity.cli.options import option, takes_settings
from smartcity.composition import Composition
from smartcity.people.retention import Due
from smartcity.settings import Settings

DUE: Final = "{reports} reports finished before {before:%Y-%m-%d}, {contacts} of them with contact"


@click.command(epilog="Example: smartcity retention --dry-run")
@takes_settings()
@option("--dry-run", is_flag=True, help="Only say how much there is to forget.")
def retention(settings: Settings, dry_run: bool) -> None:
    """Forget who sent the reports that were finished more than the pack's months ago.

    The workers do so by themselves; this does it now.
    """

    async def run() -> Due:
        city = load_city(settings.city_dir)
        async with open_database(settings, None if dry_run else city) as (_, database):
            forgetter = Composition(settings, city, database).retention
            due = await forgetter.due()
            while not dry_run and await forgetter.run_once():
                pass
            return due

    due = asyncio.run(run())
    told = DUE.format(reports=due.reports, before=due.before, contacts=due.contacts)
    click.echo(f"{told}: {'nothing was changed' if dry_run else 'forgotten'}")
