"""`smartcity audit …`: whether the audit log is still what was written."""

import asyncio
import re
from typing import Final

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from smartcity.audit.chain import Chain
from smartcity.audit.model import Head
from smartcity.audit.store import AuditStore
from smartcity.audit.verification import Mark, published
from smartcity.audit.verification import verify as verified
from smartcity.cli.opening import open_database
from smartcity.cli.options import option, takes_settings
from smartcity.settings import Settings

HEAD: Final = re.compile(r"(\d{1,15}):([0-9a-f]{64})")


class KnownHead(click.ParamType[Mark]):
    """A head as somebody kept it: COUNT:HEAD."""

    name = "count:head"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Mark:
        found = HEAD.fullmatch(str(value).strip().lower())
        if found is None:
            self.fail("a head is written COUNT:HEAD, with 64 hexadecimal digits", param, ctx)
        return Mark(int(found[1]), bytes.fromhex(found[2]), "the head given")


@click.group(epilog="Example: smartcity audit verify")
def audit() -> None:
    """Work on the log of what staff and the clock did."""


@audit.command(epilog="Example: smartcity audit verify --head 1042:9f3c…")
@takes_settings()
@option(
    "--head",
    "heads",
    type=KnownHead(),
    multiple=True,
    help="An earlier head, as /v1/audit/heads or the hourly log told it: COUNT:HEAD.",
)
def verify(settings: Settings, heads: tuple[Mark, ...]) -> None:
    """Read the whole audit log and say whether it is what was written, from its first entry on.

    It is held against its own head, every head that was published, and those given. Exit code 1,
    and the number of the first entry that is wrong, if it is not.
    """
    end = asyncio.run(_verify(settings, heads))
    click.echo(f"{end.count:,} entries, nothing changed; head {end.count}:{end.mac.hex()}")


async def _verify(settings: Settings, heads: tuple[Mark, ...]) -> Head:
    async with open_database(settings) as (_, database):
        store = AuditStore(database)
        total = (await store.head()).count
        marks = [*heads, *(published(day) for day in await store.heads())]
        with _progress() as progress:
            bar = progress.add_task("audit log", total=total)
            return await verified(
                store,
                Chain(settings.secret()),
                marks,
                lambda count: progress.update(bar, completed=count),
            )


def _progress() -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    return Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))
