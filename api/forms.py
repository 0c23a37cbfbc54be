"""What msgspec says of a value that is not of its form: in a word, and in words for people."""

import re
from collections.abc import Callable
from typing import Final

from smartcity.city.messages import KINDS
from smartcity.text import READABLE, WRITTEN

Say = Callable[..., str]
"""The text under a key in the caller's language, with its placeholders filled."""

_KIND: Final = rf"(?:{'|'.join(KINDS)}|null)"
_COUNT: Final = r"(?P<limit>\d+)"
_NUMBER: Final = r"(?P<limit>[-+.\de]+)"
_TEXT: Final = "|".join(re.escape(repr(pattern)) for pattern in (READABLE, WRITTEN))

FORMS: Final = tuple(
    (re.compile(said), reason)
    for said, reason in (
        # what msgspec says                                          in a word: a key of `[fields]`
        (rf"Expected `(?P<kinds>{_KIND}(?: \| {_KIND})*)`(?:, got .*)?", "wrong_kind"),
        (rf"Expected `(?:str|bytes)` of length <= {_COUNT}", "too_long"),
        (rf"Expected `(?:str|bytes)` of length >= {_COUNT}", "too_short"),
        (rf"Expected `(?:array|object)` of (?:at most length|length <=) {_COUNT}.*", "too_many"),
        (rf"Expected `(?:array|object)` of (?:at least length|length >=) {_COUNT}.*", "too_few"),
        (rf"Expected `array` of length {_COUNT}.*", "wrong_count"),
        (rf"Expected `(?:int|float)` >= {_NUMBER}", "too_low"),
        (rf"Expected `(?:int|float)` > {_NUMBER}", "not_above"),
        (rf"Expected `(?:int|float)` <= {_NUMBER}", "too_high"),
        (rf"Expected `(?:int|float)` < {_NUMBER}", "not_below"),
        (r"(?:Number|Integer value|Timestamp is|Duration is) out of range ?", "out_of_range"),
        (r"not between (?P<low>\d+) and (?P<high>\d+)", "wrong_year"),  # `clock.in_utc`
        (rf"Expected `str` matching regex (?:{_TEXT})", "not_readable"),
        (r"Expected `str` matching regex .*", "not_as_written"),
        (r"Expected `(?:datetime|time)` with a timezone component", "without_zone"),
        (r"Invalid UUID.*", "not_an_id"),
        (r"Invalid RFC3339 encoded datetime", "not_a_moment"),
        (r"Invalid RFC3339 encoded date", "not_a_date"),
    )
)
OTHER: Final = "form"


def form_of(message: str, say: Say) -> tuple[str, str]:
    """The reason for what msgspec says, and the text that tells it."""
    for said, reason in FORMS:
        if found := said.fullmatch(message):
            values = found.groupdict()
            if kinds := values.get("kinds"):
                named = [say(f"kinds.{kind}") for kind in kinds.split(" | ") if kind != "null"]
                values["kinds"] = " / ".join(named)
            return reason, say(f"fields.{reason}", **values)
    return OTHER, say(f"fields.{OTHER}")
