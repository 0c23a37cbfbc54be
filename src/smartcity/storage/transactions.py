"""Transactions that a process left open when it died.

The server keeps one for a minute (`transactionLifetimeLimitSeconds`), and as long nobody else can
write what it has written.
"""

from smartcity.storage.mongo import APP, Database


async def end_abandoned(database: Database, idle_s: float) -> None:
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
