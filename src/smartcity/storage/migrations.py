"""Brings a database to the form that this version of the code expects. Safe to run twice, and by
several processes at once.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

import msgspec
import pymongo
from pymongo import IndexModel
from pymongo.errors import OperationFailure

from smartcity.clock import now
from smartcity.storage.leases import Lease, held
from smartcity.storage.mongo import Database

Index = IndexModel
Indexes = Mapping[str, Sequence[Index]]
"""The indexes of each collection."""

COLLECTION: Final = "migrations"
LEASE_S: Final = 30.0
PATIENCE_S: Final = 3600.0
"""How long it may take, here or in another process: an index over millions is not made at once."""

CONFLICTS: Final = frozenset({85, 86})
"""The server's codes for an index of the same name or keys that is not the same."""


class Migration(msgspec.Struct, frozen=True):
    """One change of data, done once. Its `name` is what is remembered; never reuse or rename one.

    It may be cut off anywhere and run again.
    """

    name: str
    run: Callable[[Database], Awaitable[None]]


async def migrate(
    database: Database,
    indexes: Indexes,
    migrations: Sequence[Migration],
    say: Callable[[str], None],
) -> None:
    """Make the indexes, run the migrations that this database has not had, and `say` each step."""
    lease = Lease(database, "migrate", uuid4().hex, LEASE_S)
    async with held(lease, PATIENCE_S):
        with pymongo.timeout(PATIENCE_S):  # instead of the client's few seconds
            await create_indexes(database, indexes, say)
            await _run_new(database, migrations, say)


async def create_indexes(
    database: Database,
    indexes: Indexes,
    say: Callable[[str], None],
) -> None:
    """Make each index that is not there; one that is there in another form is built anew."""
    for name, models in indexes.items():
        for model in models:
            try:
                await database[name].create_indexes([model])
            except OperationFailure as error:
                if error.code not in CONFLICTS:
                    raise
                await _rebuild(database, name, model, say)


async def lacking_indexes(database: Database, indexes: Indexes) -> list[str]:
    """The collections that do not have all their indexes."""
    lacking: list[str] = []
    for name, models in indexes.items():
        present = await database[name].index_information()
        if any(model.document["name"] not in present for model in models):
            lacking.append(name)
    return lacking


async def _rebuild(
    database: Database, collection: str, model: IndexModel, say: Callable[[str], None]
) -> None:
    wanted: Mapping[str, Any] = model.document
    existing = await database[collection].index_information()
    keys = list(wanted["key"].items())
    for name, index in existing.items():
        if name == wanted["name"] or list(index["key"]) == keys:
            say(f"index {collection}.{name} has another form: building it anew")
            await database[collection].drop_index(name)
    await database[collection].create_indexes([model])


async def _run_new(
    database: Database, migrations: Sequence[Migration], say: Callable[[str], None]
) -> None:
    done = {document["_id"] async for document in database[COLLECTION].find({})}
    for migration in migrations:
        if migration.name not in done:
            say(f"migration: {migration.name}")
            await migration.run(database)
            await database[COLLECTION].insert_one({"_id": migration.name, "at": now()})
