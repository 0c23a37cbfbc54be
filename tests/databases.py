"""The databases of the tests: each made once, with every index, and emptied for its next user.

To make all collections and indexes takes a server longer than most tests last.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple
from uuid import uuid4

from pymongo import WriteConcern

from smartcity.cli.schema import every_index
from smartcity.settings import Settings
from smartcity.storage.migrations import Indexes, create_indexes
from smartcity.storage.mongo import Database, connect

_SWIFT: Final = WriteConcern(1, j=False)


class _Alike(NamedTuple):
    """Databases with the same indexes on the same server, and which of them nobody uses."""

    indexes: Indexes
    free: list[str]


_kept: Final[dict[tuple[str, int], _Alike]] = {}
"""By server and by how long the feed keeps an event: that is a property of an index."""


@asynccontextmanager
async def emptied(uri: str, settings: Settings) -> AsyncGenerator[Database]:
    """A database with every index and no document, which is nobody else's for as long as this
    lasts. A test that changes indexes, or writes very much, takes a new one instead.

    One that was changed otherwise, such as by a rule for its documents, nobody uses again.
    """
    place = (uri, settings.feed_days)
    if place not in _kept:
        _kept[place] = _Alike(every_index(settings), [])
    indexes, free = _kept[place]
    name = free.pop() if free else f"test_{uuid4().hex[:12]}"
    client, database = connect(uri, name, timeout_s=10, pool=32)
    async with client:
        await _empty(database, indexes)
        yield database
        if await _has_rules(database):
            await client.drop_database(name)
        else:
            free.append(name)


async def _empty(database: Database, indexes: Indexes) -> None:
    """Done when it is taken, not when it is given back: so what a test that has ended had still
    under way is removed with the rest.
    """
    present = await database.list_collection_names()
    for name in present:
        await database.get_collection(name, write_concern=_SWIFT).delete_many({})
    lacking = {name: models for name, models in indexes.items() if name not in present}
    await create_indexes(database, lacking, print)
    await database["reports"].delete_many({})  # nothing is left of them, but this one is durable


async def _has_rules(database: Database) -> bool:
    """Whether a collection has options: a validator, or the size of a profile."""
    found = await (await database.list_collections()).to_list()
    return any(collection["options"] for collection in found)
