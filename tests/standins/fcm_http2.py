"""The stand-in for FCM over HTTP/2 and TLS, as FCM has them, served by Granian."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol

from granian.constants import Interfaces
from granian.http import HTTP2Settings
from granian.rsgi import Scope
from granian.server.embed import Server

from tests.standins.fcm_exchange import CUT_OFF, JSON, WAITING, Answering, Request

REQUESTS_AT_ONCE: Final = 100
"""So many FCM takes on one connection."""


class Transport(Protocol):
    async def send_bytes(self, data: bytes, /) -> None: ...


class Exchange(Protocol):
    """Granian's side of a request, as far as it is used here."""

    async def __call__(self) -> bytes: ...
    def response_bytes(
        self, status: int, headers: list[tuple[str, str]], body: bytes, /
    ) -> None: ...
    def response_stream(self, status: int, headers: list[tuple[str, str]], /) -> Transport: ...


@asynccontextmanager
async def listening(
    answering: Answering, host: str, port: int, certificate: Path, key: Path
) -> AsyncGenerator[None]:
    """It takes requests for as long as this lasts."""
    server = Server(
        _application(answering), host, port, interface=Interfaces.RSGI, websockets=False,
        backlog=WAITING, backpressure=WAITING, log_enabled=False, ssl_cert=certificate, ssl_key=key,
        http2_settings=HTTP2Settings(max_concurrent_streams=REQUESTS_AT_ONCE),
    )  # fmt: skip
    serving = asyncio.ensure_future(server.serve())
    try:
        while not serving.done() and not await _somebody_listens(host, port):
            await asyncio.sleep(0.02)
        yield
    finally:
        server.stop()
        await serving


async def _somebody_listens(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


def _application(answering: Answering) -> Callable[[Scope, Exchange], Awaitable[None]]:
    async def serve(scope: Scope, exchange: Exchange) -> None:
        request = Request(
            scope.method,
            scope.path,
            scope.query_string,
            scope.headers.get("authorization") or "",
            scope.http_version,
            await exchange(),
        )
        answer = await answering(request)
        if answer is None:
            promised = [("content-length", f"{len(CUT_OFF.body) + 1}")]
            await exchange.response_stream(CUT_OFF.status, promised).send_bytes(CUT_OFF.body)
        else:
            exchange.response_bytes(answer.status, [JSON, *answer.headers], answer.body)

    return serve
