"""How texts are compared."""

import re
import unicodedata
from functools import lru_cache


def fold(text: str) -> str:
    """The form in which texts are compared: no case, no marks, `đ` as `d`.

    NFC → lower case → NFD, marks dropped → đ→d; unifies the two spellings of Vietnamese tone
    marks (hoà, hòa).
    """
    lowered = unicodedata.normalize("NFC", text).lower()
    bare = (c for c in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(c))
    return "".join(bare).replace("đ", "d")


@lru_cache(maxsize=4096)
def folded_words(text: str) -> tuple[str, ...]:
    """The folded words of a text, each once, in order."""
    return tuple(dict.fromkeys(re.findall(r"\w+", fold(text))))
