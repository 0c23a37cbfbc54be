"""A system of the city's that receives webhooks, and may be slow, away or unwilling."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web


class Received(msgspec.Struct, frozen=True):
    """One message that came in, with what it was answered."""

    headers: Mapping[str, str]
    body: bytes
    status: int

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def message(self) -> dict[str, Any]:
        return msgspec.json.decode(self.body)


class Receiver:
    """`answers` are given one after the other, then 204 to everything."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: list[int] = []
        self.headers: dict[str, str] = {}
        self.delay_s = 0.0
        self.url = ""

    @property
    def taken(self) -> list[Received]:
        return [one for one in self.received if one.status < 300]

    def types(self) -> list[str]:
        return [one.message["type"] for one in self.taken]

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        await asyncio.sleep(self.delay_s)
        status = self.answers.pop(0) if self.answers else 204
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(headers, body, status))
        return web.Response(status=status, headers=self.headers)


@asynccontextmanager
async def receiver() -> AsyncGenerator[Receiver]:
    """One that listens on the loopback."""
    stand_in = Receiver()
    application = web.Application()
    application.router.add_post("/{path:.*}", stand_in.take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        stand_in.url = f"http://{host}:{port}/hook"
        yield stand_in
    finally:
        await runner.cleanup()
