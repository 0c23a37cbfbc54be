"""People at their phones and desks: they ask again when nobody answers, as apps do."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID, uuid4

import httpx

from smartcity.settings import PREFIX
from tests.faults.installations import Installation

Json = dict[str, Any]

PATIENCE_S: Final = 40.0
PAUSE_S: Final = 0.2
PASSWORD: Final = "correct horse battery staple"


class Caller:
    """Somebody with a connection of their own, and a token if they have one."""

    def __init__(self, http: httpx.AsyncClient, token: str | None = None) -> None:
        self.http = http
        self.unanswered = 0
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **given: Any
    ) -> httpx.Response:
        """An answer, however often it takes; the same request, so a key in it makes one of all."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    answer = await self.http.request(
                        method, path, headers={**self._headers, **(headers or {})}, **given
                    )
                except httpx.TransportError:
                    pass  # the process died before or after it did what was asked
                else:
                    if answer.status_code != 503:
                        return answer
                    assert "Retry-After" in answer.headers
                self.unanswered += 1
                await asyncio.sleep(PAUSE_S)

    async def get(self, path: str, **params: Any) -> Json:
        answer = await self.ask("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def submit(self, report: Json) -> Json:
        """The receipt. 200 instead of 201: an earlier try had succeeded, and nobody had said so."""
        key = {"Idempotency-Key": uuid4().hex}
        answer = await self.ask("POST", "/v1/reports", key, json=report)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    async def act(self, report: str, version: int, **step: Any) -> Json:
        """Take a step on the report as last seen; the report after it."""
        headers = {"Idempotency-Key": uuid4().hex, "If-Match": f'"{version}"'}
        answer = await self.ask("POST", f"/v1/reports/{report}/actions", headers, json=step)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def inbox(self) -> list[Json]:
        """Everything they were told, oldest first."""
        items: list[Json] = []
        cursor: Json = {}
        while True:
            page = await self.get("/v1/me/notifications", limit=100, **cursor)
            items += page["items"]
            if "next_cursor" not in page:
                return items[::-1]
            cursor = {"cursor": page["next_cursor"]}


class Phone(Caller):
    """A registered device, whose pushes go to `push_address`."""

    def __init__(self, http: httpx.AsyncClient, registered: Json, push_address: str) -> None:
        super().__init__(http, registered["token"])
        self.id = UUID(registered["id"])
        self.push_address = push_address


@asynccontextmanager
async def phone(installation: Installation) -> AsyncGenerator[Phone]:
    address = f"phone-{uuid4().hex[:8]}"
    device = {
        "platform": "android",
        "language": "vi",
        "push": {"kind": "token", "value": address},
    }
    async with _connection(installation) as http:
        answer = await Caller(http).ask("POST", "/v1/devices", json=device)
        assert answer.status_code == 201, answer.text
        yield Phone(http, answer.json(), address)


@asynccontextmanager
async def handler(installation: Installation, agency: str) -> AsyncGenerator[Caller]:
    """Somebody who works for the agency, and is logged in."""
    async with staff(installation, "handler", agency) as caller:
        yield caller


@asynccontextmanager
async def staff(
    installation: Installation, role: str, agency: str | None = None
) -> AsyncGenerator[Caller]:
    """Somebody who has a role, in the agency if it is one of an agency, and is logged in."""
    name = f"{role}-{uuid4().hex[:8]}"
    of = ("--agency", agency) if agency else ()
    words = ("staff", "add", name, "--role", role, *of)
    await installation.command(*words, **{f"{PREFIX}PASSWORD": PASSWORD})
    async with _connection(installation) as http:
        log_in = {"username": name, "password": PASSWORD}
        answer = await Caller(http).ask("POST", "/v1/sessions", json=log_in)
        assert answer.status_code == 201, answer.text
        http.cookies.clear()
        yield Caller(http, answer.json()["token"])


@asynccontextmanager
async def stranger(installation: Installation) -> AsyncGenerator[Caller]:
    """Anybody, without a token."""
    async with _connection(installation) as http:
        yield Caller(http)


def _connection(installation: Installation) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=installation.address, timeout=20)
