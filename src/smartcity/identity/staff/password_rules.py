"""Which passwords are too easy to guess, as data: NIST SP 800-63B-4, section 3.1.1.2.

What everybody thinks of first (common words, the city, one's own name, rows of keys, repetitions)
counts for nothing. A password needs enough that is not of that kind; what it is made of, and when
it was last changed, is nobody's business.
"""

import re
from collections.abc import Iterable
from typing import Final

from smartcity.text import fold

LENGTH: Final = (12, 256)
"""Characters. NIST asks for length, and for no rules of composition."""

OWN_LETTERS: Final = 6
"""So many letters and digits must be left when the words and rows below are taken out."""

DIFFERENT: Final = 5
"""And so many different ones."""

COMMON: Final = (
    *("password", "passphrase", "passwort", "matkhau", "secret", "letmein", "welcome", "changeme"),
    *("smartcity", "administrator", "admin", "citizen", "handler", "supervisor", "dispatcher"),
    *("operator", "master", "login", "iloveyou", "monkey", "dragon", "football", "sunshine"),
    *("vietnam", "xinchao", "anhyeuem", "emyeuanh", "congan", "chinhquyen", "thanhpho"),
)

ROWS: Final = (
    *("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"),
    *(
        "qwertzuiop",
        "azertyuiop",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
        "qazwsxedcrfvtgbyhnujmikolp",
    ),
)
"""Keys that lie beside each other; they are typed backwards too."""

RUN: Final = 3
"""So many keys of a row in their order are no choice of one's own."""

_REPEATED: Final = re.compile(r"(.{1,6}?)\1{2,}")
_OTHER: Final = re.compile(r"[\W_]+")


def is_common(password: str, names: Iterable[str]) -> bool:
    """Whether guessers come to it soon. `names` are those of the person and of the city."""
    left = _bare(password)
    for word in sorted({*COMMON, *map(_bare, names)}, key=len, reverse=True):
        if len(word) >= RUN:
            left = left.replace(word, " ")
    left = _REPEATED.sub(r"\1", _without_rows(left)).replace(" ", "")
    return len(left) < OWN_LETTERS or len(set(left)) < DIFFERENT


def _bare(text: str) -> str:
    return _OTHER.sub("", fold(text))


def _without_rows(text: str) -> str:
    """The text with a blank for each run of at least `RUN` neighbours."""
    kept: list[str] = []
    place = 0
    while place < len(text):
        run = max(_run(text, place, row) for row in _BOTH_WAYS)
        kept.append(" " if run >= RUN else text[place])
        place += run if run >= RUN else 1
    return "".join(kept)


def _run(text: str, place: int, row: str) -> int:
    """How many letters from there on stand in the row in this order."""
    start = row.find(text[place])
    length = 0
    while (
        start >= 0
        and place + length < len(text)
        and start + length < len(row)
        and text[place + length] == row[start + length]
    ):
        length += 1
    return length


_BOTH_WAYS: Final = (*ROWS, *(row[::-1] for row in ROWS))
