"""What is a text that somebody can read."""

import re
import sys
import unicodedata
from typing import Final

import msgspec
import pytest

from smartcity.reports.requests import NewReport, Step
from smartcity.text import READABLE, WRITTEN

EVERY: Final = [chr(code) for code in range(sys.maxunicode + 1)]
NOTHING: Final = {"Cc", "Zs", "Zl", "Zp"}
CONTROLS: Final = {c for c in EVERY if unicodedata.category(c) == "Cc"} - {*"\t\n\r"}
FILLERS: Final = "\u115f\u1160\u3164\uffa0\u2800\u034f\ufe00\ufe0f\U000e0100\U000e01ef\u17b4\u180b"
DIRECTIONS: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
JOINERS: Final = "\u00ad\u200b\u200c\u200d\u2060\ufeff"


def test_blanks_controls_and_what_is_drawn_as_nothing_are_no_text() -> None:
    blank = {c for c in EVERY if unicodedata.category(c) in NOTHING}
    nothing = blank.union(FILLERS, DIRECTIONS, JOINERS)
    assert not re.search(READABLE, "".join(sorted(nothing)))
    assert not re.search(READABLE, "".join(sorted(nothing - CONTROLS)))


def test_a_text_holds_tabulators_and_new_lines_and_no_other_control_character() -> None:
    for pattern in (READABLE, WRITTEN):
        taken = {c for c in EVERY if all(re.search(pattern, text) for text in (f"{c}a", f"a{c}"))}
        assert taken == {*EVERY} - CONTROLS


def test_every_letter_digit_and_sign_is_a_text() -> None:
    seen = [c for c in EVERY if unicodedata.category(c)[0] in "LNPS" and c not in FILLERS]
    assert len(seen) > 100_000
    assert all(re.search(READABLE, c) for c in seen)


@pytest.mark.parametrize(
    "text",
    ["Ổ gà", unicodedata.normalize("NFD", "Ế"), "?", "👍", "👩\u200d🚒", "\u202e1", "❤\ufe0f"],
)
def test_words_with_marks_and_signs_among_what_is_not_seen_are_taken(text: str) -> None:
    assert msgspec.convert({"action": "comment", "text": text}, Step).text == text


@pytest.mark.parametrize("text", ["", "\u200b", "\u3164\u3164", "\n\ufe0f", "\u2067\u2069"])
def test_a_report_that_shows_nothing_is_no_report(text: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="description"):
        msgspec.convert({"category": "pothole", "description": text}, NewReport)
