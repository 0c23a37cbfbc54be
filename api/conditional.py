"""Answers `If-None-Match` with 304: an answer is sent once, however often it is asked for.

Every whole answer to a GET gets a strong ETag of its bytes, unless the handler named a better one.
"""

import hashlib
from typing import Final

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

_CONDITIONAL: Final = b"if-none-match"
_OF_THE_BODY: Final = frozenset({b"content-length", b"content-type"})


class ConditionalRequests(ASGIMiddleware):
    """Holds an answer's head back until its body is known; streams pass through untouched."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "GET":
            await next_app(scope, receive, send)
            return
        asked = next((v for k, v in scope["headers"] if k == _CONDITIONAL), b"")
        head: HTTPResponseStartEvent | None = None

        async def answer(message: Message) -> None:
            nonlocal head
            if message["type"] == "http.response.start" and message["status"] == 200:
                head = message
                return
            if message["type"] == "http.response.body" and head is not None:
                whole = not message.get("more_body", False)
                start, head = head, None
                if whole and _is_known(start, message["body"], asked):
                    await send({**start, "status": 304})
                    await send({**message, "body": b""})
                    return
                await send(start)
            await send(message)

        await next_app(scope, receive, answer)


def _is_known(head: HTTPResponseStartEvent, body: bytes, asked: bytes) -> bool:
    """Name the answer, and tell whether the caller has it already."""
    headers = list(head["headers"])
    etag = next((value for name, value in headers if name == b"etag"), None)
    if etag is None:
        etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'.encode()
        headers.append((b"etag", etag))
    known = bool(asked) and _names(asked, etag)
    if known:
        headers = [(name, value) for name, value in headers if name not in _OF_THE_BODY]
    head["headers"] = headers
    return known


def _names(asked: bytes, etag: bytes) -> bool:
    named = {name.strip().removeprefix(b"W/") for name in asked.split(b",")}
    return etag in named or b"*" in named
