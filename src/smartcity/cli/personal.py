"""`smartcity personal …`: the keys that personal data lies under."""

import asyncio
from typing import Final

import rich_click as click

from smartcity.cli.opening import open_database
from smartcity.cli.options import takes_settings
from smartcity.dossiers.store import DOSSIERS
from smartcity.identity.key_files import SEEN_WITHIN_S, KeyFile, keys_of
from smartcity.identity.personal import PersonalData
from smartcity.identity.persons.rotation import Rotation
from smartcity.identity.persons.store import PERSON_KEYS, RotationStore, SealedField
from smartcity.identity.senders.store import RESTRICTIONS
from smartcity.identity.staff.store import STAFF
from smartcity.reports.store import COLLECTION as REPORTS
from smartcity.settings import Settings

SEALED: Final = (
    # collection   field
    (PERSON_KEYS, "wrapped"),
    (STAFF, "totp"),
    (STAFF, "totp_new"),
    (RESTRICTIONS, "reason"),
    (DOSSIERS, "applicant"),
    (REPORTS, "reporter.contact"),  # of before persons had keys
)
"""What lies under a key of the installation's."""


@click.group(epilog="Example: smartcity personal rotate")
def personal() -> None:
    """Work on how personal data is kept."""


@personal.command(epilog="Example: smartcity personal rotate")
@takes_settings()
def rotate(settings: Settings) -> None:
    """Make a new key, and put under it whatever lies under older ones, while everything runs.

    Cut off, it goes on where it was. With SMARTCITY_PERSONAL_KEYS the new key is the first one
    there: put it before the others, restart every process, then run this. Old keys still read: keep
    them for as long as you keep backups that were made under them.
    """

    async def run() -> int:
        keys = keys_of(settings)
        cipher = PersonalData(settings.secret(), keys)
        async with open_database(settings) as (_, database):
            fields = [SealedField(database, *sealed) for sealed in SEALED]
            rotation = Rotation(cipher, fields, RotationStore(database))
            if isinstance(keys, KeyFile) and not await rotation.is_unfinished():
                keys.add()
                await asyncio.sleep(2 * SEEN_WITHIN_S)  # now every process writes under it
            return await rotation.run(_tell)

    renewed = asyncio.run(run())
    click.echo(f"{renewed} texts lie under the new key")


def _tell(field: str, renewed: int) -> None:
    if renewed:
        click.echo(f"{field}: {renewed}", err=True)
