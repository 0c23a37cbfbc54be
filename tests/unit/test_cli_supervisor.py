"""What dies starts again, later each time; what is stopped stays so, and in order."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from smartcity.cli.supervisor import Child, Supervisor
from smartcity.storage.processes import is_running

pytestmark = pytest.mark.anyio

NOTES = """
import os, signal, sys, time
def note(word):
    with open(sys.argv[2], "a") as file:
        print(sys.argv[1], word, os.getpid(), file=file)
def leave(*_):
    note("leaves")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
note("runs")
time.sleep(60)
"""

DEAF = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[1], "w").close()
time.sleep(60)
"""


class Company:
    """A supervisor, what it said, and what its children noted."""

    def __init__(self, file: Path) -> None:
        self.said: list[str] = []
        self.supervisor = Supervisor(self.said.append)
        self._file = file

    async def start(self, *names: str) -> None:
        for name in names:
            words = [sys.executable, "-c", NOTES, name, str(self._file)]
            await self.supervisor.start(Child(name, words, dict(os.environ)))

    async def until_noted(self, count: int) -> list[list[str]]:
        for _ in range(200):
            lines = self._file.read_text().splitlines() if self._file.exists() else []
            if len(lines) >= count:
                return [line.split() for line in lines]
            await asyncio.sleep(0.05)
        pytest.fail(f"less than {count} notes in 10 s")


@pytest.fixture
async def company(tmp_path: Path) -> AsyncGenerator[Company]:
    made = Company(tmp_path / "notes")
    yield made
    await made.supervisor.stop()


async def test_a_child_that_was_killed_starts_again(company: Company) -> None:
    await company.start("api")
    [(_, _, pid)] = await company.until_noted(1)
    os.kill(int(pid), signal.SIGKILL)
    first, second = await company.until_noted(2)
    assert first[2] != second[2]
    assert company.said == ["api was killed by signal 9; it starts again in 0.5 s"]


async def test_a_child_that_keeps_ending_starts_later_each_time(company: Company) -> None:
    await company.supervisor.start(Child("api", [sys.executable, "-c", "exit(3)"], {}))
    for _ in range(100):
        if len(company.said) >= 3:
            break
        await asyncio.sleep(0.1)
    assert [line.split(" in ")[1] for line in company.said[:3]] == ["0.5 s", "1 s", "2 s"]
    assert company.said[0].startswith("api ended with code 3;")


async def test_children_are_stopped_in_the_reverse_order_of_their_start(company: Company) -> None:
    await company.start("database")
    await company.until_noted(1)
    await company.start("workers")
    await company.until_noted(2)
    await company.start("api")
    await company.until_noted(3)
    await company.supervisor.stop()
    notes = await company.until_noted(6)
    leaving = [name for name, word, _ in notes if word == "leaves"]
    assert leaving == ["api", "workers", "database"]
    assert not company.said


async def test_a_child_that_is_stopped_stays_stopped(company: Company) -> None:
    await company.start("api")
    [(_, _, pid)] = await company.until_noted(1)
    await company.supervisor.stop()
    assert not is_running(int(pid))
    await asyncio.sleep(0.8)
    assert len(await company.until_noted(2)) == 2


async def test_a_child_that_is_deaf_is_ended_by_force(tmp_path: Path) -> None:
    child = Child("deaf", [sys.executable, "-c", DEAF, str(tmp_path / "up")], {}, patience_s=0.3)
    await child.start()
    for _ in range(200):
        if (tmp_path / "up").exists():
            break
        await asyncio.sleep(0.05)
    await child.stop()
    assert await child.wait() == -signal.SIGKILL


async def test_a_child_that_cannot_start_is_told_at_once(company: Company) -> None:
    with pytest.raises(FileNotFoundError):
        await company.supervisor.start(Child("nothing", ["/nowhere/at/all"], {}))
