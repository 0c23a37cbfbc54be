"""The gateway that text messages leave through, as the file describes it that `sms_gateway` names.

Any that takes one message by one HTTP request, in JSON or as a form. What is filled in is a value
in a structure and never a piece of a text that is parsed again, so that no message can become
anything else. The secrets stand in files of their own or in a setting, not in this file.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast

import msgspec
from msgspec import Meta

from smartcity.city.messages import placeholders
from smartcity.city.mistakes import Mistake
from smartcity.city.reading import Page
from smartcity.city.values import Struct
from smartcity.identity.oidc.issuers import is_safe
from smartcity.settings import PROJECT, SettingsError

FILLED: Final = frozenset({"to", "text", "id", "sender"})
"""Placeholders of a message; beside them, the names of the secrets."""

SETTINGS_OWN: Final = "secret"
"""The placeholder that the setting `sms_secret` fills."""

IN_HEADERS: Final = frozenset({"id", "sender"})
"""What people wrote, and whom it is for, does not stand in a header."""

Text = Annotated[str, Meta(min_length=1, max_length=500)]
Status = Annotated[int, Meta(ge=100, le=599)]
OneLine = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]{1,500}\Z")]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}\Z")]
"""A header's (RFC 9110, 5.6.2)."""


class Numbers(StrEnum):
    """How a phone number is written for the gateway."""

    E164 = "e164"  # +84912345678
    DIGITS = "digits"  # 84912345678
    NATIONAL = "national"  # 0912345678


class Meaning(StrEnum):
    """What an answer says of a message."""

    TAKEN = "taken"
    NEVER = "never"  # it is refused, and would be again
    LATER = "later"  # it was not taken now


class Answer(Struct, frozen=True, kw_only=True):
    """A rule: such an answer has this meaning. `field` leads into the answer's JSON by names with
    dots between, and `values` are those that it may have there.
    """

    means: Meaning
    statuses: Annotated[tuple[Status, ...], Meta(min_length=1)] = (200,)
    field: Text | None = None
    values: tuple[Text, ...] = ()
    reason: Annotated[str, Meta(max_length=100)] = ""


class Gateway(Struct, frozen=True, kw_only=True):
    """What the file holds. `repeats_dropped`: of two messages with one `{id}` the gateway sends
    one, so that a message whose answer was lost is not paid twice. `secrets`: name → file.
    """

    url: Text
    method: Literal["POST", "GET", "PUT"] = "POST"
    sender: Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]{0,50}\Z")] = ""
    numbers: Numbers = Numbers.E164
    repeats_dropped: bool = False
    timeout_s: Annotated[float, Meta(gt=0, le=60)] = 10.0
    per_second: Annotated[int, Meta(ge=1, le=1000)] = 10
    headers: Mapping[Name, OneLine] = {}
    query: Mapping[Text, Text] = {}
    json: Mapping[str, Any] | None = None
    form: Mapping[Text, Text] | None = None
    secrets: Mapping[Text, Text] = {}
    answer: tuple[Answer, ...] = ()

    def templates(self) -> Iterator[tuple[str, str]]:
        """Every text in which something may be filled, with its place in the file."""
        for part, values in (("headers", self.headers), ("query", self.query)):
            yield from _leaves(part, values)
        yield from _leaves("json", self.json or {})
        yield from _leaves("form", self.form or {})


class OpenGateway(msgspec.Struct, frozen=True):
    """A gateway with what its secrets are. Never logged."""

    gateway: Gateway
    secrets: Mapping[str, str]


class GatewayError(SettingsError):
    """A gateway's file that cannot be used, with every mistake that was found in it."""

    def __init__(self, path: Path, mistakes: list[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        lines = "\n".join(f"  {mistake}" for mistake in mistakes)
        super().__init__(f"sms_gateway: {path} cannot be used:\n{lines}")


def load_gateway(file: str, secret: str) -> OpenGateway | None:
    """The gateway of a file; none without a file. `secret` is the setting's.

    Raises `GatewayError` with every mistake in the file, never with the first.
    """
    if not file:
        return None
    path = Path(file) if Path(file).is_file() else PROJECT / file
    mistakes: list[Mistake] = []
    page = Page(path, mistakes)
    table = page.toml()
    gateway = page.struct(Gateway, table, "") if page.readable else None
    if gateway is None:
        raise GatewayError(path, mistakes)
    secrets = _secrets(gateway, secret, path.parent, page)
    _check(gateway, secrets, page)
    if mistakes:
        raise GatewayError(path, mistakes)
    return OpenGateway(gateway, secrets)


def _secrets(gateway: Gateway, setting: str, beside: Path, page: Page) -> dict[str, str]:
    secrets = {SETTINGS_OWN: setting} if setting else {}
    if not setting.isprintable():
        page.wrong("", "the setting sms_secret holds more than one line of text")
    for name, file in gateway.secrets.items():
        where = f"secrets.{name}"
        if not name.isidentifier() or name in FILLED | {SETTINGS_OWN}:
            page.wrong(where, "is not a name that a secret can have here")
            continue
        try:
            secrets[name] = (beside / file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            page.wrong(where, f"{file} cannot be read: {type(error).__name__}")
            continue
        if not secrets[name].isprintable():
            page.wrong(where, f"{file} holds more than one line of text")
        if not secrets[name]:
            page.wrong(where, f"{file} is empty")
    return secrets


def _check(gateway: Gateway, secrets: Mapping[str, str], page: Page) -> None:
    """What must hold between well-formed things."""
    if not is_safe(gateway.url):
        page.wrong("url", "must begin with https://, or lead to this machine")
    if gateway.json is not None and gateway.form is not None:
        page.wrong("form", "a request has [json] or [form], not both")
    if gateway.method == "GET" and (gateway.json is not None or gateway.form is not None):
        page.wrong("method", "a GET has no [json] and no [form]; use [query]")
    used = set[str]()
    for where, text in gateway.templates():
        used |= _names(where, text, gateway, secrets, page)
    needed = ("to", "text", "id") if gateway.repeats_dropped else ("to", "text")
    for name in sorted(set(needed) - used):
        page.wrong("", f"{{{name}}} stands nowhere")
    if "sender" in used and not gateway.sender:
        page.wrong("sender", "is missing, and {sender} is used")
    for name in sorted(gateway.secrets.keys() - used):
        page.wrong(f"secrets.{name}", "is used nowhere")
    for number, answer in enumerate(gateway.answer, 1):
        if (answer.field is None) != (not answer.values):
            page.wrong(f"answer[{number}]", "has a field and its values, or neither")


def _names(
    where: str, text: str, gateway: Gateway, secrets: Mapping[str, str], page: Page
) -> frozenset[str]:
    try:
        names = placeholders(text)
    except ValueError as error:
        page.wrong(where, f"has braces that cannot be filled: {error}")
        return frozenset()
    in_header = where.startswith("headers.")
    known = IN_HEADERS if in_header else FILLED
    for name in sorted(names - known - secrets.keys() - gateway.secrets.keys()):
        if name == SETTINGS_OWN:
            page.wrong(where, "has {secret}, and the setting sms_secret is empty")
        else:
            place = " in a header" if in_header else ""
            page.wrong(where, f"has {{{name}}}, which is never filled{place}")
    return names


def _leaves(where: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for key, inner in cast(Mapping[str, object], value).items():
            yield from _leaves(f"{where}.{key}", inner)
    elif isinstance(value, list):
        for number, inner in enumerate(cast(list[object], value), 1):
            yield from _leaves(f"{where}[{number}]", inner)
