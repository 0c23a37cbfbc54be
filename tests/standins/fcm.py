"""A stand-in for Firebase Cloud Messaging's HTTP v1 interface.

    python -m tests.standins.fcm --port 9099

It takes and refuses messages as FCM does (`fcm_messages.py`) and keeps what it took:

- `POST /v1/projects/{project}/messages:send`
- `POST /token`: an OAuth access token, as a service account asks for one. A request that bears a
  token must bear one from here; `--require-token` refuses those that bear none.
- `GET /standin/messages?target=`: what was taken, oldest first, all of it or for one address
- `GET /standin/counts`: how many were taken, and how many answered with which error
- `POST /standin/faults` `{"error": CODE, "times": 1, "target": …, "retry_after": s, "delay_s": s}`:
  answer the next messages (to one address, or to any) with an error, or late, or both
- `DELETE /standin/messages`, `DELETE /standin/faults`: begin anew

An address that begins with an error's word (`unregistered-…`, `mismatch-…`, `invalid-…`,
`thirdparty-…`, `quota-…`, `unavailable-…`, `internal-…`) always gets that error; one that begins
with `broken-` has its connection closed.
"""

import argparse
import asyncio
import contextlib
import secrets
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from aiohttp import web

from tests.standins.fcm_messages import Violation, target, violations

FCM_ERROR: Final = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"
BROKEN: Final = "BROKEN"


@dataclass(frozen=True)
class Refusal:
    """One of FCM's errors."""

    code: int
    status: str
    message: str


REFUSALS: Final = {
    "UNREGISTERED": Refusal(404, "NOT_FOUND", "Requested entity was not found."),
    "SENDER_ID_MISMATCH": Refusal(403, "PERMISSION_DENIED", "SenderId mismatch"),
    "INVALID_ARGUMENT": Refusal(
        400, "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token"
    ),
    "THIRD_PARTY_AUTH_ERROR": Refusal(
        401, "UNAUTHENTICATED", "Auth error from APNS or Web Push Service"
    ),
    "QUOTA_EXCEEDED": Refusal(
        429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Sending requests'."
    ),
    "UNAVAILABLE": Refusal(503, "UNAVAILABLE", "The service is currently unavailable."),
    "INTERNAL": Refusal(500, "INTERNAL", "Internal error encountered."),
}

PREFIXES: Final = {
    "unregistered-": "UNREGISTERED",
    "mismatch-": "SENDER_ID_MISMATCH",
    "invalid-": "INVALID_ARGUMENT",
    "thirdparty-": "THIRD_PARTY_AUTH_ERROR",
    "quota-": "QUOTA_EXCEEDED",
    "unavailable-": "UNAVAILABLE",
    "internal-": "INTERNAL",
    "broken-": BROKEN,
}


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the next messages meet."""

    error: str | None = None
    times: int = 1
    target: str | None = None
    retry_after: str | int | None = None
    delay_s: float = 0.0


@dataclass(frozen=True)
class Taken:
    """A message that was taken."""

    name: str
    target: str
    at: float
    message: dict[str, Any]


class FcmStandIn:
    """The server's state and its answers. `keep`: how many messages it remembers."""

    def __init__(self, *, require_token: bool = False, keep: int = 100_000) -> None:
        self._require_token = require_token
        self._tokens: set[str] = set()
        self._taken: deque[Taken] = deque(maxlen=keep)
        self._counts: Counter[str] = Counter()
        self._faults: list[Fault] = []

    def application(self) -> web.Application:
        application = web.Application(client_max_size=64 * 1024)
        application.add_routes(
            [
                web.post("/v1/projects/{project}/messages:send", self.send),
                web.post("/token", self.token),
                web.get("/standin/messages", self.messages),
                web.delete("/standin/messages", self.forget_messages),
                web.get("/standin/counts", self.counts),
                web.post("/standin/faults", self.add_fault),
                web.delete("/standin/faults", self.forget_faults),
            ]
        )
        return application

    # --- as FCM ----------------------------------------------------------------------------------

    async def send(self, request: web.Request) -> web.Response:
        if not self._authorized(request):
            return self._refuse_caller()
        try:
            body: Any = msgspec.json.decode(await request.read())
        except msgspec.DecodeError:
            body = None
        if wrong := list(violations(body)):
            return self._refuse_message(wrong)
        address = target(body["message"])
        error, retry_after = await self._fault(address)
        if error == BROKEN:
            assert request.transport is not None, "somebody is connected"
            self._counts[BROKEN] += 1
            request.transport.close()
            return web.Response()
        if error is not None:
            return self._refuse(error, retry_after)
        return self._take(request.match_info["project"], address, body)

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if not form.get("assertion"):
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = secrets.token_urlsafe()
        self._tokens.add(token)
        return web.json_response(
            {"access_token": token, "expires_in": 3600, "token_type": "Bearer"}
        )

    def _authorized(self, request: web.Request) -> bool:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if not kind:
            return not self._require_token
        return kind == "Bearer" and token in self._tokens

    def _take(self, project: str, address: str, body: dict[str, Any]) -> web.Response:
        name = f"projects/{project}/messages/0:{time.time_ns() // 1000}%{secrets.token_hex(8)}"
        if not body.get("validate_only"):
            self._counts["taken"] += 1
            self._taken.append(Taken(name, address, time.time(), body["message"]))
        return web.json_response({"name": name})

    async def _fault(self, address: str) -> tuple[str | None, str | int | None]:
        """What this message is to meet, after the wait that it is to have."""
        for prefix, error in PREFIXES.items():
            if address.startswith(prefix):
                return error, None
        for fault in self._faults:
            if fault.target in (None, address):
                fault.times -= 1
                if not fault.times:
                    self._faults.remove(fault)
                await asyncio.sleep(fault.delay_s)
                return fault.error, fault.retry_after
        return None, None

    # --- errors, in FCM's form -------------------------------------------------------------------

    def _refuse(self, code: str, retry_after: str | int | None) -> web.Response:
        refusal = REFUSALS[code]
        self._counts[code] += 1
        return web.json_response(
            _error(refusal, [{"@type": FCM_ERROR, "errorCode": code}]),
            status=refusal.code,
            headers={} if retry_after is None else {"Retry-After": str(retry_after)},
        )

    def _refuse_message(self, wrong: list[Violation]) -> web.Response:
        self._counts["INVALID_ARGUMENT"] += 1
        fields = [{"field": one.field, "description": one.description} for one in wrong]
        details: list[dict[str, Any]] = [{"@type": BAD_REQUEST, "fieldViolations": fields}]
        if wrong[0].by_fcm:
            details.insert(0, {"@type": FCM_ERROR, "errorCode": "INVALID_ARGUMENT"})
        refusal = Refusal(400, "INVALID_ARGUMENT", wrong[0].description)
        return web.json_response(_error(refusal, details), status=400)

    def _refuse_caller(self) -> web.Response:
        self._counts["UNAUTHENTICATED"] += 1
        refusal = Refusal(
            401,
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, "
            "login cookie or other valid authentication credential.",
        )
        return web.json_response(_error(refusal, []), status=401)

    # --- as a stand-in ---------------------------------------------------------------------------

    async def messages(self, request: web.Request) -> web.Response:
        wanted = request.query.get("target") or request.query.get("token")
        found = [one for one in self._taken if wanted in (None, one.target)]
        return web.Response(body=msgspec.json.encode(found), content_type="application/json")

    async def forget_messages(self, _request: web.Request) -> web.Response:
        self._taken.clear()
        self._counts.clear()
        return web.Response(status=204)

    async def counts(self, _request: web.Request) -> web.Response:
        return web.json_response(self._counts)

    async def add_fault(self, request: web.Request) -> web.Response:
        try:
            fault = msgspec.json.decode(await request.read(), type=Fault)
        except msgspec.DecodeError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        if fault.error is not None and fault.error not in {*REFUSALS, BROKEN}:
            raise web.HTTPBadRequest(text=f"one of {', '.join(REFUSALS)}, {BROKEN}")
        self._faults.append(fault)
        return web.Response(status=204)

    async def forget_faults(self, _request: web.Request) -> web.Response:
        self._faults.clear()
        return web.Response(status=204)


def _error(refusal: Refusal, details: list[dict[str, Any]]) -> dict[str, Any]:
    error: dict[str, Any] = {
        "code": refusal.code,
        "message": refusal.message,
        "status": refusal.status,
    }
    return {"error": error | ({"details": details} if details else {})}


async def serve(stand_in: FcmStandIn, host: str, port: int) -> None:
    """Serve until cancelled; port 0 takes a free one. Prints the address once it listens."""
    runner = web.AppRunner(stand_in.application(), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        address = runner.addresses[0]
        sys.stdout.write(f"listening http://{address[0]}:{address[1]}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for Firebase Cloud Messaging.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9099, help="0 takes a free one")
    parser.add_argument("--keep", type=int, default=100_000, help="how many messages to remember")
    parser.add_argument("--require-token", action="store_true")
    options = parser.parse_args()
    stand_in = FcmStandIn(require_token=options.require_token, keep=options.keep)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(stand_in, options.host, options.port))


if __name__ == "__main__":
    main()
