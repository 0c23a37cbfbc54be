"""What the answers of an SMTP server mean for a letter (RFC 5321, 4.2; RFC 3463): one table.

A reason names the step and the codes only: a server's own words often repeat the address.
"""

import re
from typing import Final

import aiosmtplib as smtp
import msgspec

from smartcity.notifications.push import Limit, Outcome, PushResult

AWAY_S: Final = 5.0
"""How soon a server that was not reached is tried again."""

REFUSED_S: Final = 60.0
"""And one that will not take anything from us, until somebody mends it."""

NO_MAILBOX: Final = frozenset({550, 551, 553})
"""What a mailbox that is not there is answered with, where no enhanced code says more."""

ENHANCED: Final = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")


class Row(msgspec.Struct, frozen=True):
    """`told`: what the server said, or what became of the connection."""

    told: str
    outcome: Outcome
    limit: Limit | None = None
    retry_after_s: float | None = None


RETRY, GONE, FAILED = Outcome.RETRY, Outcome.GONE, Outcome.FAILED

# Nobody has this address: nothing goes there until it is confirmed anew.
NOBODY: Final = Row("recipient refused", GONE)
# For now: full, busy, or made to wait as any stranger is (greylisting).
LATER: Final = Row("not now", RETRY)
# A rule of theirs about us, as a block list is: it may be lifted within the day.
POLICY: Final = Row("recipient refused by a rule", RETRY)
UNWANTED: Final = Row("recipient refused", FAILED)
CONTENT: Final = Row("message refused", FAILED)
# It is not this letter's fault, and no other would be taken either.
CLOSING: Final = Row("server closing", RETRY, Limit.PROJECT, AWAY_S)
AWAY: Final = Row("server not reached", RETRY, Limit.PROJECT, AWAY_S)
LOG_IN: Final = Row("log-in refused", RETRY, Limit.PROJECT, REFUSED_S)
SENDER: Final = Row("sender refused", RETRY, Limit.PROJECT, REFUSED_S)
GREETING: Final = Row("greeting refused", RETRY, Limit.PROJECT, REFUSED_S)
# In the middle of a letter, after which another may do.
LOST: Final = Row("connection lost", RETRY)
SLOW: Final = Row("no answer in time", RETRY)


def meaning(error: Exception, *, connected: bool = True) -> PushResult:
    """What it means that a letter was not taken; before we were `connected`, none would be."""
    match error:
        case smtp.SMTPRecipientsRefused():
            first = error.recipients[0]
            return _told(_of_recipient(first.code, first.message), first.code, first.message)
        case smtp.SMTPResponseException():
            return _told(_of_answer(error), error.code, error.message)
        case smtp.SMTPNotSupported():
            return _told(GREETING)  # no TLS, or no way to log in
        case _ if not connected:
            return _told(AWAY)
        case TimeoutError():
            return _told(SLOW)
        case _:
            return _told(LOST)


def _of_recipient(code: int, message: str) -> Row:
    if code < 500:
        return CLOSING if code == 421 else LATER
    subject, detail = _enhanced(message)
    match subject:
        case "":
            return NOBODY if code in NO_MAILBOX else UNWANTED
        case "1":
            return NOBODY
        case "2":
            return NOBODY if detail == "1" else UNWANTED
        case "7":
            return POLICY
        case _:
            return UNWANTED


def _of_answer(error: smtp.SMTPResponseException) -> Row:
    match error:
        case smtp.SMTPAuthenticationError():
            return LOG_IN
        case smtp.SMTPConnectResponseError() | smtp.SMTPHeloError():
            return CLOSING if error.code < 500 else GREETING
        case smtp.SMTPSenderRefused() if error.code >= 500:
            return SENDER
        case smtp.SMTPDataError() if error.code >= 500:
            return CONTENT
        case _:
            return CLOSING if error.code == 421 else LATER


def _told(row: Row, code: int | None = None, message: str = "") -> PushResult:
    enhanced = ENHANCED.match(message)
    codes = [str(code)] if code is not None else []
    if enhanced:
        codes.append(enhanced.group().strip())
    reason = f"{row.told}: {' '.join(codes)}" if codes else row.told
    return PushResult(row.outcome, reason, row.retry_after_s, row.limit)


def _enhanced(message: str) -> tuple[str, str]:
    """The subject and the detail of an enhanced status code; empty where there is none."""
    found = ENHANCED.match(message)
    return (found.group(2), found.group(3)) if found else ("", "")
