"""`smartcity up`: whatever of it is killed comes back, and when it ends nothing of it is left."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from pymongo import MongoClient

from smartcity.storage.processes import command_line, is_running

TIMEOUT_S = 120


class Installation:
    """One `smartcity up` on a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[str] | None = None
        self.printed: list[str] = []

    def start(self, *options: str) -> "Installation":
        with (self.folder / "said").open("a") as said:
            self.process = subprocess.Popen(
                [*COMMAND, "up", "--port", "0", "--data-dir", str(self.folder), *options],
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
        assert self.process.stdout
        self.printed = []
        for line in self.process.stdout:
            self.printed.append(line.rstrip("\n"))
            if line.startswith("ready "):
                return self
        pytest.fail(f"it ended: {self.said()}")

    @property
    def address(self) -> str:
        return self.printed[-1].removeprefix("ready ")

    @property
    def card(self) -> dict[str, Any]:
        return json.loads((self.folder / "mongo.json").read_text())

    def said(self) -> str:
        return (self.folder / "said").read_text()

    def children(self) -> dict[str, int]:
        """The process ids of its parts: `serve`, `work`, `mongod`."""
        assert self.process
        own = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        found = {pid: command_line(pid) for pid in map(int, own.read_text().split())}
        return {
            "mongod" if Path(words[0]).name == "mongod" else words[-1]: pid
            for pid, words in found.items()
            if words
        }

    def everything(self) -> set[int]:
        """Its parts, and what they started."""
        parts = self.children()
        inner = Path(f"/proc/{parts['serve']}/task/{parts['serve']}/children").read_text()
        return {*parts.values(), *map(int, inner.split())}

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/health/ready", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def end(self, number: signal.Signals) -> int:
        """Send it a signal, and answer with its exit code."""
        assert self.process
        assert self.process.stdout
        self.process.send_signal(number)
        code = self.process.wait(TIMEOUT_S)
        self.process.stdout.close()
        return code


COMMAND = [sys.executable, "-m", "smartcity.cli"]


def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def gone(pids: set[int]) -> bool:
    return not any(is_running(pid) for pid in pids)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    yield made
    if made.process:
        made.end(signal.SIGKILL)
        until(lambda: not (tmp_path / "mongo.json").exists() or gone({made.card["pid"]}), "mongod")
    rmtree(tmp_path)


def test_it_says_that_it_is_ready_when_it_is(installation: Installation) -> None:
    installation.start()
    assert installation.is_ready()
    assert [line for line in installation.printed if line.startswith("ready ")] == [
        f"ready {installation.address}"
    ]
    assert set(installation.children()) == {"mongod", "serve", "work"}


@pytest.mark.parametrize("part", ["serve", "work", "mongod"])
def test_a_part_that_was_killed_comes_back(installation: Installation, part: str) -> None:
    installation.start()
    before = installation.children()
    uri = installation.card["uri"]
    os.kill(before[part], signal.SIGKILL)
    until(
        lambda: (
            installation.children().get(part, before[part]) != before[part]
            and installation.is_ready()
        ),
        f"{part} does not come back",
    )
    after = installation.children()
    assert {name for name in before if after[name] != before[name]} == {part}
    assert installation.card["uri"] == uri
    assert "was killed by signal 9; it starts again in" in installation.said()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_and_leaves_nothing(
    installation: Installation, number: signal.Signals
) -> None:
    installation.start()
    everything = installation.everything()
    assert len(everything) >= 4
    assert installation.end(number) == 0
    assert gone(everything)
    assert not (installation.folder / "mongo.json").exists()
    assert "starts again" not in installation.said()


def test_all_end_when_it_is_killed_and_the_next_start_finds_the_data(
    installation: Installation,
) -> None:
    installation.start()
    everything = installation.everything()
    with MongoClient[dict[str, Any]](installation.card["uri"]) as client:
        client["smartcity"]["things"].insert_one({"_id": 1})
    installation.end(signal.SIGKILL)
    installation.start()
    until(lambda: gone(everything), "something outlived it")
    with MongoClient[dict[str, Any]](installation.card["uri"]) as client:
        assert client["smartcity"]["things"].count_documents({}) == 1


def test_a_port_that_is_taken_is_told(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        told = subprocess.run(
            [*COMMAND, "up", "--port", port, "--data-dir", str(installation.folder)],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    assert told.returncode == 2
    assert told.stderr == f"smartcity: 127.0.0.1:{port} is taken, or not an address here\n"


def test_a_second_one_on_the_same_data_is_refused_and_commands_are_not(
    installation: Installation,
) -> None:
    installation.start()

    def beside(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *words, "--data-dir", str(installation.folder)],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    second = beside("up", "--port", "0")
    assert second.returncode == 1
    assert "runs on" in second.stderr
    assert beside("migrate").returncode == 0
    assert installation.is_ready()


def test_the_demo_prints_its_log_ins_and_they_open(installation: Installation) -> None:
    installation.start("--demo")
    log_ins = [line.split() for line in installation.printed if line.startswith("  ")]
    password = next(words[1] for words in log_ins if words[0] == "admin")
    request = urllib.request.Request(
        f"{installation.address}/v1/sessions",
        data=json.dumps({"username": "admin", "password": password}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 201
    except urllib.error.HTTPError as refusal:
        with refusal:
            pytest.fail(refusal.read().decode())
