"""What `smartcity doctor` looks at of mail: its server, up to the log-in."""

from typing import Final

import aiosmtplib as smtp

from smartcity.cli.failures import not_reached
from smartcity.cli.findings import Finding, State
from smartcity.notifications.letters.email.answers import meaning
from smartcity.notifications.letters.email.carrier import sender_of, server_of, try_server
from smartcity.settings import Settings, SettingsError

WHAT: Final = "e-mail"


async def mail_server(settings: Settings) -> Finding:
    if not settings.smtp_url:
        return Finding(WHAT, State.MIND, "not configured: recorded as not sent")
    try:
        server, sender = server_of(settings.smtp_url), sender_of(settings.smtp_from)
    except SettingsError as error:
        return Finding(WHAT, State.WRONG, str(error))
    found = f"from {sender} through {server.host}:{server.port}"
    try:
        await try_server(server, sender)
    except (smtp.SMTPException, OSError) as error:
        return Finding(WHAT, State.WRONG, f"{found}: {_wrong(error)}")
    found = f"{found}, which lets us in (no mail was sent)"
    if server.security == "none":
        return Finding(WHAT, State.MIND, f"{found}, unencrypted")
    if not settings.public_url.startswith("https://"):
        return Finding(WHAT, State.MIND, f"{found}; unsubscribe links need an https public_url")
    return Finding(WHAT, State.GOOD, found)


def _wrong(error: smtp.SMTPException | OSError) -> str:
    match error:
        case smtp.SMTPAuthenticationError():
            told = meaning(error).reason
            return f"{told}: the user name or the password in smtp_url is not theirs"
        case smtp.SMTPResponseException():
            return str(meaning(error).reason)
        case smtp.SMTPException() if not isinstance(error, OSError):
            return error.message  # the client's own words: nothing was asked that it could not do
        case smtp.SMTPConnectError(__cause__=OSError() as cause):
            return not_reached(cause)
        case _:
            return not_reached(error)
