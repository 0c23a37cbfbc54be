"""`smartcity staff …`: accounts, also the first administrator's."""

import asyncio

import rich_click as click

from smartcity.city import load_city
from smartcity.cli.opening import open_database
from smartcity.cli.options import argument, option, password_option, takes_settings
from smartcity.identity.key_files import open_personal
from smartcity.identity.roles import STAFF
from smartcity.identity.staff import store
from smartcity.identity.staff.passwords import Passwords
from smartcity.identity.staff.rules import PASSWORD_LENGTH
from smartcity.identity.staff.service import StaffService
from smartcity.settings import PREFIX, Settings
from smartcity.storage.migrations import create_indexes

ROLES = click.Choice(sorted(role.value for role in STAFF))


@click.group(epilog="Example: smartcity staff add thu.ha --role handler --agency so-xay-dung")
def staff() -> None:
    """Work on staff accounts."""


@staff.command(epilog="Example: smartcity staff add thu.ha --role handler --agency so-xay-dung")
@takes_settings()
@argument("name")
@option("--role", "roles", type=ROLES, multiple=True, required=True, help="One or more.")
@option("--agency", "agencies", metavar="CODE", multiple=True, help="For handlers and supervisors.")
@option("--full-name", default="", help="How colleagues see them.")
@password_option(
    envvar=f"{PREFIX}PASSWORD",
    help=(
        f"At least {PASSWORD_LENGTH[0]} characters. Asked for; or SMARTCITY_PASSWORD, which no "
        "history keeps."
    ),
)
def add(
    settings: Settings,
    name: str,
    roles: tuple[str, ...],
    agencies: tuple[str, ...],
    full_name: str,
    password: str,
) -> None:
    """Add the account NAME."""

    async def run() -> None:
        city = load_city(settings.city_dir)
        async with open_database(settings, city) as (_, database):
            await create_indexes(database, store.INDEXES, click.echo)
            service = StaffService(
                store.StaffStore(database),
                store.SessionStore(database),
                Passwords(),
                open_personal(settings),
                city,
            )
            await service.add(name, password, roles, agencies, name=full_name)

    asyncio.run(run())
    click.echo(f"{name} may log in: {', '.join(roles)}")
