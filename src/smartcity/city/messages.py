"""The texts that the software shows: its own words, or the pack's in their place.

The own words stand beside the packs, in `config/messages.<language>.toml`.
"""

import string
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, cast

import msgspec

from smartcity.city.mistakes import Mistake
from smartcity.city.reading import Page
from smartcity.city.texts import Messages
from smartcity.errors import every_error
from smartcity.settings import PROJECT

STATUSES: Final = (
    "held",
    "submitted",
    "received",
    "in_progress",
    "waiting",
    "resolved",
    "rejected",
    "merged",
    "withdrawn",
    "closed",
)

DOSSIER_STATUSES: Final = range(1, 12)
"""The ten national codes, and 11, which one adapter sends for a refusal."""

NOTIFICATIONS: Final = (
    "submit",
    "release",
    "pressing",
    "receive",
    "receive_near",
    "transfer",
    "correct",
    "assign",
    "start",
    "ask",
    "answer",
    "extend",
    "refuse_extension",
    "resolve",
    "resolve_followed",
    "resolve_confirmed",
    "resolve_near",
    "reject",
    "merge",
    "unmerge",
    "accept",
    "reopen",
    "withdraw",
    "close",
    "lapse",
    "warn",
    "warn_task",
    "remind",
    "announce",
    "proceed",
    "escalate",
    "comment",
    "disclose",
    "dossier_changed",
    "dossier_collect",
    "digest",
    "digest_staff",
    "alert_issued",
    "alert_updated",
    "alert_cancelled",
)
"""What people are told of: the report's actions (a note is told to nobody), and a few more."""

SMS: Final = (
    "submit",
    "release",
    "ask",
    "remind",
    "resolve",
    "reject",
    "lapse",
    "disclose",
)
"""What callers are told by text message: what they wait for, and nothing else, for it costs money.
"""

FIGURES: Final = (
    "open",
    "submitted",
    "received",
    "in_progress",
    "waiting",
    "overdue",
    "at_risk",
    "arrived",
    "resolved",
    "rejected",
    "closed",
    "received_on_time",
    "finished_on_time",
    "hours_to_resolve",
)

FIELDS: Final = (
    "wrong_kind",
    "too_long",
    "too_short",
    "too_many",
    "too_few",
    "wrong_count",
    "too_low",
    "not_above",
    "too_high",
    "not_below",
    "out_of_range",
    "wrong_year",
    "not_as_written",
    "not_readable",
    "without_zone",
    "not_an_id",
    "not_a_moment",
    "not_a_date",
    "form",
)
"""What can be wrong with the form of a value."""

KINDS: Final = ("str", "int", "float", "bool", "array", "object")
"""What a value can be."""

EMAIL: Final = (
    "more",
    "link",
    "why",
    "stop",
    "confirm_title",
    "confirm_body",
    "stop_title",
    "stop_ask",
    "stop_button",
    "stop_done",
)
"""The words around what a mail tells, and of the page on which one unsubscribes."""

PLACEHOLDERS: Final[Mapping[str, frozenset[str]]] = {
    "notifications": frozenset({"code", "category", "agency", "unit", "status"}),
    "sms": frozenset({"code", "category", "agency", "unit", "status", "hotline", "secret"}),
    "notifications.digest.title": frozenset(),
    "notifications.digest.body": frozenset({"moved", "received", "resolved"}),
    "notifications.digest_staff.title": frozenset(),
    "notifications.digest_staff.body": frozenset({"open", "at_risk", "overdue"}),
    "status": frozenset(),
    "formats": frozenset(),
    "merging": frozenset(),
    "alerts": frozenset({"headline"}),
    "alerts.feed": frozenset({"city"}),
    "figures": frozenset(),
    "privacy": frozenset(),
    "email": frozenset({"city", "title", "count", "secret", "address"}),
    "fields": frozenset({"kinds", "limit", "low", "high"}),
    "kinds": frozenset(),
    "dossier_status": frozenset(),
    "dossier_status.unknown": frozenset({"status"}),
}
"""Key or section → what its texts may be filled with; an error's text, with what it carries."""


class Text(msgspec.Struct, frozen=True):
    """One text, where it stands, and the placeholders it has."""

    page: Page
    text: str
    placeholders: frozenset[str]


def required_keys() -> Iterator[str]:
    """Every key that the software asks for."""
    yield from (f"errors.{error.code}" for error in every_error())
    yield from (f"status.{status}" for status in STATUSES)
    yield from (f"dossier_status.{number}" for number in DOSSIER_STATUSES)
    yield "dossier_status.unknown"
    yield from (f"fields.{reason}" for reason in FIELDS)
    yield from (f"kinds.{kind}" for kind in KINDS)
    yield "formats.moment"
    yield "merging.freed"
    yield from ("alerts.updated", "alerts.cancelled", "alerts.feed")
    for action in NOTIFICATIONS:
        yield from (f"notifications.{action}.title", f"notifications.{action}.body")
    yield from (f"sms.{action}" for action in SMS)
    yield "privacy.erased"
    yield from (f"email.{text}" for text in EMAIL)
    for figure in FIGURES:
        yield from (f"figures.{figure}.name", f"figures.{figure}.meaning")


def read_messages(folder: Path, languages: Sequence[str], mistakes: list[Mistake]) -> Messages:
    """The texts of a pack in its languages; says what is missing, malformed or out of step."""
    texts: dict[str, dict[str, Text]] = {}
    for language in languages:
        name = f"messages.{language}.toml"
        base = Page(_base(folder) / name, mistakes, name=f"../{name}")
        own = Page(folder / name, mistakes)
        words = dict(_texts(base)) if base.path.exists() else {}
        if own.path.exists():
            words |= _overriding(own, words)
        texts[language] = words
    _say_missing(folder, texts, mistakes)
    _say_different(texts)
    return Messages(
        {
            language: {key: text.text for key, text in words.items()}
            for language, words in texts.items()
        }
    )


def placeholders(text: str) -> frozenset[str]:
    """The names in braces. Raises `ValueError` for braces that hold anything but a plain name."""
    names: set[str] = set()
    for _, name, form, conversion in string.Formatter().parse(text):
        if name is None:
            continue
        if not name.isidentifier() or form or conversion:
            raise ValueError(f"{{{name}}} is not a plain name in braces")
        names.add(name)
    return frozenset(names)


def _base(folder: Path) -> Path:
    """Where the software's own words are: beside the pack, or in the project."""
    beside = folder.absolute().parent
    return beside if any(beside.glob("messages.*.toml")) else PROJECT / "config"


def _texts(page: Page) -> Iterator[tuple[str, Text]]:
    """The well-formed texts of a file by their dotted keys."""
    for key, value in _leaves("", page.toml()):
        if not isinstance(value, str) or not value.strip():
            page.wrong(key, "must be a text that is not empty")
            continue
        try:
            used = placeholders(value)
        except ValueError as error:
            page.wrong(key, f"has braces that cannot be filled: {error}")
            continue
        allowed = PLACEHOLDERS.get(key, PLACEHOLDERS.get(key.partition(".")[0], used))
        for name in sorted(used - allowed):
            page.wrong(key, f"has {{{name}}}, which is never filled there")
        yield key, Text(page, value, used)


def _overriding(own: Page, words: Mapping[str, Text]) -> dict[str, Text]:
    """The pack's texts; they may say less than the words they replace, and not more."""
    texts = dict(_texts(own))
    for key, text in texts.items():
        replaced = words.get(key)
        if replaced is None or key.partition(".")[0] in PLACEHOLDERS:
            continue
        for name in sorted(text.placeholders - replaced.placeholders):
            own.wrong(key, f"has {{{name}}}, which is never filled there")
    return texts


def _leaves(prefix: str, table: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(f"{prefix}{key}.", cast(Mapping[str, object], value))
        else:
            yield f"{prefix}{key}", value


def _say_missing(
    folder: Path, texts: Mapping[str, Mapping[str, Text]], mistakes: list[Mistake]
) -> None:
    every_key = set(required_keys()).union(*texts.values())
    for language, words in texts.items():
        page = Page(folder / f"messages.{language}.toml", mistakes)
        if not words:
            page.wrong("", f"neither the pack nor the software has texts in {language}")
            continue
        for key in sorted(every_key - words.keys()):
            page.wrong(key, "is missing")


def _say_different(texts: Mapping[str, Mapping[str, Text]]) -> None:
    """A placeholder that one language has and another has not was forgotten in one of them."""
    for words in texts.values():
        for key, text in words.items():
            others = (other[key].placeholders for other in texts.values() if key in other)
            for name in sorted(frozenset[str]().union(*others) - text.placeholders):
                text.page.wrong(key, f"lacks {{{name}}}, which another language has")
