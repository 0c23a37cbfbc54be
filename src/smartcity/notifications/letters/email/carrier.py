"""The way to the city's SMTP server: one connection for a batch, one letter after the other."""

import asyncio
from contextlib import suppress
from typing import Final, Literal, cast
from urllib.parse import unquote, urlsplit

import aiosmtplib as smtp
import msgspec

from smartcity.identity.emails.model import Email
from smartcity.notifications.letters.email.answers import meaning
from smartcity.notifications.letters.email.writing import MailWriter
from smartcity.notifications.letters.model import Envelope
from smartcity.notifications.letters.post import Destination
from smartcity.notifications.push import Outcome, PushResult
from smartcity.settings import SettingsError

ANSWER_S: Final = 10.0
"""So long one step of the conversation may take."""

LETTER_S: Final = 30.0
"""So long a whole letter may take, connecting included."""

TRY_S: Final = 10.0
"""So long somebody waits who tries the server, log-in included."""

REST_S: Final = 2.0
"""So long it may take to say goodbye."""

NOT_CONFIGURED: Final = "e-mail is not configured"

SCHEMES: Final = {"smtps": ("tls", 465), "smtp": ("starttls", 587), "smtp+plain": ("none", 25)}


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Where mail is given in. `security`: encrypted from the first byte, or before anything else is
    said, or not at all.
    """

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    username: str | None = None
    password: str | None = None


def server_of(url: str) -> Server:
    """The server that the setting `smtp_url` names. Raises `SettingsError`, which never repeats it:
    it may hold a password.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise SettingsError("smtp_url: not an address") from error
    if parts.scheme not in SCHEMES or not host or parts.path not in ("", "/"):
        raise SettingsError("smtp_url: not of the form smtps://user:password@host:465")
    security, usual = SCHEMES[parts.scheme]
    if security == "none" and parts.username:
        raise SettingsError("smtp_url: a password is never sent unencrypted (smtp+plain)")
    return msgspec.convert(
        {
            "host": host,
            "port": port or usual,
            "security": security,
            "username": unquote(parts.username) if parts.username else None,
            "password": unquote(parts.password or "") if parts.username else None,
        },
        Server,
    )


def sender_of(address: str) -> str:
    """The setting `smtp_from`. Raises `SettingsError`."""
    try:
        return msgspec.convert(address, Email)
    except msgspec.ValidationError as error:
        raise SettingsError(f"smtp_from: {address!r} is not an e-mail address") from error


class EmailCarrier:
    """`sender` is the address that mail comes from, also in the envelope: bounces go there."""

    def __init__(self, server: Server, sender: str, writer: MailWriter) -> None:
        self._server = server
        self._sender = sender
        self._writer = writer
        self._open: smtp.SMTP | None = None

    async def send(self, envelope: Envelope, to: Destination, /) -> PushResult:
        mail = self._writer.mail(envelope, to).as_bytes()
        connection: smtp.SMTP | None = None
        try:
            async with asyncio.timeout(LETTER_S):
                connection = await self._connection()
                await connection.sendmail(self._sender, to.address, mail)
        except (smtp.SMTPException, OSError) as error:
            if not isinstance(error, smtp.SMTPRecipientsRefused | smtp.SMTPDataError):
                self._drop()
            return meaning(error, connected=connection is not None)
        except BaseException:
            self._drop()  # cut off in the middle of a letter: nothing else may be said on it
            raise
        return PushResult(Outcome.SENT)

    async def rest(self) -> None:
        if self._open is not None and self._open.is_connected:
            await _say_goodbye(self._open)
        self._drop()
        await asyncio.sleep(0)  # what was dropped is let go of in the loop's next round

    async def _connection(self) -> smtp.SMTP:
        if self._open is not None and self._open.is_connected:
            return self._open
        self._open = _line(self._server, self._sender)
        await self._open.connect()
        return self._open

    def _drop(self) -> None:
        if self._open is not None:
            _cut(self._open)
        self._open = None


async def try_server(server: Server, sender: str) -> None:
    """Connect, encrypt and log in as for a letter, and give none in. Raises `SMTPException`,
    `OSError`.
    """
    line = _line(server, sender)
    try:
        async with asyncio.timeout(TRY_S):
            await line.connect()
        await _say_goodbye(line)
    finally:
        _cut(line)
        await asyncio.sleep(0)  # as above


def _line(server: Server, sender: str) -> smtp.SMTP:
    return smtp.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username,
        password=server.password,
        local_hostname=sender.rpartition("@")[2],
        timeout=ANSWER_S,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
    )


async def _say_goodbye(line: smtp.SMTP) -> None:
    with suppress(smtp.SMTPException, OSError):
        async with asyncio.timeout(REST_S):
            await line.quit()


def _cut(line: smtp.SMTP) -> None:
    """At once: no server holds it by not answering the end of an encrypted connection."""
    transport = line.transport
    line.close()
    if transport is not None:
        cast("asyncio.Transport", transport).abort()
