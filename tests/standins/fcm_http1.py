"""The stand-in for FCM over plain HTTP/1.1.

A request costs next to nothing here, so that what is measured beside it is the sender: one thread
reads, answers and writes.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import cast

import httptools

from tests.standins.fcm_exchange import CUT_OFF, JSON, WAITING, Answer, Answering, Request


@asynccontextmanager
async def listening(answering: Answering, host: str, port: int) -> AsyncGenerator[None]:
    """It takes requests for as long as this lasts."""
    loop = asyncio.get_running_loop()
    async with await loop.create_server(
        lambda: _Connection(answering), host, port, backlog=WAITING
    ):
        yield


class _Connection(asyncio.Protocol):
    """A client asks on it again when it was answered; `on_…` is what the parser tells."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._parser = httptools.HttpRequestParser(self)
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    def on_message_begin(self) -> None:
        self._url = self._body = b""
        self._authorization = ""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"authorization":
            self._authorization = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        path, _, query = self._url.decode("latin-1").partition("?")
        request = Request(
            self._parser.get_method().decode(),
            path,
            query,
            self._authorization,
            self._parser.get_http_version(),
            self._body,
        )
        task = self._loop.create_task(self._answer(request, self._parser.should_keep_alive()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: Request, keep: bool) -> None:
        told = await self._answering(request)
        answer = told or CUT_OFF
        length = len(answer.body) + (told is None)
        self._transport.write(_head(answer, length) + answer.body)
        if told is None or not keep:
            self._transport.close()


def _head(answer: Answer, length: int) -> bytes:
    headers = "".join(f"{name}: {value}\r\n" for name, value in (JSON, *answer.headers))
    return (
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
        f"content-length: {length}\r\n{headers}\r\n"
    ).encode("latin-1")
