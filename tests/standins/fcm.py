"""A stand-in for Firebase Cloud Messaging's HTTP v1 interface.

    python -m tests.standins.fcm --port 9099

It takes and refuses messages as FCM does (`fcm_messages.py`) and keeps what it took:

- `POST /v1/projects/{project}/messages:send`
- `POST /v1/projects/{project}/registrations/{token}/topicSubscriptions?topic_name=`, and `DELETE`
  with `/{topic}`; the older `POST /iid/v1:batchAdd`, `/iid/v1:batchRemove`: who subscribed to what
- `POST /token`: an OAuth access token, as a service account asks for one. A request that bears a
  token must bear one from here; `--require-token` refuses those that bear none.
- `GET /standin/messages?target=`: what was taken, oldest first, all of it or for one address
- `GET /standin/counts`: how many were taken, and how many answered with which error; and how many
  access tokens were given
- `GET /standin/ids`: how many different `data.id` were taken, and how many more were repeats
- `GET /standin/topics`: who subscribed to what
- `POST /standin/faults` `{"error": NAME, "times": 1, "target": …, "retry_after": s, "delay_s": s}`:
  answer the next messages (to one address, or to any) with an error of `fcm_refusals.py`, or late,
  or both
- `DELETE /standin/messages`, `DELETE /standin/faults`: begin anew

An address that begins with an error's word (`unregistered-…`, `mismatch-…`, `invalid-…`,
`thirdparty-…`, `quota-…`, `unavailable-…`, `internal-…`) always gets that error; one that begins
with `broken-` has its connection closed.

It speaks HTTP/1.1 (`fcm_http1.py`), or with `--tls CERTIFICATE KEY`, as FCM does, HTTP/2 over TLS
(`fcm_http2.py`); from one process either way, and more than 10,000 messages a second.
"""

import argparse
import asyncio
import re
import secrets
import signal
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
import uvloop

from smartcity.heap import keep_for_good
from smartcity.storage.processes import free_port
from tests.standins import fcm_http1, fcm_http2
from tests.standins.fcm_exchange import Answer, Request, in_json
from tests.standins.fcm_messages import target, violations
from tests.standins.fcm_quick import taken_at_a_glance
from tests.standins.fcm_refusals import (
    BROKEN,
    PREFIXES,
    REFUSALS,
    Fault,
    refused,
    refused_caller,
    refused_message,
)
from tests.standins.fcm_topics import Topics

SEND: Final = re.compile(r"/v1/projects/[^/]+/messages:send")
DONE: Final = Answer(204)

Route = Callable[[bytes, str], Answer]
"""What is answered to a body and a query."""


class Taken(msgspec.Struct, frozen=True):
    """A request that was taken; `http` is the version in which it came."""

    name: str
    target: str
    at: float
    http: str
    body: bytes


class FcmStandIn:
    """The server's state and its answers. `keep`: how many messages it remembers."""

    def __init__(self, *, require_token: bool = False, keep: int = 100_000) -> None:
        self._require_token = require_token
        self._tokens: set[str] = set()
        self._taken: deque[Taken] = deque(maxlen=keep)
        self._ids: set[str] = set()
        self._repeats = 0
        self._counts: Counter[str] = Counter()
        self._faults: list[Fault] = []
        self._topics = Topics()
        self._names = 0
        self._routes: dict[tuple[str, str], Route] = {
            ("POST", "/token"): self._token,
            ("POST", "/iid/v1:batchAdd"): lambda body, _: self._topics.add(body),
            ("POST", "/iid/v1:batchRemove"): lambda body, _: self._topics.remove(body),
            ("GET", "/standin/messages"): self._messages,
            ("GET", "/standin/counts"): lambda _body, _query: in_json(self._counts),
            ("GET", "/standin/ids"): self._told_ids,
            ("GET", "/standin/topics"): lambda _body, _query: in_json(self._topics.members()),
            ("POST", "/standin/faults"): self._add_fault,
            ("DELETE", "/standin/messages"): self._forget_messages,
            ("DELETE", "/standin/faults"): self._forget_faults,
        }

    async def answer(self, request: Request) -> Answer | None:
        if request.method == "POST" and SEND.fullmatch(request.path):
            return await self._send(request)
        route = self._routes.get((request.method, request.path))
        if route is not None:
            return route(request.body, request.query)
        topics = self._topics.one(request.method, request.path, request.query)
        return topics or Answer(404)

    # --- as FCM ----------------------------------------------------------------------------------

    async def _send(self, request: Request) -> Answer | None:
        if not self._authorized(request.authorization):
            self._counts["UNAUTHENTICATED"] += 1
            return refused_caller()
        message, only_checked = taken_at_a_glance(request.body), False
        if message is not None:
            address = message.fid or message.token or message.topic or ""
            name = message.data.get("id")
        else:
            asked = _decoded(request.body)
            if wrong := list(violations(asked)):
                self._counts["INVALID_ARGUMENT"] += 1
                return refused_message(wrong)
            address = target(asked["message"])
            name = _id(asked["message"])
            only_checked = bool(asked.get("validate_only"))
        error, retry_after = await self._fault(address)
        if error is None and only_checked:
            return in_json({"name": self._name(request.path)})
        if error is None:
            return self._take(request, address, name)
        self._counts[error] += 1
        return None if error == BROKEN else refused(error, retry_after)

    def _authorized(self, authorization: str) -> bool:
        kind, _, token = authorization.partition(" ")
        if not kind:
            return not self._require_token
        return kind == "Bearer" and token in self._tokens

    def _take(self, request: Request, address: str, message: str | None) -> Answer:
        name = self._name(request.path)
        self._counts["taken"] += 1
        self._taken.append(Taken(name, address, time.time(), request.http, request.body))
        if message is not None:
            self._repeats += message in self._ids
            self._ids.add(message)
        return Answer(200, b'{"name":"%b"}' % name.encode())

    def _name(self, path: str) -> str:
        self._names += 1
        return f"{path[4:-5]}/0:{self._names:016x}"

    async def _fault(self, address: str) -> tuple[str | None, str | int | None]:
        """What this message is to meet, after the wait that it is to have."""
        word, dash, _ = address.partition("-")
        if dash and (error := PREFIXES.get(word + dash)):
            return error, None
        for fault in self._faults:
            if fault.target in (None, address):
                fault.times -= 1
                if not fault.times:
                    self._faults.remove(fault)
                await asyncio.sleep(fault.delay_s)
                return fault.error, fault.retry_after
        return None, None

    def _token(self, body: bytes, _query: str) -> Answer:
        if not parse_qs(body.decode()).get("assertion"):
            return in_json({"error": "invalid_grant"}, 400)
        token = secrets.token_urlsafe()
        self._tokens.add(token)
        self._counts["tokens"] += 1
        return in_json({"access_token": token, "expires_in": 3600, "token_type": "Bearer"})

    # --- as a stand-in ---------------------------------------------------------------------------

    def _messages(self, _body: bytes, query: str) -> Answer:
        (wanted,) = parse_qs(query).get("target", [None])
        return in_json(
            [
                {
                    "name": one.name,
                    "target": one.target,
                    "at": one.at,
                    "http": one.http,
                    "message": _decoded(one.body)["message"],
                }
                for one in self._taken
                if wanted in (None, one.target)
            ]
        )

    def _told_ids(self, _body: bytes, _query: str) -> Answer:
        return in_json({"different": len(self._ids), "repeats": self._repeats})

    def _forget_messages(self, _body: bytes, _query: str) -> Answer:
        self._taken.clear()
        self._counts.clear()
        self._ids.clear()
        self._repeats = 0
        self._topics.clear()
        return DONE

    def _add_fault(self, body: bytes, _query: str) -> Answer:
        try:
            fault = msgspec.json.decode(body, type=Fault)
        except msgspec.DecodeError as error:
            return in_json(str(error), 400)
        if fault.error is not None and fault.error not in {*REFUSALS, BROKEN}:
            return in_json(f"one of {', '.join(REFUSALS)}, {BROKEN}", 400)
        self._faults.append(fault)
        return DONE

    def _forget_faults(self, _body: bytes, _query: str) -> Answer:
        self._faults.clear()
        return DONE


def _id(message: Any) -> str | None:
    data: dict[str, str] = message.get("data") or {}
    return data.get("id")


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None


async def serve(stand_in: FcmStandIn, host: str, port: int, tls: Sequence[Path]) -> None:
    """Serve until told to stop by a signal; port 0 takes a free one. Prints the address once it
    listens. `tls`: a certificate and its key, or nothing.
    """
    port = free_port(host, port) or port
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    server = (
        fcm_http2.listening(stand_in.answer, host, port, *tls)
        if tls
        else fcm_http1.listening(stand_in.answer, host, port)
    )
    async with server:
        keep_for_good()
        sys.stdout.write(f"listening {'https' if tls else 'http'}://{host}:{port}\n")
        sys.stdout.flush()
        await stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for Firebase Cloud Messaging.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9099, help="0 takes a free one")
    parser.add_argument("--keep", type=int, default=100_000, help="how many messages to remember")
    parser.add_argument("--require-token", action="store_true")
    parser.add_argument("--tls", type=Path, nargs=2, default=(), metavar=("CERTIFICATE", "KEY"))
    options = parser.parse_args()
    stand_in = FcmStandIn(require_token=options.require_token, keep=options.keep)
    uvloop.run(serve(stand_in, options.host, options.port, options.tls))


if __name__ == "__main__":
    main()
