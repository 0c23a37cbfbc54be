"""A stand-in for a gateway of text messages: a process that takes them, and has faults on demand.

It answers as such gateways do: `200` whatever became of a message, and in the JSON a code that says
what did. A message under an id that it took already is answered well and not sent again.

    POST /send               {"to", "from", "text", "request_id"}, with the key as bearer
    GET  /standin/messages   what was sent, oldest first
    GET  /standin/attempts   how many requests came in
    POST /standin/faults     {"fault", "times", "to"?, "retry_after"?, "delay_s"?}
    DELETE /standin          forget all of it
"""

import argparse
import asyncio
import sys
from typing import Any, Final, Literal

import msgspec
from aiohttp import web

KEY: Final = "the gateway's key"

TAKEN: Final = "100"
REFUSED: Final = "99"
INVALID_NUMBER: Final = "104"
"""Codes of its answers."""

Kind = Literal["busy", "broken", "invalid_number", "slow", "closed", "taken_and_closed"]


class Fault(msgspec.Struct):
    """What the next requests meet, all or those to a number. `closed` hangs up before anything
    was done, `taken_and_closed` after.
    """

    fault: Kind
    times: int = 1
    to: str | None = None
    retry_after: str | None = None
    delay_s: float = 0.0


class Message(msgspec.Struct, forbid_unknown_fields=True):
    to: str
    sender: str = msgspec.field(name="from")
    text: str
    request_id: str


class StandIn:
    def __init__(self) -> None:
        self.sent: dict[str, Message] = {}
        self.attempts: list[str] = []
        self.faults: list[Fault] = []

    def application(self) -> web.Application:
        application = web.Application()
        application.add_routes(
            [
                web.post("/send", self.send),
                web.get("/standin/messages", self.messages),
                web.get("/standin/attempts", self.tried),
                web.post("/standin/faults", self.meet),
                web.delete("/standin", self.forget),
            ]
        )
        return application

    async def send(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.Response(status=401)
        try:
            message = msgspec.json.decode(await request.read(), type=Message)
        except msgspec.ValidationError as error:
            return _answer(REFUSED, str(error))
        self.attempts.append(message.request_id)
        fault = self._fault(message.to)
        if fault is not None and (answer := await self._met(fault, message, request)):
            return answer
        self._take(message)
        if fault is not None and fault.fault == "taken_and_closed":
            return _hang_up(request)
        return _answer(TAKEN, "ok")

    async def _met(
        self, fault: Fault, message: Message, request: web.Request
    ) -> web.Response | None:
        headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
        await asyncio.sleep(fault.delay_s)
        match fault.fault:
            case "busy":
                return web.Response(status=429, headers=headers)
            case "broken":
                return web.Response(status=500, headers=headers)
            case "invalid_number":
                return _answer(INVALID_NUMBER, f"{message.to} is no number")
            case "closed":
                return _hang_up(request)
            case "slow" | "taken_and_closed":
                return None

    def _fault(self, to: str) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and fault.to in (None, to):
                fault.times -= 1
                return fault
        return None

    def _take(self, message: Message) -> None:
        self.sent.setdefault(message.request_id, message)

    async def messages(self, request: web.Request) -> web.Response:
        return _json(list(self.sent.values()))

    async def tried(self, request: web.Request) -> web.Response:
        return _json(self.attempts)

    async def meet(self, request: web.Request) -> web.Response:
        self.faults.append(msgspec.json.decode(await request.read(), type=Fault))
        return web.Response(status=204)

    async def forget(self, request: web.Request) -> web.Response:
        self.sent.clear()
        self.attempts.clear()
        self.faults.clear()
        return web.Response(status=204)


def _answer(code: str, said: str) -> web.Response:
    return _json({"result": {"code": code, "said": said}})


def _json(value: Any) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=500)


def gateway_file(url: str) -> str:
    """What a city writes of this gateway."""
    return f"""
url = "{url}/send"
sender = "HANOI"
numbers = "digits"
repeats_dropped = true
timeout_s = 2
per_second = 100

[headers]
Authorization = "Bearer {{secret}}"

[json]
to = "{{to}}"
from = "{{sender}}"
text = "{{text}}"
request_id = "{{id}}"

[[answer]]
means = "taken"
field = "result.code"
values = ["{TAKEN}"]

[[answer]]
means = "never"
field = "result.code"
values = ["{INVALID_NUMBER}"]
reason = "invalid number"

[[answer]]
means = "never"
field = "result.code"
values = ["{REFUSED}"]
"""


async def serve(port: int) -> None:
    runner = web.AppRunner(StandIn().application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    host, taken = runner.addresses[0][:2]
    sys.stdout.write(f"listening http://{host}:{taken}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(serve(parser.parse_args().port))
