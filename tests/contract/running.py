"""The API as it really runs: `smartcity serve` in a process of its own, on the tests' database."""

import os
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx

from smartcity.settings import PROJECT
from smartcity.storage.processes import free_port

COMMAND: Final = (sys.executable, "-m", "smartcity.cli")
PASSWORD: Final = "correct horse battery staple"
START_S: Final = 30
STOP_S: Final = 15


class Running:
    """Where it listens, and how tests change what stands behind it."""

    def __init__(self, address: str, environment: Mapping[str, str]) -> None:
        self.address = address
        self._environment = environment

    def device(self) -> str:
        """A new device's token."""
        given = {"platform": "android", "language": "vi"}
        return self._token("/v1/devices", given)

    def staff(self, role: str, agency: str | None = None) -> str:
        """The token of a new account's session."""
        of_agency = ["--agency", agency] if agency else []
        self.command("staff", "add", role, "--role", role, *of_agency)
        return self._token("/v1/sessions", {"username": role, "password": PASSWORD})

    def command(self, *words: str) -> None:
        subprocess.run([*COMMAND, *words], env=self._environment, check=True, capture_output=True)

    def _token(self, path: str, given: Mapping[str, str]) -> str:
        answer = httpx.post(f"{self.address}{path}", json=given)
        assert answer.status_code == 201, answer.text
        return answer.json()["token"]


@contextmanager
def running(mongo_uri: str, folder: Path) -> Generator[Running]:
    """Hanoi's API with an empty database, ready, for as long as this lasts."""
    host = "127.0.0.1"
    port = free_port(host, 0)
    environment = os.environ | {
        "SMARTCITY_MONGO_URI": mongo_uri,
        "SMARTCITY_MONGO_DATABASE": f"running_{uuid4().hex[:12]}",
        "SMARTCITY_DATA_DIR": str(folder),
        "SMARTCITY_CITY": str(PROJECT / "config" / "hanoi"),
        "SMARTCITY_HOST": host,
        "SMARTCITY_PORT": str(port),
        "SMARTCITY_RATE_LIMITS": "off",
        "SMARTCITY_PASSWORD": PASSWORD,
    }
    found = Running(f"http://{host}:{port}", environment)
    found.command("migrate")
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(
            [*COMMAND, "serve"], env=environment, stdout=said, stderr=subprocess.STDOUT
        )
    try:
        _wait(process, found.address, folder / "said")
        yield found
    finally:
        process.terminate()
        process.wait(STOP_S)


def _wait(process: subprocess.Popen[bytes], address: str, said: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{address}/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"it does not become ready:\n{said.read_text()}")
