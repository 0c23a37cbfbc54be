"""Mail as an SMTP server gets it, and what its answers mean, against a server of its own."""

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_string
from email.message import EmailMessage
from email.policy import default as policy
from functools import cache

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smartcity.city import City, load_city
from smartcity.clock import now
from smartcity.feed.event import Topic
from smartcity.identifiers import new_id
from smartcity.identity.emails.model import Email, NewEmail, masked
from smartcity.notifications.letters.email import carrier as carrying
from smartcity.notifications.letters.email.carrier import EmailCarrier, sender_of, server_of
from smartcity.notifications.letters.email.writing import MailWriter
from smartcity.notifications.letters.model import FILLED_IN_LAST, Envelope, Letter
from smartcity.notifications.letters.post import Destination
from smartcity.notifications.model import Channel, Kind, Push, PushState, Urgency
from smartcity.notifications.push import Limit, Outcome, PushResult
from smartcity.settings import PROJECT, SettingsError
from tests.standins.fixtures import Smtp
from tests.standins.smtp import Mail

pytestmark = pytest.mark.anyio

SENDER = "no-reply@hanoi.example"
TO = Destination("lan@example.org", "ABCD2345")
LOG_IN = "city:p%40ss%3Aword@"


@pytest.fixture
def writer(hanoi: City) -> MailWriter:
    return writer_at("https://hanoi.example", hanoi)


def writer_at(address: str, city: City) -> MailWriter:
    return MailWriter(
        city,
        SENDER,
        address=address,
        link="https://app.hanoi.example/{topic}/{subject}",
        token=lambda person, address: f"{person.hex}{len(address)}",
    )


@cache
def hanois_writer() -> MailWriter:
    """Without a fixture: a failing example would print the whole city."""
    return writer_at("https://hanoi.example", load_city(PROJECT / "config" / "hanoi"))


@pytest.fixture
async def carrier(smtp: Smtp, writer: MailWriter) -> AsyncIterator[EmailCarrier]:
    made = EmailCarrier(server_of(smtp.url()), SENDER, writer)
    yield made
    await made.rest()


def letter(title: str = "Đã giải quyết", body: str = "Phản ánh K7M2 đã xong.") -> Letter:
    at = now()
    return Letter(
        id=new_id(),
        channel=Channel.EMAIL,
        recipient=new_id(),
        event=new_id(),
        topic=Topic.REPORT,
        subject=new_id(),
        action="resolve",
        kind=Kind.RESULT,
        title=title,
        body=body,
        language="vi",
        created_at=at,
        expires_at=at + timedelta(days=180),
        sending=Push(state=PushState.PENDING, urgency=Urgency.HIGH, next_at=at),
    )


def envelope(*letters: Letter) -> Envelope:
    inside = letters or (letter(),)
    return Envelope(inside[0].id, inside)


def read(mail: Mail) -> EmailMessage:
    parsed = message_from_string(mail.text, policy=policy)
    assert isinstance(parsed, EmailMessage)
    return parsed


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return part.get_content()


# --- the mail itself -----------------------------------------------------------------------------


async def test_a_mail_says_in_the_readers_language_what_happened_and_how_to_stop(
    smtp: Smtp, carrier: EmailCarrier, hanoi: City
) -> None:
    one = letter()
    assert await carrier.send(envelope(one), TO) == PushResult(Outcome.SENT)
    (taken,) = smtp.mails()
    mail = read(taken)
    assert (taken.sender, taken.recipient) == (SENDER, "lan@example.org")
    assert mail["Subject"] == "Đã giải quyết"
    assert mail["From"].addresses[0].display_name == hanoi.name["vi"]
    assert mail["Message-ID"] == f"<{one.id}@hanoi.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "vi"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stop = f"https://hanoi.example/v1/email/unsubscribe?token={one.recipient.hex}15"
    assert f"List-Unsubscribe: <{stop}>\r\n" in taken.text
    for kind in ("plain", "html"):
        text = text_of(mail, kind)
        assert "Phản ánh K7M2 đã xong." in text
        assert f"https://app.hanoi.example/report/{one.subject}" in text
        assert stop in text


async def test_several_letters_are_one_mail_with_the_first_on_top(
    smtp: Smtp, carrier: EmailCarrier
) -> None:
    await carrier.send(envelope(letter("Cần trả lời"), letter("Đã tiếp nhận")), TO)
    (taken,) = smtp.mails()
    mail = read(taken)
    assert mail["Subject"] == "Cần trả lời (và 1 thông báo khác)"
    text = text_of(mail)
    assert text.index("Cần trả lời") < text.index("Đã tiếp nhận")


async def test_a_mail_about_the_address_holds_its_code_and_nothing_to_unsubscribe_from(
    smtp: Smtp, carrier: EmailCarrier
) -> None:
    asking = msgspec.structs.replace(
        letter("Xác nhận", f"Mã: {FILLED_IN_LAST}."), topic=None, kind=None
    )
    await carrier.send(envelope(asking), TO)
    (taken,) = smtp.mails()
    mail = read(taken)
    assert "Mã: ABCD2345." in text_of(mail)
    assert mail["List-Unsubscribe"] is None


async def test_one_click_is_promised_only_where_it_is_encrypted(hanoi: City) -> None:
    mail = writer_at("http://127.0.0.1:8000", hanoi).mail(envelope(), TO)
    assert mail["List-Unsubscribe"].startswith("<http://127.0.0.1:8000/")
    assert mail["List-Unsubscribe-Post"] is None


async def test_a_letter_in_a_language_that_the_city_gave_up_still_goes_out(
    writer: MailWriter,
) -> None:
    in_french = msgspec.structs.replace(letter(), language="fr")
    assert writer.mail(envelope(in_french), TO)["Content-Language"] == "vi"


async def test_the_same_envelope_is_the_same_mail(writer: MailWriter) -> None:
    inside = envelope()
    first, again = (writer.mail(inside, TO) for _ in range(2))
    assert first.items()[:-2] == again.items()[:-2]  # but for the boundary between its parts
    assert text_of(first) == text_of(again)


async def test_what_looks_like_markup_is_shown_as_it_is(writer: MailWriter) -> None:
    page = text_of(writer.mail(envelope(letter("<b>", "<script>&")), TO), "html")
    assert "<script>" not in page
    assert "&lt;script&gt;&amp;" in page


@given(st.text(max_size=300))
@example("\n")
@example("Đã xong\r\n")
def test_no_title_adds_a_header(title: str) -> None:
    writer = hanois_writer()
    try:
        raw = writer.mail(envelope(letter(title)), TO).as_bytes()
    except ValueError:
        return  # refused: it would have broken the line
    names = [name for name, _ in message_from_string(raw.decode("ascii")).items()]
    assert sorted(names) == sorted(
        [
            "Message-ID",
            "Date",
            "From",
            "To",
            "Subject",
            "Content-Language",
            "Auto-Submitted",
            "List-Unsubscribe",
            "List-Unsubscribe-Post",
            "MIME-Version",
            "Content-Type",
        ]
    )


@pytest.mark.parametrize(
    "address",
    [
        "lan@example.org\n",
        "lan@example.org\r\nBcc: all@example.org",
        "lan\r\n@example.org",
        "lan@example.org, mai@example.org",
        "Lan <lan@example.org>",
        "lan@localhost",
        "lan@[127.0.0.1]",
        "@example.org",
        "lan@example..org",
        "lan",
        "đào@example.org",
        f"{'l' * 65}@example.org",
    ],
)
def test_what_is_no_single_plain_address_is_none(address: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"address": address}, NewEmail)


@given(st.from_regex(r"\A[a-z0-9._+'=-]{1,64}@([a-z0-9]{1,20}\.){1,3}[a-z]{2,10}\Z"))
def test_every_address_that_is_one_can_be_written_to(address: str) -> None:
    assert msgspec.convert(address, Email) == address
    mail = hanois_writer().mail(envelope(), Destination(address))
    assert f"\r\nTo: {address}\r\n" in mail.as_bytes().decode("ascii").replace("\r\n ", " ")


def test_an_address_is_masked_to_what_its_owner_knows_it_by() -> None:
    assert masked("lan.nguyen@example.org") == "l***@example.org"


# --- what a server answers -----------------------------------------------------------------------

ANSWERS = (
    # step    answer                                  outcome          whose limit     reason
    ("rcpt", "450 4.2.0 greylisted", Outcome.RETRY, None, "not now: 450 4.2.0"),
    ("rcpt", "452 4.2.2 lan@example.org is full", Outcome.RETRY, None, "not now: 452 4.2.2"),
    ("rcpt", "550 5.1.1 <lan@example.org> unknown", Outcome.GONE, None, None),
    ("rcpt", "550 no such user", Outcome.GONE, None, "recipient refused: 550"),
    ("rcpt", "550 5.7.1 blocked", Outcome.RETRY, None, None),
    ("rcpt", "552 5.2.2 full", Outcome.FAILED, None, None),
    ("rcpt", "501 syntax", Outcome.FAILED, None, None),
    ("mail", "550 5.1.8 not from here", Outcome.RETRY, Limit.PROJECT, "sender refused: 550 5.1.8"),
    ("mail", "451 4.3.0 busy", Outcome.RETRY, None, None),
    ("data", "554 5.7.1 looks like spam", Outcome.FAILED, None, "message refused: 554 5.7.1"),
    ("data", "451 4.7.1 later", Outcome.RETRY, None, None),
    ("rcpt", "421 4.3.2 shutting down", Outcome.RETRY, Limit.PROJECT, None),
    ("data", "", Outcome.RETRY, None, "connection lost"),
)


@pytest.mark.parametrize(("step", "answer", "outcome", "limit", "reason"), ANSWERS)
async def test_answers_mean_what_the_table_says_and_the_next_mail_goes_out(
    smtp: Smtp,
    carrier: EmailCarrier,
    step: str,
    answer: str,
    outcome: Outcome,
    limit: Limit | None,
    reason: str | None,
) -> None:
    smtp.fault(step, answer, times=1)
    result = await carrier.send(envelope(), TO)
    assert (result.outcome, result.limit) == (outcome, limit), result
    assert reason in (None, result.reason)
    assert "lan@" not in str(result.reason)
    assert smtp.mails() == []
    assert (await carrier.send(envelope(), TO)).outcome is Outcome.SENT


async def test_a_server_that_is_not_there_or_says_nothing_is_tried_later(
    smtp: Smtp, carrier: EmailCarrier, writer: MailWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = EmailCarrier(server_of("smtp+plain://127.0.0.1:9"), SENDER, writer)
    away = await nowhere.send(envelope(), TO)
    assert (away.outcome, away.limit) == (Outcome.RETRY, Limit.PROJECT)
    monkeypatch.setattr(carrying, "LETTER_S", 0.5)
    smtp.fault("rcpt", "250 at last", times=1, delay_s=5)
    started = time.monotonic()
    slow = await carrier.send(envelope(), TO)
    assert time.monotonic() - started < 3
    assert (slow.outcome, slow.reason) == (Outcome.RETRY, "no answer in time")
    assert (await carrier.send(envelope(), TO)).outcome is Outcome.SENT


async def test_a_batch_goes_through_one_connection(smtp: Smtp, carrier: EmailCarrier) -> None:
    for _ in range(3):
        await carrier.send(envelope(), TO)
    await carrier.rest()
    await carrier.send(envelope(), TO)
    assert [mail.connection for mail in smtp.mails()] == [0, 0, 0, 1]


# --- the server ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["starttls", "tls"])
async def test_mail_goes_encrypted_and_with_a_log_in(
    smtp: Smtp, writer: MailWriter, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(smtp.authority))
    carrier = EmailCarrier(server_of(smtp.url(kind, LOG_IN)), SENDER, writer)
    assert await carrier.send(envelope(), TO) == PushResult(Outcome.SENT)
    await carrier.rest()
    (taken,) = smtp.mails()
    assert (taken.secure, taken.username) == (True, "city")


@pytest.mark.parametrize("kind", ["starttls", "tls"])
async def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(
    smtp: Smtp, writer: MailWriter, kind: str
) -> None:
    carrier = EmailCarrier(server_of(smtp.url(kind, LOG_IN)), SENDER, writer)
    result = await carrier.send(envelope(), TO)
    assert (result.outcome, result.limit) == (Outcome.RETRY, Limit.PROJECT)
    assert smtp.mails() == []


async def test_a_log_in_that_is_refused_is_not_the_letters_fault(
    smtp: Smtp, writer: MailWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(smtp.authority))
    smtp.log_ins(allowed=False)
    carrier = EmailCarrier(server_of(smtp.url("tls", LOG_IN)), SENDER, writer)
    result = await carrier.send(envelope(), TO)
    assert (result.outcome, result.limit) == (Outcome.RETRY, Limit.PROJECT)
    assert str(result.reason).startswith("log-in refused: 535")


@pytest.mark.parametrize(
    "url",
    [
        "http://host",
        "smtp://",
        "smtp://host:port",
        "smtps://host/path",
        "smtp+plain://me:secret@host",
        "host:25",
    ],
)
def test_an_address_of_a_server_that_is_none_is_refused_without_telling_it(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        server_of(url)
    assert "secret" not in str(refused.value)


def test_each_scheme_has_its_usual_port() -> None:
    ports = [server_of(f"{scheme}://h").port for scheme in ("smtps", "smtp", "smtp+plain")]
    assert ports == [465, 587, 25]
    with pytest.raises(SettingsError):
        sender_of("no-reply")
