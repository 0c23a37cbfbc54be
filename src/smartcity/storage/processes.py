"""Processes that must not outlive the one that started them, how others are told apart, and the
ports they listen on. Linux only: it alone lets a child ask to end with its parent.
"""

import asyncio
import ctypes
import multiprocessing
import os
import resource
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def ends_with_parent() -> Callable[[], None]:
    """A `preexec_fn` by which the child gets SIGTERM when its parent ends, even by kill -9.

    The kernel counts the *thread* that forked as the parent: fork from one that lasts as long as
    the process, as the thread of the event loop does.
    """
    libc = ctypes.CDLL(None)  # loaded before the fork: the child may not
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before we asked
            os._exit(1)

    return ask


def ends_with_parent_and_opens_files() -> Callable[[], None]:
    """The same for a database server, which holds a file for each collection, index and connection:
    it may open as many as anybody here may, whatever the shell that we were started from allows.
    """
    ask = ends_with_parent()
    most = most_files()

    def prepare() -> None:
        ask()
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    return prepare


def most_files() -> int:
    """How many files a process may have open at the most, once it asks for it."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def end_with_parent() -> None:
    """The same by SIGKILL, asked by a `multiprocessing` child itself, soon after its start.

    A parent that stops in order ends its children before itself. Of one that was killed, the child
    may still have the handler of SIGTERM, which would only tell the parent's copy to stop.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is not None and os.getppid() != parent.pid:  # it ended before we asked
        os._exit(1)


def command_line(pid: int) -> list[str]:
    """The words a process was started with; none if it is not there, or is ending."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def is_running(pid: int) -> bool:
    """Whether a process still has something: its files, its locks, its ports.

    It keeps them for a moment after its command line is gone, until the last of its threads ends.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
    except OSError:
        return False
    state = stat.rpartition(")")[2].split()[0]
    return state not in {"Z", "X"} or threads > 1


def name_of(pid: int) -> str:
    """What a process runs, in fifteen letters, as long as it has not ended entirely."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


async def stop(process: asyncio.subprocess.Process, patience_s: float) -> int:
    """End a child: politely, and after `patience_s` seconds by force. Its exit code."""
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(patience_s):
            return await process.wait()
    except TimeoutError:
        process.kill()
        return await process.wait()


async def stop_stranger(pid: int, patience_s: float) -> None:
    """End a process that is not our child, in the same way."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(pid, how)
        for _ in range(int(patience_s / 0.05)):
            if not is_running(pid):
                return
            await asyncio.sleep(0.05)


def free_port(host: str, port: int) -> int | None:
    """The port, if a server could listen there now, and for 0 one that is free; else none."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            attempt.bind(address)
            return attempt.getsockname()[1]
    except OSError:
        return None
