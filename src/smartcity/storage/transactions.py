"""Transactions, and what a process that died in one leaves open.

The server keeps such a one open for a minute (`transactionLifetimeLimitSeconds`), and so long
nobody else can write what it wrote.
"""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from pymongo import timeout
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import ExecutionTimeout, NetworkTimeout

from smartcity.storage.mongo import APP, Database

PATIENCE_S: Final = 3.0
"""After so long a transaction looks for one in its way that was abandoned."""

PERHAPS_COMMITTED: Final = "UnknownTransactionCommitResult"

done = TypeVar("done")


async def in_transaction(
    database: Database, write: Callable[[AsyncClientSession], Awaitable[done]]
) -> done:
    """Everything that is written with the session, or nothing. `write` may be run several times."""

    async def attempt() -> done:
        async with database.client.start_session() as session:
            return await session.with_transaction(write)

    return await despite_abandoned(database, attempt, PATIENCE_S)


async def despite_abandoned(
    database: Database, write: Callable[[], Awaitable[done]], patience_s: float
) -> done:
    """Write, even if a process that died has left a transaction open that wrote the same: that is
    ended after so long, and `write` run again.
    """
    try:
        with timeout(patience_s):
            return await write()
    except (ExecutionTimeout, NetworkTimeout) as error:
        if error.has_error_label(PERHAPS_COMMITTED):  # written again, it might be there twice
            raise
        await _end_abandoned(database, patience_s)
        return await write()


async def _end_abandoned(database: Database, idle_s: float) -> None:
    """End the transactions of our processes in which nothing was done for so long.

    Whoever asks may end what was begun under the same database account: no privilege is needed.
    """
    client = database.client
    idle = {
        "type": "idleSession",
        "appName": APP,
        "transaction.timeInactiveMicros": {"$gt": int(idle_s * 1_000_000)},
    }
    sessions = await client.admin.aggregate(
        [{"$currentOp": {"allUsers": False, "idleSessions": True}}, {"$match": idle}]
    )
    if ids := [{"id": session["lsid"]["id"]} async for session in sessions]:
        await client.admin.command("killSessions", ids, codec_options=client.codec_options)
