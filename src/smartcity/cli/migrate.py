"""`smartcity migrate`"""

import asyncio

import rich_click as click

from smartcity.city import load_city
from smartcity.cli.opening import open_database
from smartcity.cli.options import takes_settings
from smartcity.cli.schema import MIGRATIONS, every_index
from smartcity.settings import Settings
from smartcity.storage import migrations


@click.command(epilog="Example: smartcity migrate --data-dir var")
@takes_settings()
def migrate(settings: Settings) -> None:
    """Bring the database to the form this version expects. Safe to repeat."""
    asyncio.run(_migrate(settings))


async def _migrate(settings: Settings) -> None:
    indexes = every_index(settings)
    async with open_database(settings, load_city(settings.city_dir)) as (_, database):
        await migrations.migrate(database, indexes, MIGRATIONS, click.echo)
    count = sum(map(len, indexes.values()))
    click.echo(f"{count} indexes in {len(indexes)} collections, {len(MIGRATIONS)} migrations")
