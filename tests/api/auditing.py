"""The audit log behind a town: its workers, its readers, and the hand that tampers with it."""

import asyncio
from typing import Any
from uuid import uuid4

from click.testing import CliRunner, Result

from smartcity.audit.chain import Chain
from smartcity.audit.heads import AuditHeads
from smartcity.audit.store import AUDITOR, ENTRIES, AuditStore
from smartcity.cli.main import main
from smartcity.feed.publisher import Publisher
from smartcity.feed.store import PUBLISHER, FeedStore
from smartcity.identity.staff.store import StaffStore
from smartcity.storage.leases import Lease
from tests.api.town import Town
from workers.auditor import Auditor
from workers.crew.spine import OUTBOXES


def auditor_of(town: Town, lease: Lease) -> Auditor:
    store = AuditStore(town.database)
    return Auditor(
        FeedStore(town.database),
        store,
        Chain(town.settings.secret()),
        AuditHeads(store, town.city.zone),
        StaffStore(town.database),
        lease,
    )


def lease_of(town: Town, name: str = AUDITOR, lease_s: float = 30) -> Lease:
    return Lease(town.database, name, uuid4().hex, lease_s)


async def publish(town: Town) -> None:
    """Let the publisher do its work."""
    lease = lease_of(town, PUBLISHER)
    publisher = Publisher(FeedStore(town.database), lease, OUTBOXES, 500)
    while await publisher.run_once():
        pass
    await lease.release()


async def chain(town: Town) -> None:
    """Let publisher and auditor do their work."""
    await publish(town)
    lease = lease_of(town)
    auditor = auditor_of(town, lease)
    while await auditor.run_once():
        pass
    await lease.release()


async def documents(town: Town) -> list[dict[str, Any]]:
    return [d async for d in town.database[ENTRIES].find().sort("_id", 1)]


async def head_of(town: Town) -> str:
    head = await AuditStore(town.database).head()
    return f"{head.count}:{head.mac.hex()}"


async def verify(town: Town, *words: str, secret: str = "") -> Result:
    """`smartcity audit verify`, as an operator types it."""
    environment = {
        "SMARTCITY_MONGO_URI": town.settings.mongo_uri,
        "SMARTCITY_MONGO_DATABASE": town.settings.mongo_database,
        "SMARTCITY_DATA_DIR": town.settings.data_dir,
        "SMARTCITY_CITY": town.settings.city,
        "SMARTCITY_SECRET_KEY": secret,
    }
    runner = CliRunner(env=environment)
    return await asyncio.to_thread(runner.invoke, main, ["audit", "verify", *words])
