"""How commands are run, and what they left in the database."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from click.testing import Result

from smartcity.storage.mongo import Database, connect

Run = Callable[..., Result]


def look(environment: dict[str, str], ask: Callable[[Database], Coroutine[Any, Any, Any]]) -> Any:
    """What a question to the commands' database answers."""

    async def asked() -> Any:
        client, database = connect(
            environment["SMARTCITY_MONGO_URI"],
            environment["SMARTCITY_MONGO_DATABASE"],
            timeout_s=10,
            pool=2,
        )
        async with client:
            return await ask(database)

    return asyncio.run(asked())


def away(command: str) -> subprocess.CompletedProcess[str]:
    """A command without a database, in a process of its own."""
    environment = os.environ | {
        "SMARTCITY_MONGO_URI": "mongodb://127.0.0.1:1/?replicaSet=rs0",
        "SMARTCITY_MONGO_TIMEOUT_S": "0.3",
    }
    words = [sys.executable, "-m", "smartcity.cli", command]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
