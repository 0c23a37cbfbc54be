"""`smartcity staff …`: accounts, also the first administrator's, and of who has lost everything.

Whoever may run this may do all that an administrator may; it is written down in the same way.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import msgspec
import rich_click as click
from rich.console import Console
from rich.table import Table

from smartcity.audit import store as audit_store
from smartcity.audit.records import AuditRecords
from smartcity.city import load_city
from smartcity.cli.opening import open_database
from smartcity.cli.options import argument, option, password_option, takes_settings
from smartcity.composition import Composition
from smartcity.errors import FieldError, Invalid
from smartcity.identifiers import new_id
from smartcity.identity.emails.model import Email
from smartcity.identity.emails.service import Emails
from smartcity.identity.roles import STAFF, Actor, Role
from smartcity.identity.staff import store
from smartcity.identity.staff.managing import StaffManagement
from smartcity.identity.staff.model import Staff, Temporary
from smartcity.identity.staff.rules import PASSWORD_LENGTH
from smartcity.identity.staff.service import StaffService
from smartcity.settings import PREFIX, Settings
from smartcity.storage.migrations import create_indexes

ROLES = click.Choice(sorted(role.value for role in STAFF))

OPERATOR: Final = Actor(roles=frozenset({Role.ADMIN}))
"""Who sits at the machine; the audit knows them as nobody in particular."""

PAGE: Final = 200

GIVEN_AS: Final = {
    "username": "NAME",
    "password": "--password",
    "roles": "--role",
    "agencies": "--agency",
}
"""How what makes an account is given at the terminal."""

answer_of = TypeVar("answer_of")


class Tools(msgspec.Struct, frozen=True):
    """What the commands work with."""

    accounts: StaffService
    management: StaffManagement
    emails: Emails
    audit: AuditRecords


def _email(_context: click.Context, _parameter: click.Parameter, given: str) -> str:
    try:
        return given and msgspec.convert(given, Email)
    except msgspec.ValidationError:
        raise click.BadParameter("not an e-mail address") from None


@click.group(epilog="Example: smartcity staff add thu.ha --role handler --agency so-xay-dung")
def staff() -> None:
    """Work on staff accounts."""


@staff.command(epilog="Example: smartcity staff add thu.ha --role handler --agency so-xay-dung")
@takes_settings()
@argument("name")
@option("--role", "roles", type=ROLES, multiple=True, required=True, help="One or more.")
@option("--agency", "agencies", metavar="CODE", multiple=True, help="For handlers and supervisors.")
@option("--full-name", default="", help="How colleagues see them.")
@option(
    "--email",
    default="",
    metavar="ADDRESS",
    callback=_email,
    help="Where they are written to about work.",
)
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
    email: str,
    password: str,
) -> None:
    """Add the account NAME."""

    async def run(tools: Tools) -> None:
        account = new_id()
        codes = {"roles": " ".join(roles), "agencies": " ".join(agencies)}
        await tools.audit.write_of_command("staff_created", account, **codes)
        try:
            await tools.accounts.add(
                name, password, roles, agencies, name=full_name, account=account
            )
        except Invalid as error:
            wrong = [FieldError(GIVEN_AS[field.path], field.reason) for field in error.fields]
            raise Invalid(*wrong) from None
        if email:
            await tools.emails.give(account, email)

    _with_tools(settings, run)
    click.echo(f"{name} may log in: {', '.join(roles)}")


@staff.command("list", epilog="Example: smartcity staff list --agency so-xay-dung")
@takes_settings()
@option("--agency", metavar="CODE", help="Only of this agency.")
def list_(settings: Settings, agency: str | None) -> None:
    """Show the accounts, in the order in which they were made."""

    async def run(tools: Tools) -> list[Staff]:
        found: list[Staff] = []
        after = None
        while page := await tools.management.page(OPERATOR, after, PAGE, agency):
            found += page
            after = page[-1].id
        return found

    table = Table(box=None, pad_edge=False)
    for heading in ("name", "full name", "roles", "agencies", "codes", ""):
        table.add_column(heading, overflow="fold")
    for one in _with_tools(settings, run):
        table.add_row(
            one.username,
            one.name,
            " ".join(sorted(one.roles)),
            " ".join(sorted(one.agencies)),
            "yes" if one.totp else "no",
            "disabled" if one.disabled_at else "",
        )
    Console().print(table)


@staff.command(epilog="Example: smartcity staff disable thu.ha")
@takes_settings()
@argument("name")
def disable(settings: Settings, name: str) -> None:
    """Let NAME in no more; open sessions end within five seconds."""

    async def run(tools: Tools) -> None:
        await tools.management.disable(OPERATOR, (await tools.accounts.named(name)).id)

    _with_tools(settings, run)
    click.echo(f"{name} may not log in any more")


@staff.command(epilog="Example: smartcity staff enable thu.ha")
@takes_settings()
@argument("name")
def enable(settings: Settings, name: str) -> None:
    """Let NAME in again, with the password they had."""

    async def run(tools: Tools) -> None:
        await tools.management.enable(OPERATOR, (await tools.accounts.named(name)).id)

    _with_tools(settings, run)
    click.echo(f"{name} may log in again")


@staff.command(epilog="Example: smartcity staff password thu.ha")
@takes_settings()
@argument("name")
def password(settings: Settings, name: str) -> None:
    """Give NAME a temporary password and print it, this once. Open sessions end."""

    async def run(tools: Tools) -> Temporary:
        account = (await tools.accounts.named(name)).id
        return await tools.management.reset_password(OPERATOR, account)

    temporary = _with_tools(settings, run)
    click.echo(f"Until {temporary.expires_at:%Y-%m-%d %H:%M} UTC; it must be replaced.", err=True)
    click.echo(temporary.password)


@staff.group(epilog="Example: smartcity staff totp reset thu.ha")
def totp() -> None:
    """Work on one-time codes."""


@totp.command(epilog="Example: smartcity staff totp reset thu.ha")
@takes_settings()
@argument("name")
def reset(settings: Settings, name: str) -> None:
    """Ask NAME for no one-time codes until they set them up again. Open sessions end."""

    async def run(tools: Tools) -> None:
        await tools.management.reset_totp(OPERATOR, (await tools.accounts.named(name)).id)

    _with_tools(settings, run)
    click.echo(f"{name} is asked for no codes any more")


def _with_tools(settings: Settings, work: Callable[[Tools], Awaitable[answer_of]]) -> answer_of:
    async def run() -> answer_of:
        async with _tools(settings) as tools:
            return await work(tools)

    return asyncio.run(run())


@asynccontextmanager
async def _tools(settings: Settings) -> AsyncGenerator[Tools]:
    city = load_city(settings.city_dir)
    async with open_database(settings, city) as (_, database):
        for indexes in (store.INDEXES, audit_store.INDEXES):
            await create_indexes(database, indexes, lambda line: click.echo(line, err=True))
        shared = Composition(settings, city, database)
        yield Tools(shared.staff, shared.staff_management, shared.emails, shared.audit_records)
