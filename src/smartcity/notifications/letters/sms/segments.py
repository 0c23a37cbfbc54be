"""How many parts a text message has: that is what is paid.

Two alphabets (3GPP TS 23.038): the default one of GSM, 160 letters in one part, where a few signs
take two places; and UCS-2 for every other writing, 70. A longer text goes in parts that say which
they are, and have less room for it: 153 and 67 (TS 23.040, 9.2.3.24.1). Nothing here sends.
"""

import unicodedata
from collections.abc import Callable
from typing import Final

import msgspec

from smartcity.text import unmarked

GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""TS 23.038, 6.2.1: one place each."""

GSM_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
"""TS 23.038, 6.2.1.1: an escape and a letter, which no part may end between."""

LIKE: Final = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "\xa0": " "}
)
"""Signs of good typography and what stands for them in the alphabet of GSM."""


class Alphabet(msgspec.Struct, frozen=True, kw_only=True):
    """`places` counts what one letter takes; `single` and `joined` are the places of a part that
    is alone and of one among several.
    """

    single: int
    joined: int
    places: Callable[[str], int]
    ellipsis: str


def _gsm_places(letter: str) -> int:
    return 2 if letter in GSM_EXTENSION else 1


def _ucs2_places(letter: str) -> int:
    return 2 if ord(letter) > 0xFFFF else 1


GSM_ALPHABET: Final = Alphabet(single=160, joined=153, places=_gsm_places, ellipsis="...")
UCS2_ALPHABET: Final = Alphabet(single=70, joined=67, places=_ucs2_places, ellipsis="…")


def alphabet_of(text: str) -> Alphabet:
    """The one that a text is sent in: a single letter outside GSM's makes it UCS-2."""
    return GSM_ALPHABET if set(text) <= GSM | GSM_EXTENSION else UCS2_ALPHABET


def parts(text: str) -> int:
    """In how many parts a text is sent; an empty one is sent too."""
    return _parts(text, alphabet_of(text))


def sendable(text: str, *, marks: bool) -> str:
    """The text as it goes to the gateway: with its marks, or in the alphabet of GSM alone, where
    what has no likeness there is a question mark.
    """
    text = unicodedata.normalize("NFC", text)
    if marks:
        return text
    plain = unmarked(text.translate(LIKE))
    return "".join(letter if alphabet_of(letter) is GSM_ALPHABET else "?" for letter in plain)


def shortened(text: str, most: int) -> str:
    """The text in at most `most` parts, ending in an ellipsis where it was cut."""
    alphabet = alphabet_of(text)
    if _parts(text, alphabet) <= most:
        return text
    kept, cut = 0, len(text)  # so much fits, so much does not
    while cut - kept > 1:
        middle = (kept + cut) // 2
        if _parts(text[:middle] + alphabet.ellipsis, alphabet) <= most:
            kept = middle
        else:
            cut = middle
    return text[:kept].rstrip() + alphabet.ellipsis


def _parts(text: str, alphabet: Alphabet) -> int:
    places = [alphabet.places(letter) for letter in text]
    if sum(places) <= alphabet.single:
        return 1
    count, room = 1, alphabet.joined
    for taken in places:
        if taken > room:
            count, room = count + 1, alphabet.joined
        room -= taken
    return count
