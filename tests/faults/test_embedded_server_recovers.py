"""The embedded database finds its data again after any death, and never runs twice on it."""

import asyncio
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from smartcity.settings import PREFIX
from smartcity.storage.binary import EmbeddedServerError, find_server
from smartcity.storage.embedded import EmbeddedMongo, running_server, server_of
from smartcity.storage.mongo import connect
from smartcity.storage.processes import is_running

pytestmark = pytest.mark.anyio

OWNER = """
import asyncio, sys
from pathlib import Path
from smartcity.storage.embedded import EmbeddedMongo
from smartcity.storage.mongo import connect

async def main():
    async with EmbeddedMongo(Path(sys.argv[1]), shared=True) as server:
        client, database = connect(server.uri, "kept", timeout_s=10, pool=2)
        for number in range(100):
            await database["things"].insert_one({"_id": number})
        await client.close()
        print(server.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Generator[Path]:
    yield tmp_path
    shutil.rmtree(tmp_path)  # a third of a gigabyte


@contextmanager
def owner_process(folder: Path) -> Generator[tuple[subprocess.Popen[str], int]]:
    """A process that runs a server with a hundred things in it, and the server's pid."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, folder], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        yield process, int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


async def things(uri: str) -> int:
    client, database = connect(uri, "kept", timeout_s=10, pool=2)
    async with client:
        return await database["things"].count_documents({})


async def until_gone(pid: int) -> bool:
    for _ in range(200):
        if not is_running(pid):
            return True
        await asyncio.sleep(0.1)
    return False


async def test_the_server_ends_with_a_parent_that_was_killed(folder: Path) -> None:
    with owner_process(folder) as (owner, server):
        owner.kill()
        owner.wait()
        assert await until_gone(server)


async def test_everything_is_there_after_the_parent_was_killed(folder: Path) -> None:
    with owner_process(folder) as (owner, _):
        port = (folder / "mongo" / "port").read_text()
        owner.kill()
        owner.wait()
    async with EmbeddedMongo(folder) as again:
        assert await things(again.uri) == 100
        assert str(again.port) == port


async def test_everything_is_there_after_server_and_parent_were_killed(folder: Path) -> None:
    with owner_process(folder) as (owner, server):
        owner.send_signal(signal.SIGSTOP)
        os.kill(server, signal.SIGKILL)
        owner.kill()
        owner.wait()
    lock = folder / "mongo" / "data" / "mongod.lock"
    assert lock.read_text().strip() == str(server), "the lock is stale"
    async with EmbeddedMongo(folder) as again:
        assert await things(again.uri) == 100


async def test_the_server_may_open_as_many_files_as_anybody_here(folder: Path) -> None:
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, most))
    try:
        async with EmbeddedMongo(folder) as server:
            assert server.pid
            assert resource.prlimit(server.pid, resource.RLIMIT_NOFILE) == (most, most)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, most))


def test_the_doctor_says_where_the_server_may_open_too_few_files(folder: Path) -> None:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    told = subprocess.run(
        ["sh", "-c", f"ulimit -n 1500; exec {sys.executable} -m smartcity.cli doctor"],
        env=ours | {f"{PREFIX}DATA_DIR": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    (line,) = [line for line in told.stdout.splitlines() if line.startswith("open files")]
    assert line.split()[2:4] == ["mind", "1,500"]
    assert "4,096" in line


async def test_a_server_that_outlived_its_owner_is_ended_first(folder: Path) -> None:
    with owner_process(folder) as (owner, _):
        owner.kill()
        owner.wait()
    data = folder / "mongo" / "data"
    async with EmbeddedMongo(folder) as again:
        port = again.port
    orphan = await asyncio.create_subprocess_exec(
        (await find_server()).path,
        *("--dbpath", data, "--port", str(port), "--replSet", "rs0", "--bind_ip", "127.0.0.1"),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        assert await things(f"mongodb://127.0.0.1:{port}/?replicaSet=rs0") == 100
        async with EmbeddedMongo(folder) as again:
            assert not is_running(orphan.pid)
            assert again.port == port
            assert await things(again.uri) == 100
    finally:
        if orphan.returncode is None:
            orphan.terminate()
        await orphan.wait()


async def test_another_port_is_taken_when_something_else_has_ours(folder: Path) -> None:
    with owner_process(folder) as (owner, server):
        owner.terminate()
        owner.wait()
        assert await until_gone(server)
    port = int((folder / "mongo" / "port").read_text())
    stranger = await asyncio.start_server(lambda _, out: out.close(), "127.0.0.1", port)
    async with stranger, EmbeddedMongo(folder) as again:
        assert again.port != port
        assert await things(again.uri) == 100
        moved = again.port
    async with EmbeddedMongo(folder) as later:
        assert later.port == moved, "it stays where it went"
        assert await things(later.uri) == 100


async def test_a_server_that_was_killed_starts_again_on_its_port(folder: Path) -> None:
    async with EmbeddedMongo(folder, shared=True) as server:
        port, pid = server.port, server.pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        assert await server.wait() == -signal.SIGKILL
        await server.start()
        assert (server.port, server.pid != pid) == (port, True)
        assert await things(server.uri) == 0
        assert running_server(folder) == server.uri


async def test_two_starts_at_once_make_one_server(folder: Path) -> None:
    one, other = EmbeddedMongo(folder), EmbeddedMongo(folder)
    outcomes = await asyncio.gather(one.start(), other.start(), return_exceptions=True)
    try:
        refused = [outcome for outcome in outcomes if outcome is not None]
        assert [type(refusal) for refusal in refused] == [EmbeddedServerError]
        assert str(os.getpid()) in str(refused[0])
    finally:
        await asyncio.gather(one.stop(), other.stop())


async def test_a_command_beside_a_running_owner_uses_its_server(folder: Path) -> None:
    with owner_process(folder) as (_, server):
        async with server_of(folder, cache_mb=256) as uri:
            assert await things(uri) == 100
        assert is_running(server), "the end of the command is not the server's"


async def test_two_commands_at_once_have_the_server_in_turn(folder: Path) -> None:
    running: list[str] = []

    async def command() -> None:
        async with server_of(folder, cache_mb=256) as uri:
            assert not running
            running.append(uri)
            assert await things(uri) == 0
            running.remove(uri)

    await asyncio.gather(command(), command(), command())


async def test_the_card_of_a_dead_owner_misleads_nobody(folder: Path) -> None:
    with owner_process(folder) as (owner, _):
        assert running_server(folder)
        owner.kill()
        owner.wait()
    assert (folder / "mongo.json").exists(), "nobody could take it away"
    assert running_server(folder) is None
    async with server_of(folder, cache_mb=256) as uri:
        assert await things(uri) == 100
    assert not (folder / "mongo.json").exists()
