"""A city's SMTP server, as a process of its own, that takes mail and shows what it took.

    python -m tests.standins.smtp --folder DIR

It prints a line with its addresses as JSON. `plain`, `starttls` and `tls` are ports; the last two
ask for the log-in `city` with the password `p@ss:word`, and have a certificate that `DIR/ca.pem`
vouches for. Over HTTP (`inspect`) one sees the mails and says what the next ones meet.
"""

import argparse
import asyncio
import datetime
import ipaddress
import json
import ssl
import sys
import time
from pathlib import Path
from typing import Any, Final, cast

import msgspec
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST: Final = "127.0.0.1"
USERNAME, PASSWORD = "city", "p@ss:word"


class Mail(msgspec.Struct, frozen=True):
    """One that was taken: the envelope, and the text as it came."""

    sender: str
    recipient: str
    text: str
    secure: bool
    username: str
    connection: int
    at: float


class Fault(msgspec.Struct):
    """What the next `times` mails meet, or those to one `recipient`: an `answer` at a `step`
    (`mail`, `rcpt`, `data`; `taken`: when it is taken already); an empty one cuts the line.
    """

    step: str
    answer: str = ""
    times: int = 1_000_000
    recipient: str | None = None
    delay_s: float = 0.0


class Office:
    """What all connections have in common."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.faults: list[Fault] = []
        self.refused: list[str] = []
        self.connections: list[Session] = []
        self.log_ins = True

    async def meet(self, server: SMTP, step: str, recipient: str | None) -> str | None:
        """What somebody is answered at a step, instead of being served."""
        for fault in self.faults:
            of_theirs = fault.recipient is None or fault.recipient == recipient
            if fault.step == step and fault.times > 0 and of_theirs:
                fault.times -= 1
                await asyncio.sleep(fault.delay_s)
                if fault.answer == "" and fault.delay_s == 0:
                    cast("asyncio.Transport", server.transport).abort()
                    return "421 cut off"
                if fault.answer:
                    self.refused.append(f"{step}: {fault.answer}")
                    return fault.answer
        return None

    # --- the hooks of aiosmtpd -------------------------------------------------------------------

    async def handle_MAIL(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := await self.meet(server, "mail", None):
            return answer
        if session not in self.connections:
            self.connections.append(session)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := await self.meet(server, "rcpt", address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        (recipient,) = envelope.rcpt_tos
        if answer := await self.meet(server, "data", recipient):
            return answer
        assert isinstance(envelope.content, bytes)
        self.mails.append(
            Mail(
                sender=envelope.mail_from or "",
                recipient=recipient,
                text=envelope.content.decode("ascii"),  # 8BITMIME was not asked for
                secure=session.ssl is not None or _encrypted(server),
                username=str(session.auth_data or ""),
                connection=self.connections.index(session),
                at=time.time(),
            )
        )
        return await self.meet(server, "taken", recipient) or "250 2.0.0 taken"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        right = LoginPassword(USERNAME.encode(), PASSWORD.encode())
        success = self.log_ins and data == right
        return AuthResult(success=success, handled=False, auth_data=USERNAME)


def _encrypted(server: SMTP) -> bool:
    transport = cast("asyncio.Transport", server.transport)
    return transport.get_extra_info("sslcontext") is not None


class Inspection:
    """The office over HTTP."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def application(self) -> web.Application:
        application = web.Application()
        application.add_routes(
            [
                web.get("/mails", self.mails),
                web.get("/refused", self.refused),
                web.post("/faults", self.fault),
                web.post("/log-ins", self.log_ins),
                web.delete("/", self.clear),
            ]
        )
        return application

    async def mails(self, _request: web.Request) -> web.Response:
        return web.json_response(msgspec.to_builtins(self._office.mails))

    async def refused(self, _request: web.Request) -> web.Response:
        return web.json_response(self._office.refused)

    async def fault(self, request: web.Request) -> web.Response:
        self._office.faults.append(msgspec.json.decode(await request.read(), type=Fault))
        return web.Response(status=204)

    async def log_ins(self, request: web.Request) -> web.Response:
        self._office.log_ins = await request.json()
        return web.Response(status=204)

    async def clear(self, _request: web.Request) -> web.Response:
        self._office.__init__()
        return web.Response(status=204)


def certificate(folder: Path) -> ssl.SSLContext:
    """A fresh one for this machine, which vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    at = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - datetime.timedelta(hours=1))
        .not_valid_after(at + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(HOST))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


async def serve(folder: Path) -> None:
    office = Office()
    context = certificate(folder)
    loop = asyncio.get_running_loop()

    def plain() -> SMTP:
        return SMTP(office, hostname="localhost", loop=loop)

    def starttls() -> SMTP:
        return SMTP(
            office,
            hostname="localhost",
            loop=loop,
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=office.authenticate,
        )

    def tls() -> SMTP:
        return SMTP(
            office,
            hostname="localhost",
            loop=loop,
            auth_required=True,
            auth_require_tls=False,  # it is encrypted already, which the library does not see
            authenticator=office.authenticate,
        )

    servers = {
        "plain": await loop.create_server(plain, HOST, 0),
        "starttls": await loop.create_server(starttls, HOST, 0),
        "tls": await loop.create_server(tls, HOST, 0, ssl=context),
    }
    runner = web.AppRunner(Inspection(office).application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    host, port = runner.addresses[0][:2]
    ports = {name: server.sockets[0].getsockname()[1] for name, server in servers.items()}
    told = json.dumps({**ports, "inspect": f"http://{host}:{port}"})
    sys.stdout.write(f"{told}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    asyncio.run(serve(parser.parse_args().folder))
