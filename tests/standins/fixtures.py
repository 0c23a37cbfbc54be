"""The stand-ins as fixtures: one process each for the whole run, emptied before each test."""

import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from smartcity.settings import PROJECT
from tests.standins.sms import gateway_file
from tests.standins.smtp import Mail


class Fcm:
    """The FCM stand-in as a test sees it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url)

    def messages(self, target: str | None = None) -> list[dict[str, Any]]:
        """What it took, oldest first: `name`, `target`, `at`, `http` and the `message` itself."""
        return self._http.get("/standin/messages", params=_given(target=target)).json()

    def counts(self) -> dict[str, int]:
        """How many it took, under `taken`, how many met which error, and how many access `tokens`
        it gave.
        """
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


class SmsGateway:
    """The stand-in for a gateway of text messages as a test sees it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url)

    def messages(self) -> list[dict[str, str]]:
        """What it sent to phones, oldest first: `to`, `from`, `text` and `request_id`."""
        return self._http.get("/standin/messages").json()

    def attempts(self) -> list[str]:
        """The id of each request that came in."""
        return self._http.get("/standin/attempts").json()

    def fault(self, fault: str, **more: Any) -> None:
        """What the next requests meet: `times`, `to`, `retry_after`, `delay_s`."""
        self._http.post("/standin/faults", json={"fault": fault} | more).raise_for_status()

    def file(self, folder: Path, *changes: tuple[str, str]) -> str:
        """Where it is described for SmartCity; each change is of words that stand there."""
        text = gateway_file(self.url)
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        path = folder / "sms.toml"
        path.write_text(text, "utf-8")
        return str(path)

    def clear(self) -> None:
        self._http.delete("/standin").raise_for_status()

    def close(self) -> None:
        self._http.close()


@contextmanager
def _listening(module: str, *words: str) -> Generator[str]:
    """The address of a stand-in's process, which ends with this."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--port", "0", *words],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None, "it is a pipe"
        word, url = process.stdout.readline().split()
        assert word == "listening"
        yield url
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def running_fcm(*words: str) -> Generator[Fcm]:
    """A stand-in for FCM in a process of its own."""
    with _listening("tests.standins.fcm", *words) as url:
        fcm = Fcm(url)
        yield fcm
        fcm.close()


@pytest.fixture(scope="session")
def fcm_process() -> Iterator[Fcm]:
    with running_fcm() as fcm:
        yield fcm


@pytest.fixture(scope="session")
def sms_process() -> Iterator[SmsGateway]:
    with _listening("tests.standins.sms") as url:
        gateway = SmsGateway(url)
        yield gateway
        gateway.close()


@pytest.fixture
def sms(sms_process: SmsGateway) -> SmsGateway:
    """A stand-in for a gateway that has sent nothing yet."""
    sms_process.clear()
    return sms_process


@pytest.fixture
def fcm(fcm_process: Fcm) -> Fcm:
    """A stand-in for FCM that has taken nothing yet."""
    fcm_process.clear()
    return fcm_process


class Smtp:
    """The SMTP stand-in as a test sees it."""

    def __init__(self, addresses: dict[str, Any], authority: Path) -> None:
        self._ports = addresses
        self.authority = authority
        self._http = httpx.Client(base_url=addresses["inspect"])

    def url(self, kind: str = "plain", log_in: str = "") -> str:
        """What the setting `smtp_url` names: `plain`, `starttls` or `tls`."""
        scheme = {"plain": "smtp+plain", "starttls": "smtp", "tls": "smtps"}[kind]
        return f"{scheme}://{log_in}127.0.0.1:{self._ports[kind]}"

    def mails(self, recipient: str | None = None) -> list[Mail]:
        """What it took, oldest first."""
        taken = msgspec.convert(self._http.get("/mails").json(), list[Mail])
        return [mail for mail in taken if recipient in (None, mail.recipient)]

    def refused(self) -> list[str]:
        """What it answered instead of taking one."""
        return self._http.get("/refused").json()

    def fault(self, step: str, answer: str = "", **more: Any) -> None:
        """What the next mails meet (`tests.standins.smtp.Fault`)."""
        fault = {"step": step, "answer": answer, **more}
        self._http.post("/faults", json=fault).raise_for_status()

    def log_ins(self, *, allowed: bool) -> None:
        self._http.post("/log-ins", json=allowed).raise_for_status()

    def clear(self) -> None:
        self._http.delete("/").raise_for_status()

    def close(self) -> None:
        self._http.close()


@pytest.fixture(scope="session")
def smtp_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Smtp]:
    folder = tmp_path_factory.mktemp("smtp")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.standins.smtp", "--folder", str(folder)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None, "it is a pipe"
        smtp = Smtp(msgspec.json.decode(process.stdout.readline()), folder / "ca.pem")
        yield smtp
        smtp.close()
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture
def smtp(smtp_process: Smtp) -> Smtp:
    """A stand-in for an SMTP server that has taken nothing yet."""
    smtp_process.clear()
    return smtp_process


def _given(**parameters: str | None) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if value is not None}
