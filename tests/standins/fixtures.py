"""The stand-ins as fixtures: one process each for the whole run, emptied before each test."""

import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from smartcity.settings import PROJECT


class Fcm:
    """The FCM stand-in as a test sees it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url)

    def messages(self, target: str | None = None) -> list[dict[str, Any]]:
        """What it took, oldest first: `name`, `target`, `at`, `http` and the `message` itself."""
        return self._http.get("/standin/messages", params=_given(target=target)).json()

    def counts(self) -> dict[str, int]:
        """How many it took, under `taken`, and how many met which error."""
        return self._http.get("/standin/counts").json()

    def ids(self) -> dict[str, int]:
        """How many different notifications it took, and how many repeats of them."""
        return self._http.get("/standin/ids").json()

    def topics(self) -> dict[str, list[str]]:
        """Who subscribed to what."""
        return self._http.get("/standin/topics").json()

    def membership(self, operation: str, topic: str, tokens: list[str]) -> httpx.Response:
        """`batchAdd` or `batchRemove`."""
        asked = {"to": f"/topics/{topic}", "registration_tokens": tokens}
        return self._http.post(f"/iid/v1:{operation}", json=asked)

    def fault(self, **fault: Any) -> None:
        """What the next messages meet: `error`, `times`, `target`, `retry_after`, `delay_s`."""
        self._http.post("/standin/faults", json=fault).raise_for_status()

    def post(self, body: Any, headers: dict[str, str] | None = None) -> httpx.Response:
        """Send a request's body as it is."""
        return self._http.post("/v1/projects/test/messages:send", json=body, headers=headers)

    def clear(self) -> None:
        self._http.delete("/standin/messages").raise_for_status()
        self._http.delete("/standin/faults").raise_for_status()

    def close(self) -> None:
        self._http.close()


@contextmanager
def running_fcm(*words: str) -> Generator[Fcm]:
    """A stand-in for FCM in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.standins.fcm", "--port", "0", *words],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None, "it is a pipe"
        word, url = process.stdout.readline().split()
        assert word == "listening"
        fcm = Fcm(url)
        yield fcm
        fcm.close()
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture(scope="session")
def fcm_process() -> Iterator[Fcm]:
    with running_fcm() as fcm:
        yield fcm


@pytest.fixture
def fcm(fcm_process: Fcm) -> Fcm:
    """A stand-in for FCM that has taken nothing yet."""
    fcm_process.clear()
    return fcm_process


def _given(**parameters: str | None) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if value is not None}
