"""What every test may use: one real database for the run, the two cities, the shared data."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis
import pytest

from smartcity.city import City, load_city
from smartcity.heap import keep_for_good
from smartcity.settings import PROJECT, load_settings
from smartcity.storage.embedded import EmbeddedMongo
from smartcity.storage.mongo import Database, connect
from tests.databases import emptied

pytest_plugins = ["tests.standins.fixtures"]

# No test is timed: how long an example takes says more of the machine than of the system.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def _loopback_only(event: str, arguments: tuple[Any, ...]) -> None:
    """No test speaks to another machine."""
    if event == "socket.connect" and not isinstance(arguments[1], str | bytes):
        host = str(arguments[1][0])
        assert host.startswith("127.") or host in {"::1", "localhost"}, f"a test called {host}"


sys.addaudithook(_loopback_only)


def pytest_collection_finish() -> None:
    """What thousands of tests consist of stays to the end: the collector need not look at it."""
    keep_for_good()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def mongo_uri() -> Iterator[str]:
    """One embedded server for the whole run: a replica set of one."""
    folder = Path(tempfile.mkdtemp(prefix="smartcity-tests-"))
    server = EmbeddedMongo(folder)
    with asyncio.Runner() as runner:
        runner.run(server.start())
        try:
            runner.run(_let_nothing_expire(server.uri))
            yield server.uri
        finally:
            runner.run(server.stop())
            shutil.rmtree(folder)


async def _let_nothing_expire(uri: str) -> None:
    """Tests write of times long past, which the server would remove whenever it comes round."""
    client, _ = connect(uri, "admin", timeout_s=10, pool=1)
    async with client:
        await client.admin.command("setParameter", 1, ttlMonitorEnabled=False)


@pytest.fixture
async def database(mongo_uri: str) -> AsyncIterator[Database]:
    """An empty database that has every index."""
    async with emptied(mongo_uri, load_settings({}, environment={})) as empty:
        yield empty


@pytest.fixture
async def new_database(mongo_uri: str) -> AsyncIterator[Database]:
    """A database in which nothing is, dropped after the test."""
    client, fresh = connect(mongo_uri, f"test_{uuid4().hex[:12]}", timeout_s=10, pool=32)
    yield fresh
    await client.drop_database(fresh.name)
    await client.close()


@pytest.fixture(scope="session")
def hanoi() -> City:
    return load_city(PROJECT / "config" / "hanoi")


@pytest.fixture(scope="session")
def boston() -> City:
    return load_city(PROJECT / "config" / "boston")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data of both cities, which lies beside the project and not in it."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the shared data is not at {folder}")
    return folder
