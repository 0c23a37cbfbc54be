"""`smartcity boundaries …`: the areas of the city's units."""

import asyncio
from pathlib import Path

import rich_click as click
from rich.console import Console

from smartcity.city import load_city
from smartcity.cli.auditing import write_down
from smartcity.cli.opening import open_database
from smartcity.cli.options import argument, takes_settings
from smartcity.geography import store
from smartcity.geography.boundaries import read_boundaries
from smartcity.settings import Settings
from smartcity.storage.migrations import create_indexes


@click.group(epilog="Example: smartcity boundaries import units.geojson")
def boundaries() -> None:
    """Work on the boundaries of the city's units."""


@boundaries.command(name="import", epilog="Example: smartcity boundaries import units.geojson")
@takes_settings()
@argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def import_(settings: Settings, file: Path) -> None:
    """Take the boundaries from a GeoJSON FILE (it may be gzipped), in use within seconds.

    Every unit of the pack must be there, and gaps and overlaps must be slivers; a file that is
    not so is refused as a whole.
    """
    console = Console(stderr=True)

    async def run() -> None:
        city = load_city(settings.city_dir)
        with console.status(f"reading {file.name}: gaps, overlaps, codes") as status:
            survey = read_boundaries(file, city)
            status.update(f"keeping {len(survey.boundaries)} boundaries")
            async with open_database(settings, city) as (_, database):
                await create_indexes(database, store.INDEXES, click.echo)
                await write_down(database, "import_boundaries", file=file.name)
                version = await store.BoundaryStore(database).save(survey.boundaries, file.name)
        click.echo(
            f"{len(survey.boundaries)} boundaries, {len(survey.slivers)} slivers tolerated, "
            f"{len(survey.mended)} shapes mended; version {version}"
        )

    asyncio.run(run())
