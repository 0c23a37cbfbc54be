"""Makes the embedded server a replica set of one: transactions and majorities need a set."""

import asyncio

from pymongo.errors import AutoReconnect, OperationFailure

from smartcity.storage.binary import EmbeddedServerError
from smartcity.storage.mongo import Client

SET = "rs0"
LOOPBACK = "127.0.0.1"
START_S = 90.0
NOT_YET_INITIALIZED = 94  # the server's error code


async def become_primary(port: int) -> None:
    """Make the server at the port a replica set of one, at this port, and wait until it is primary.

    A member that finds its configuration under another port than its own steps aside for ever, so
    the configuration is forced to follow.
    """
    here = f"{LOOPBACK}:{port}"
    async with Client(
        LOOPBACK, port, directConnection=True, serverSelectionTimeoutMS=int(START_S * 1000)
    ) as client:
        kept = await client["local"]["system.replset"].find_one()
        if kept is None:
            first = {"_id": SET, "members": [{"_id": 0, "host": here}]}
            await client.admin.command("replSetInitiate", first)
        elif kept["members"][0]["host"] != here:
            await _move(client, here)
        for _ in range(int(START_S / 0.05)):
            if await _is_primary(client):
                return
            await asyncio.sleep(0.05)
        raise EmbeddedServerError(f"The database server at {here} does not become primary.")


async def _move(client: Client, here: str) -> None:
    """Force the configuration to the address, once the server has loaded it.

    It loads it only after it looked whether the old address is its own, which takes half a minute
    if something listens there and says nothing.
    """
    for _ in range(int(START_S / 0.1)):
        try:
            config = (await client.admin.command("replSetGetConfig"))["config"]
        except OperationFailure as error:
            if error.code != NOT_YET_INITIALIZED:
                raise
            await asyncio.sleep(0.1)
            continue
        config["members"][0]["host"] = here
        config["version"] += 1
        await client.admin.command("replSetReconfig", config, force=True)
        return


async def _is_primary(client: Client) -> bool:
    try:
        return bool((await client.admin.command("hello"))["isWritablePrimary"])
    except AutoReconnect:  # a change of state closes connections
        return False
