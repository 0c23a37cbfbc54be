"""The way to receivers that are slow, odd or unwilling."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from threading import Event
from typing import Any

import pytest

from smartcity.webhooks.destinations import networks_of
from smartcity.webhooks.posting import Doors, NotTaken, open_doors

pytestmark = pytest.mark.anyio

LOOPBACK = networks_of("127.0.0.0/8")


@asynccontextmanager
async def answering(answer: bytes, slow: bytes = b"/slow") -> AsyncGenerator[str]:
    """A host that answers every request with these bytes, and none whose path is slow."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if slow not in await reader.readuntil(b"\r\n\r\n"):
                writer.write(answer)
                await writer.drain()
            await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}"


async def post(doors: Doors, url: str) -> None:
    await doors.post(url, b"{}", {"webhook-id": "one"})


async def test_systems_behind_one_address_hold_up_each_other_no_more_than_those_apart() -> None:
    async with answering(b"HTTP/1.1 204 No Content\r\n\r\n") as host, open_doors(LOOPBACK) as doors:
        slow = [asyncio.create_task(post(doors, f"{host}/slow/{number}")) for number in range(5)]
        await asyncio.sleep(0.1)
        async with asyncio.timeout(5):
            await post(doors, f"{host}/quick")
        for one in slow:
            one.cancel()
        await asyncio.gather(*slow, return_exceptions=True)


async def test_a_name_server_that_does_not_answer_holds_up_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answered, look_up = Event(), socket.getaddrinfo

    def late(host: Any, *given: Any, **more: Any) -> Any:
        if host == "late.example":
            answered.wait(20)
        return look_up("127.0.0.1", *given, **more)

    monkeypatch.setattr(socket, "getaddrinfo", late)
    async with answering(b"HTTP/1.1 204 No Content\r\n\r\n") as host, open_doors(LOOPBACK) as doors:
        slow = [asyncio.create_task(post(doors, "http://late.example/")) for _ in range(40)]
        try:
            await asyncio.sleep(0.1)
            async with asyncio.timeout(5):
                await asyncio.to_thread(bool)
                await post(doors, host.replace("127.0.0.1", "quick.example"))
        finally:
            answered.set()
            await asyncio.gather(*slow, return_exceptions=True)


async def test_what_a_receiver_says_is_not_unpacked() -> None:
    """A small answer could be a very large one."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnone"
    async with answering(answer) as host, open_doors(LOOPBACK) as doors:
        await post(doors, host)


async def test_why_a_message_was_not_taken_names_no_secret_of_the_address() -> None:
    async with answering(b"gibberish\r\n\r\n") as host, open_doors(LOOPBACK) as doors:
        with pytest.raises(NotTaken) as refused:
            await post(doors, f"{host}/hook?token=s3cret")
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".example", "xn--a"])
async def test_a_name_that_no_name_server_can_be_asked_for_is_not_taken(host: str) -> None:
    async with open_doors(LOOPBACK) as doors:
        with pytest.raises(NotTaken):
            await post(doors, f"https://{host}/")


async def test_why_a_message_was_not_taken_is_told_without_the_systems_numbers() -> None:
    async with open_doors(()) as doors:
        with pytest.raises(NotTaken) as refused:
            await post(doors, "https://127.0.0.1/")
    assert str(refused.value) == "Refused: 127.0.0.1 is an address that no webhook may reach"
