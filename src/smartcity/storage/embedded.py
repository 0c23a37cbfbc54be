"""A MongoDB server of our own: a replica set of one, on the loopback, beside the data it keeps.

For one machine: it ends with the process that started it, finds its data again after any death,
and never runs twice on the same folder. In the data folder:

    mongo.json      address and process of the server that runs now, for commands beside it
    mongo/lock      held by the process that owns the server, for as long as it lives
    mongo/port      chosen once: a member whose port changed never becomes primary by itself
    mongo/data      MongoDB's own files
    mongo/log       what the server says, two files of bounded size
"""

import asyncio
import fcntl
import json
import os
import random
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any, Self

from smartcity.storage.binary import EmbeddedServerError, Server, find_server
from smartcity.storage.processes import (
    command_line,
    ends_with_parent_and_opens_files,
    free_port,
    is_running,
    name_of,
    stop,
    stop_stranger,
)
from smartcity.storage.replica_set import LOOPBACK, SET, START_S, become_primary

PORTS = range(27018, 32768)
"""Below those that the kernel gives to outgoing connections, so that none of them takes ours."""

STOP_S = 30.0
PATIENCE_S = 60.0
LOG_BYTES = 8 * 1024 * 1024
ADDRESS_IN_USE = 48  # mongod's exit code


class EmbeddedMongo:
    """One server on one data folder. Start, wait, stop; start again after it died.

    `shared`: whether other processes find it by `mongo.json`. A command that runs one only for as
    long as it needs it does not share it.
    """

    name = "the database"

    def __init__(self, data_dir: Path, *, cache_mb: int = 256, shared: bool = False) -> None:
        self._card = data_dir / "mongo.json"
        self._folder = data_dir / "mongo"
        self._cache_mb = cache_mb
        self._shared = shared
        self._lock: IO[str] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self.port = 0
        self.server: Server | None = None

    @property
    def uri(self) -> str:
        return f"mongodb://{LOOPBACK}:{self.port}/?replicaSet={SET}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def claim(self) -> bool:
        """Become the one owner of the folder, unless another process is."""
        if self._lock:
            return True
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = (self._folder / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._card.unlink(missing_ok=True)  # of an owner that died
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock
        return True

    async def claim_or_find(self, patience_s: float = PATIENCE_S) -> str | None:
        """Claim the folder, or find the address that its owner shares. Waits for an owner that
        keeps its server to itself: it is a command, and soon done.
        """
        for _ in range(int(patience_s / 0.1)):
            if self.claim():
                return None
            if running := running_server(self._card.parent):
                return running
            await asyncio.sleep(0.1)
        raise EmbeddedServerError(f"Process {self.owner()} still uses {self._folder}.")

    def owner(self) -> str:
        """The process that holds the folder, for messages."""
        return (self._folder / "lock").read_text() or "unknown"

    async def start(self) -> None:
        """Run the server and come back when it takes writes. Raises `EmbeddedServerError`.

        The port stays the one of the first start of this object: clients know it by then.
        """
        if not self.claim():
            raise EmbeddedServerError(
                f"Process {self.owner()} runs the database in {self._folder} already."
            )
        try:
            self.server = self.server or await find_server()
            await self._stop_orphan()
            await self._launch()
        except BaseException:
            await self.stop()
            raise
        if self._shared:
            self._announce()

    async def wait(self) -> int:
        """Come back when the server has ended, with its exit code; meanwhile bound its log."""
        assert self._process
        while True:
            try:
                async with asyncio.timeout(30):
                    return await self._process.wait()
            except TimeoutError:
                self._rotate_log()

    async def stop(self) -> None:
        """End the server, its data on disk, and let go of the folder."""
        if self._process:
            await stop(self._process, STOP_S)
            self._process = None
        if self._lock:
            self._card.unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    async def _launch(self) -> None:
        fixed = self.port
        for _ in range(5):
            self.port = fixed or self._choose_port()
            self._process = await self._spawn()
            if await self._answers():
                return
            if self._process.returncode != ADDRESS_IN_USE:
                break
        raise EmbeddedServerError(f"The database server did not start: {self._last_words()}")

    async def _spawn(self) -> asyncio.subprocess.Process:
        assert self.server
        data = self._folder / "data"
        data.mkdir(exist_ok=True)
        self._rotate_log()
        arguments = {
            "--dbpath": data,
            "--port": self.port,
            "--bind_ip": LOOPBACK,
            "--replSet": SET,
            "--oplogSize": 1024,  # MB; nobody follows it, and the default is a share of the disk
            "--wiredTigerCacheSizeGB": f"{max(self._cache_mb, 256) / 1024:.2f}",
            "--logpath": self._log,
            "--logRotate": "reopen",
            "--slowms": 1000,
        }
        words = [str(word) for pair in arguments.items() for word in pair]
        flags = ["--nounixsocket", "--quiet", "--logappend"]
        for parameter in (
            "diagnosticDataCollectionEnabled=false",
            "shutdownTimeoutMillisForSignaledShutdown=0",  # no other member to hand over to
            # Nobody reads the past; and what is dropped keeps its files open for as long.
            "minSnapshotHistoryWindowInSeconds=0",
        ):
            flags += ["--setParameter", parameter]
        return await asyncio.create_subprocess_exec(
            self.server.path,
            *words,
            *flags,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            preexec_fn=ends_with_parent_and_opens_files(),
            start_new_session=True,  # a Ctrl-C at the terminal is for its owner, who stops in order
        )

    async def _answers(self) -> bool:
        """Whether the server became primary; false when it ended instead."""
        assert self._process
        ended = asyncio.ensure_future(self._process.wait())
        ready = asyncio.ensure_future(become_primary(self.port))
        try:
            done, _ = await asyncio.wait(
                {ended, ready}, timeout=START_S, return_when=asyncio.FIRST_COMPLETED
            )
            if ready in done:
                ready.result()
            return ready in done
        finally:
            for task in (ended, ready):
                task.cancel()
            await asyncio.gather(ended, ready, return_exceptions=True)

    async def _stop_orphan(self) -> None:
        """End a server that outlived its owner. MongoDB's own lock file names the process; a file
        left by one that is gone is harmless.
        """
        file = self._folder / "data" / "mongod.lock"
        text = file.read_text().strip() if file.exists() else ""
        if text.isdigit() and self._is_server(int(text)):
            await stop_stranger(int(text), STOP_S)

    def _is_server(self, pid: int) -> bool:
        """Whether a process is a server of this folder. One that is ending tells its name alone."""
        words = command_line(pid)
        if words:
            return str(self._folder / "data") in words
        return is_running(pid) and name_of(pid) == "mongod"

    def _choose_port(self) -> int:
        """The port kept with the data; another if it is new, or taken by something else."""
        file = self._folder / "port"
        kept = int(file.read_text()) if file.exists() else 0
        candidates = random.sample(PORTS, k=100)
        port = next((p for p in (kept, *candidates) if p and free_port(LOOPBACK, p)), 0)
        file.write_text(str(port))
        return port

    def _announce(self) -> None:
        fresh = self._card.with_suffix(".new")
        card = {"uri": self.uri, "pid": self.pid, "owner": os.getpid()}
        fresh.write_text(json.dumps(card) + "\n")
        fresh.replace(self._card)

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _rotate_log(self) -> None:
        if self._log.exists() and self._log.stat().st_size > LOG_BYTES:
            self._log.replace(self._folder / "log.before")
            if self._process:
                self._process.send_signal(signal.SIGUSR1)  # opens the file anew

    def _last_words(self) -> str:
        """The server's last errors, else where its log is."""
        errors: list[str] = []
        for line in self._log.read_text(errors="replace").splitlines()[-200:]:
            if '"s":"E"' in line or '"s":"F"' in line:
                told: dict[str, Any] = json.loads(line)
                errors.append(f"{told['msg']} {json.dumps(told.get('attr', {}))}")
        return "; ".join(errors[-3:]) or f"see {self._log}"


@asynccontextmanager
async def server_of(data_dir: Path, *, cache_mb: int) -> AsyncGenerator[str]:
    """The address of the folder's server: of the one that runs and is shared, else of one started
    for as long as this lasts. Raises `EmbeddedServerError`.
    """
    server = EmbeddedMongo(data_dir, cache_mb=cache_mb)
    if running := await server.claim_or_find():
        yield running
    else:
        async with server:
            yield server.uri


def running_server(data_dir: Path) -> str | None:
    """The address of the server that an owner shares, if one does."""
    try:
        card = json.loads((data_dir / "mongo.json").read_text())
    except FileNotFoundError:
        return None
    return card["uri"] if command_line(card["owner"]) else None
