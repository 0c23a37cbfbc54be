"""The mail that an envelope becomes: a text, and the same as a simple page, in one language.

It holds the pack's words, a code where it is about the address, and links; nothing that people
wrote. Headers are made by the standard library's policy, which refuses whatever would break a line.
"""

from collections.abc import Callable
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, formataddr
from html import escape
from typing import Final
from uuid import UUID

from smartcity.city.model import City
from smartcity.notifications.letters.model import FILLED_IN_LAST, Envelope, Letter
from smartcity.notifications.letters.post import Destination

UNSUBSCRIBE: Final = "/v1/email/unsubscribe?token="

PAGE: Final = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 sans-serif;color:#1a1a1a;max-width:36em">
{content}
<p style="margin-top:32px;color:#666;font-size:13px">{foot}</p>
</body></html>
"""


class LinkHeader(BaseHeader):
    """A header that is one long link: the policy would fold it into encoded words, which no mail
    program opens (RFC 2369 wants it as it is).
    """

    max_count = 1
    parse = staticmethod(UnstructuredHeader.parse)

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


HEADERS: Final = HeaderRegistry()
HEADERS.map_to_type("list-unsubscribe", LinkHeader)
POLICY: Final = SMTP.clone(header_factory=HEADERS)


class MailWriter:
    """`address` is where people reach the API, `link` where a mail leads them (with `{topic}` and
    `{subject}`), `token` makes what an unsubscribe link holds of a person and an address.
    """

    def __init__(
        self,
        city: City,
        sender: str,
        *,
        address: str,
        link: str,
        token: Callable[[UUID, str], str],
    ) -> None:
        self._city = city
        self._sender = sender
        self._address = address.rstrip("/")
        self._link = link
        self._token = token

    def mail(self, envelope: Envelope, to: Destination) -> EmailMessage:
        """The same for the same envelope and address, however often it is sent."""
        first, language = envelope.letters[0], self._language(envelope)
        mail = EmailMessage(policy=POLICY)
        mail["Message-ID"] = f"<{envelope.id}@{self._sender.rpartition('@')[2]}>"
        mail["Date"] = format_datetime(first.created_at)
        mail["From"] = formataddr((self._city.name[language], self._sender))
        mail["To"] = to.address
        mail["Subject"] = self._subject(envelope)
        mail["Auto-Submitted"] = "auto-generated"
        stop = self._stop(first, to)
        if stop:
            mail["List-Unsubscribe"] = f"<{stop}>"
            if stop.startswith("https://"):  # RFC 8058 allows nothing else
                mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail.set_content(self._text(envelope, to, stop), cte="quoted-printable")
        page = self._page(envelope, to, stop)
        mail.add_alternative(page, subtype="html", cte="quoted-printable")
        mail["Content-Language"] = language  # now: an alternative takes such headers with it
        return mail

    def _subject(self, envelope: Envelope) -> str:
        title = " ".join(envelope.letters[0].title.split())  # an end of line would end the headers
        more = len(envelope.letters) - 1
        return self._word(envelope, "more", title=title, count=str(more)) if more else title

    def _text(self, envelope: Envelope, to: Destination, stop: str) -> str:
        parts = [f"{one.title}\n\n{_body(one, to)}" for one in envelope.letters]
        if link := self._where(envelope.letters[0]):
            parts.append(f"{self._word(envelope, 'link')}\n{link}")
        foot = self._word(envelope, "why")
        if stop:
            foot += f"\n{self._word(envelope, 'stop')}\n{stop}"
        return "\n\n".join([*parts, f"-- \n{foot}\n"])

    def _page(self, envelope: Envelope, to: Destination, stop: str) -> str:
        parts = [
            f"<h2>{escape(one.title)}</h2>\n<p>{escape(_body(one, to))}</p>"
            for one in envelope.letters
        ]
        if link := self._where(envelope.letters[0]):
            parts.append(f"<p>{_anchor(link, self._word(envelope, 'link'))}</p>")
        foot = escape(self._word(envelope, "why"))
        if stop:
            foot += f"<br>{_anchor(stop, self._word(envelope, 'stop'))}"
        return PAGE.format(
            language=self._language(envelope),
            title=escape(self._subject(envelope)),
            content="\n".join(parts),
            foot=foot,
        )

    def _stop(self, letter: Letter, to: Destination) -> str:
        """Where to unsubscribe; nobody has subscribed yet who is asked to confirm."""
        if letter.topic is None:
            return ""
        return f"{self._address}{UNSUBSCRIBE}{self._token(letter.recipient, to.address)}"

    def _where(self, letter: Letter) -> str:
        if letter.topic is None:
            return ""
        topic, subject = letter.topic.value, str(letter.subject)
        return self._link.replace("{topic}", topic).replace("{subject}", subject)

    def _language(self, envelope: Envelope) -> str:
        """The letter's, unless the city has given it up since."""
        return self._city.spoken(envelope.letters[0].language)

    def _word(self, envelope: Envelope, key: str, **values: str) -> str:
        language = self._language(envelope)
        city = self._city.name[language]
        return self._city.messages.render(language, f"email.{key}", city=city, **values)


def _body(letter: Letter, to: Destination) -> str:
    return letter.body.replace(FILLED_IN_LAST, to.secret)


def _anchor(link: str, text: str) -> str:
    return f'<a href="{escape(link)}">{escape(text)}</a>'
