"""How texts are compared, and what is a text at all."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

CONTROL: Final = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"
"""For between the brackets of a pattern: control characters that nobody writes, which are all but
the tabulator and the ends of lines.
"""

_NOT_DRAWN: Final = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Those that are drawn as nothing (Unicode, Default_Ignorable_Code_Point), and the blank of
Braille. Those above U+FFFF stand for themselves: Python and JSON Schema share no escape for them.
"""

_BLANK: Final = rf"\t\n\r \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000{_NOT_DRAWN}"
"""What may stand in a text and cannot be seen."""

UNSEEN: Final = rf"\t\n\r{CONTROL}{_NOT_DRAWN}"
"""For between the brackets of a pattern: what is not seen, but for spaces."""

WRITTEN: Final = rf"^[^{CONTROL}]*$"
"""A pattern: no character that nobody writes."""

READABLE: Final = rf"^[{_BLANK}]*[^\s{UNSEEN}][^{CONTROL}]*$"
"""A pattern: the same, and one character at least that somebody can see."""


def fold(text: str) -> str:
    """The form in which texts are compared: no case, no marks, `đ` as `d`.

    NFC → lower case → NFD, marks dropped → đ→d; unifies the two spellings of Vietnamese tone
    marks (hoà, hòa).
    """
    lowered = unicodedata.normalize("NFC", text).lower()
    bare = (c for c in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(c))
    return "".join(bare).replace("đ", "d")


def unmarked(text: str) -> str:
    """The text as it is written where no marks can be: in its own case, `đ` as `d`, `Đ` as `D`."""
    bare = (c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", "".join(bare)).replace("đ", "d").replace("Đ", "D")


@lru_cache(maxsize=4096)
def folded_words(text: str) -> tuple[str, ...]:
    """The folded words of a text, each once, in order."""
    return tuple(dict.fromkeys(re.findall(r"\w+", fold(text))))


def unnumbered(said: str) -> str:
    """What the system says of an error, without the number that it begins with."""
    return re.sub(r"\[Errno -?\d+\] ", "", said)
