"""`smartcity keys …`: what other systems identify themselves by."""

import asyncio

import rich_click as click

from smartcity.cli.auditing import write_down
from smartcity.cli.opening import open_database
from smartcity.cli.options import argument, option, takes_settings
from smartcity.identity.keys import store
from smartcity.identity.keys.service import KeyService
from smartcity.identity.roles import Scope
from smartcity.settings import Settings
from smartcity.storage.migrations import create_indexes

SCOPES = click.Choice(sorted(scope.value for scope in Scope))


@click.group(epilog="Example: smartcity keys add one-stop --scope onestop")
def keys() -> None:
    """Work on API keys."""


@keys.command(epilog="Example: smartcity keys add one-stop --scope onestop")
@takes_settings()
@argument("name")
@option("--scope", "scopes", type=SCOPES, multiple=True, required=True, help="One or more.")
def add(settings: Settings, name: str, scopes: tuple[str, ...]) -> None:
    """Make a key for the system NAME and print it, this once."""

    async def run() -> str:
        async with open_database(settings) as (_, database):
            await create_indexes(database, store.INDEXES, click.echo)
            await write_down(database, "add_key", key=name, scopes="+".join(scopes))
            return await KeyService(store.KeyStore(database)).add(name, scopes)

    key = asyncio.run(run())
    click.echo("The key of this system. It is kept hashed: nobody can show it again.", err=True)
    click.echo(key)


@keys.command(epilog="Example: smartcity keys revoke one-stop")
@takes_settings()
@argument("name")
def revoke(settings: Settings, name: str) -> None:
    """Take the key of the system NAME back."""

    async def run() -> None:
        async with open_database(settings) as (_, database):
            await write_down(database, "revoke_key", key=name)
            await KeyService(store.KeyStore(database)).revoke(name)

    asyncio.run(run())
    click.echo(f"{name} has no key any more")
