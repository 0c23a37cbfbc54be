"""A gateway as its file describes it: its mistakes, what leaves, and what its answers mean."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from smartcity.identifiers import new_id
from smartcity.notifications.letters.sms.gateway import (
    Answer,
    GatewayError,
    Meaning,
    OpenGateway,
    load_gateway,
)
from smartcity.notifications.letters.sms.model import Attempt, Fate, TextMessage
from smartcity.notifications.letters.sms.posting import meaning, open_door
from tests.standins.fixtures import SmsGateway
from tests.standins.sms import KEY, gateway_file

pytestmark = pytest.mark.anyio

SECRET = "a key that nobody else has"
NUMBER = "+84912345678"
URL = "https://sms.example.vn"


def written(folder: Path, text: str) -> str:
    path = folder / "sms.toml"
    path.write_text(text, "utf-8")
    return str(path)


def loaded(folder: Path, text: str, secret: str = SECRET) -> OpenGateway:
    opened = load_gateway(written(folder, text), secret)
    assert opened is not None
    return opened


def mistakes_in(folder: Path, text: str, secret: str = SECRET) -> list[str]:
    with pytest.raises(GatewayError) as caught:
        load_gateway(written(folder, text), secret)
    assert SECRET not in str(caught.value)
    return [str(mistake).removeprefix("sms.toml: ") for mistake in caught.value.mistakes]


def message(text: str = "Xin chào", to: str = NUMBER) -> TextMessage:
    return TextMessage(id=new_id(), to=to, text=text)


# --- the file ------------------------------------------------------------------------------------


def test_without_a_file_there_is_no_gateway() -> None:
    assert load_gateway("", SECRET) is None


def test_the_example_of_the_handbook_is_sound(tmp_path: Path) -> None:
    handbook = (Path(__file__).parents[2] / "config" / "README.md").read_text("utf-8")
    part = handbook.partition('<a id="sms-gateway"></a>')[2].partition("<a id=")[0]
    lines = [line[4:] for line in part.splitlines() if line.startswith("    ")]
    (tmp_path / "sms-password").write_text("hush\n")
    opened = loaded(tmp_path, "\n".join(lines))
    assert opened.secrets["password"] == "hush"
    assert {answer.means for answer in opened.gateway.answer} == set(Meaning)


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ('"{text}"', '"{words}"', "json.text: has {words}, which is never filled"),
        ('"{text}"', '"{text!r}"', "json.text: has braces that cannot be filled: {text}"),
        ('"{to}"', '"all"', "{to} stands nowhere"),
        ('"{id}"', '"1"', "{id} stands nowhere"),
        (
            '"Bearer {secret}"',
            '"{to}"',
            "headers.Authorization: has {to}, which is never filled in",
        ),
        ('"Bearer {secret}"', '"{password}"', "headers.Authorization: has {password}, which is"),
        ('sender = "HANOI"', "", "sender: is missing, and {sender} is used"),
        ("https://", "http://", "url: must begin with https://"),
        ("timeout_s = 2", "timeout_s = 0", "timeout_s: Expected `float` > 0"),
        ("timeout_s = 2", "patience_s = 2", "patience_s: is not a key here"),
        ("[json]", '[form]\na = "{to}"\n[json]', "form: a request has [json] or [form], not both"),
        ("numbers = ", 'method = "GET"\nnumbers = ', "method: a GET has no [json]"),
        ('"digits"', '"roman"', "numbers: Invalid enum value 'roman'"),
        ('"taken"', '"perhaps"', "answer[1].means: Invalid enum value 'perhaps'"),
        ('field = "result.code"', "", "answer[1]: has a field and its values, or neither"),
        ("[headers]", '[secrets]\npin = "nowhere"\n[headers]', "secrets.pin: nowhere cannot be"),
        ("[headers]", '[secrets]\nto = "nowhere"\n[headers]', "secrets.to: is not a name that"),
        ("[headers]", '[headers]\n"Bad Name" = "1"', "headers"),
        ("[headers]", '[headers]\nX = "1\\r\\nY: 2"', "headers"),
        ('"HANOI"', '"HANOI\\n"', "sender: Expected `str` matching"),
        ("[json]", "[json", "line"),
    ],
)
def test_each_mistake_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, mistake: str
) -> None:
    text = gateway_file(URL)
    assert old in text
    assert any(one.startswith(mistake) for one in mistakes_in(tmp_path, text.replace(old, new, 1)))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = gateway_file("http://sms.example.vn").replace("{text}", "{words}")
    told = mistakes_in(tmp_path, text, secret="")
    assert len(told) == 4
    assert "headers.Authorization: has {secret}, and the setting sms_secret is empty" in told


def test_a_secret_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "pin").write_text("1234\n5678\n")
    text = gateway_file(URL).replace("[json]", '[secrets]\npin = "pin"\n[json]\nkey = "{pin}"')
    assert mistakes_in(tmp_path, text) == ["secrets.pin: pin holds more than one line of text"]
    assert len(mistakes_in(tmp_path, gateway_file(URL), secret=f"{SECRET}\nX: 1")) == 1


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(GatewayError, match="the file is missing"):
        load_gateway("nowhere.toml", SECRET)


# --- what leaves ---------------------------------------------------------------------------------


class Heard(msgspec.Struct):
    """What a server was asked last."""

    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    body: bytes = b""
    url: str = ""


@asynccontextmanager
async def hearing(answer: web.StreamResponse | None = None) -> AsyncGenerator[Heard]:
    heard = Heard()

    async def take(request: web.Request) -> web.StreamResponse:
        heard.headers, heard.query = dict(request.headers), dict(request.query)
        heard.body = await request.read()
        return answer or web.Response(text="ok")

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        heard.url = "http://{}:{}".format(*runner.addresses[0][:2])
        yield heard
    finally:
        await runner.cleanup()


async def posted(opened: OpenGateway, sent: TextMessage) -> Attempt:
    async with open_door(opened) as door:
        return await door.post(sent)


ODD = ['"}, "to": "+84987654321', "a&to=1", "{secret} {to}", "\n\r\0", "\\u0022", "ế😀", "%00"]


@pytest.mark.parametrize("odd", ODD)
async def test_no_text_becomes_anything_but_the_text_in_json(tmp_path: Path, odd: str) -> None:
    sent = message(odd)
    async with hearing() as heard:
        await posted(loaded(tmp_path, gateway_file(heard.url)), sent)
    assert msgspec.json.decode(heard.body) == {
        "to": "84912345678",
        "from": "HANOI",
        "text": odd,
        "request_id": str(sent.id),
    }
    assert heard.headers["Authorization"] == f"Bearer {SECRET}"


FORM = """
numbers = "national"
sender = "HANOI"
[{part}]
user = "city"
key = "{{secret}}"
phone = "{{to}}"
msg = "{{text}}"
ref = "{{id}}"
"""


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("part", ["form", "query"])
async def test_no_text_becomes_anything_but_the_text_in_a_form_or_an_address(
    tmp_path: Path, part: str, odd: str
) -> None:
    sent = message(odd)
    method = "POST" if part == "form" else "GET"
    async with hearing() as heard:
        file = f'url = "{heard.url}/x"\nmethod = "{method}"{FORM.format(part=part)}'
        attempt = await posted(loaded(tmp_path, file), sent)
    assert attempt == Attempt(Fate.TAKEN)
    form = {key: one for key, (one,) in parse_qs(heard.body.decode()).items()}
    given = form if part == "form" else heard.query
    assert given == {
        "user": "city",
        "key": SECRET,
        "phone": "0912345678",
        "msg": odd,
        "ref": str(sent.id),
    }


async def test_what_is_nested_is_filled_and_what_is_no_text_stays(tmp_path: Path) -> None:
    async with hearing() as heard:
        file = (
            f'url = "{heard.url}"\n[json]\nunicode = false\nttl = 60\n'
            'messages = [{ to = ["{to}"], body = { text = "SC: {text}" } }]\n'
        )
        await posted(loaded(tmp_path, file), message("a"))
    assert msgspec.json.decode(heard.body) == {
        "unicode": False,
        "ttl": 60,
        "messages": [{"to": [NUMBER], "body": {"text": "SC: a"}}],
    }


async def test_a_redirection_is_not_followed(tmp_path: Path) -> None:
    async with hearing() as other:
        answer = web.Response(status=307, headers={"Location": other.url})
        async with hearing(answer) as heard:
            attempt = await posted(loaded(tmp_path, gateway_file(heard.url)), message())
    assert attempt.fate is Fate.LATER
    assert other.body == b""


# --- what comes back -----------------------------------------------------------------------------


def at_the_standin(sms: SmsGateway, folder: Path) -> AbstractAsyncContextManager[Any]:
    opened = load_gateway(sms.file(folder), KEY)
    assert opened is not None
    return open_door(opened)


@pytest.mark.parametrize(
    ("fault", "attempt", "sent"),
    [
        (
            {"fault": "busy", "retry_after": "7"},
            Attempt(Fate.LATER, "HTTP 429", 7.0, whole=True),
            False,
        ),
        ({"fault": "broken"}, Attempt(Fate.UNCLEAR, "HTTP 500"), False),
        ({"fault": "invalid_number"}, Attempt(Fate.NEVER, "invalid number"), False),
        ({"fault": "closed"}, Attempt(Fate.UNCLEAR, "ServerDisconnectedError"), False),
        ({"fault": "taken_and_closed"}, Attempt(Fate.UNCLEAR, "ServerDisconnectedError"), True),
        ({"fault": "slow", "delay_s": 2.4}, Attempt(Fate.UNCLEAR, "TimeoutError"), True),
    ],
)
async def test_each_answer_has_its_meaning(
    tmp_path: Path, sms: SmsGateway, fault: dict[str, Any], attempt: Attempt, sent: bool
) -> None:
    sms.fault(**fault)
    async with at_the_standin(sms, tmp_path) as door:
        assert await door.post(message()) == attempt
        assert await door.post(message()) == Attempt(Fate.TAKEN)
        for _ in range(20):
            if len(sms.messages()) == 1 + sent:
                break
            await asyncio.sleep(0.05)
    assert len(sms.messages()) == 1 + sent


async def test_a_repeat_under_the_same_id_is_sent_once(tmp_path: Path, sms: SmsGateway) -> None:
    one = message()
    sms.fault("taken_and_closed")
    async with at_the_standin(sms, tmp_path) as door:
        assert (await door.post(one)).fate is Fate.UNCLEAR
        assert (await door.post(one)).fate is Fate.TAKEN
    assert [sent["request_id"] for sent in sms.messages()] == [str(one.id)]
    assert len(sms.attempts()) == 2


async def test_where_nobody_listens_nothing_was_taken(tmp_path: Path) -> None:
    async with hearing() as heard:
        pass
    attempt = await posted(loaded(tmp_path, gateway_file(heard.url)), message())
    assert attempt == Attempt(Fate.LATER, "ClientConnectorError", whole=True)


RULES = (
    Answer(means=Meaning.TAKEN, field="a.b", values=("100", "true")),
    Answer(means=Meaning.NEVER, field="a.b", values=("99",)),
    Answer(means=Meaning.LATER, statuses=(200, 400), field="a.b", values=("7",), reason="full"),
)

UNKNOWN = Attempt(Fate.UNCLEAR, "HTTP 200, with an answer that no rule knows")


@pytest.mark.parametrize(
    ("status", "body", "attempt"),
    [
        (200, b'{"a": {"b": 100}}', Attempt(Fate.TAKEN)),
        (200, b'{"a": {"b": "100"}}', Attempt(Fate.TAKEN)),
        (200, b'{"a": {"b": true}}', Attempt(Fate.TAKEN)),
        (200, b'{"a": {"b": 99}}', Attempt(Fate.NEVER, "a.b is 99")),
        (400, b'{"a": {"b": 7}}', Attempt(Fate.LATER, "full")),
        (200, b'{"a": {"b": "0912345678"}}', UNKNOWN),
        (200, b'{"a": [1]}', UNKNOWN),
        (200, b"<html>", UNKNOWN),
        (400, b'{"a": {"b": 99}}', Attempt(Fate.NEVER, "HTTP 400")),
        (401, b"", Attempt(Fate.LATER, "HTTP 401", whole=True)),
        (429, b"", Attempt(Fate.LATER, "HTTP 429", whole=True)),
        (503, b"", Attempt(Fate.UNCLEAR, "HTTP 503")),
    ],
)
def test_the_first_rule_decides_or_else_the_status(
    status: int, body: bytes, attempt: Attempt
) -> None:
    assert meaning(RULES, status, body, 0.0) == attempt


@given(st.integers(100, 599), st.binary(max_size=60), st.floats(0, 100))
def test_no_answer_is_beyond_understanding(status: int, body: bytes, wait_s: float) -> None:
    attempt = meaning(RULES, status, body, wait_s)
    assert (attempt.fate is Fate.TAKEN) == (not attempt.reason)
