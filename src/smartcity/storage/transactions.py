"""Transactions, and what a process that died in one leaves open.

The server keeps such a one open for a minute (`transactionLifetimeLimitSeconds`), and so long
nobody else can write what it wrote.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar
from uuid import UUID

from pymongo import timeout
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import ExecutionTimeout, NetworkTimeout

from smartcity.storage.mongo import APP, Database

PATIENCE_S: Final = 3.0
"""After so long a transaction looks for one in its way that was abandoned."""

LOOK_AGAIN_S: Final = 1.0
"""Who lives, however slowly, has done something in its transaction meanwhile."""

PERHAPS_COMMITTED: Final = "UnknownTransactionCommitResult"

done = TypeVar("done")


async def in_transaction(
    database: Database, write: Callable[[AsyncClientSession], Awaitable[done]]
) -> done:
    """Everything that is written with the session, or nothing. `write` may be run several times."""
    clock = asyncio.get_running_loop().time
    until = clock() + PATIENCE_S

    async def hurried(session: AsyncClientSession) -> done:
        """Nothing but the writing: a commit takes the time it needs, and what failed is undone."""
        if (left := until - clock()) <= 0:
            raise ExecutionTimeout("others have written the same, and do not end")
        with timeout(left):
            return await write(session)

    try:
        return await _attempt(database, hurried)
    except (ExecutionTimeout, NetworkTimeout) as error:
        if error.has_error_label(PERHAPS_COMMITTED):  # written again, it might be there twice
            raise
        await _end_abandoned(database, PATIENCE_S)
        return await _attempt(database, write)


async def despite_abandoned(
    database: Database, write: Callable[[], Awaitable[done]], patience_s: float
) -> done:
    """Write, in no transaction, even if a process that died has left one open that wrote the same:
    that is ended after so long, and `write` run again.
    """
    try:
        with timeout(patience_s):
            return await write()
    except (ExecutionTimeout, NetworkTimeout):
        await _end_abandoned(database, patience_s)
        return await write()


async def _attempt(
    database: Database, write: Callable[[AsyncClientSession], Awaitable[done]]
) -> done:
    async with database.client.start_session() as session:
        return await session.with_transaction(write)


async def _end_abandoned(database: Database, idle_s: float) -> None:
    """End the transactions of our processes that stood still for so long, all in all, and do so
    still. One of a process that lives after all is begun anew by it.

    Whoever asks may end what was begun under the same database account: no privilege is needed.
    """
    before = await _idle(database, idle_s)
    if not before:
        return
    await asyncio.sleep(LOOK_AGAIN_S)
    now = await _idle(database, idle_s)
    client = database.client
    still = [session for session, standing in now.items() if before.get(session) == standing]
    if ids := [{"id": session} for session in still]:
        await client.admin.command("killSessions", ids, codec_options=client.codec_options)


async def _idle(database: Database, idle_s: float) -> Mapping[UUID, tuple[int, int]]:
    """Sessions whose transaction stands still; which one it is, and how long it was at work."""
    idle: Mapping[str, Any] = {
        "type": "idleSession",
        "appName": APP,
        "transaction.timeInactiveMicros": {"$gt": int(idle_s * 1_000_000)},  # since it began
    }
    sessions = await database.client.admin.aggregate(
        [{"$currentOp": {"allUsers": False, "idleSessions": True}}, {"$match": idle}]
    )
    found = {session["lsid"]["id"]: session["transaction"] async for session in sessions}
    return {
        session: (one["parameters"]["txnNumber"], one["timeActiveMicros"])
        for session, one in found.items()
    }
