"""What is hidden from the public inside a citizen's own words, and so from a search as well."""

import re
from typing import Final

import phonenumbers

from smartcity.city.model import City
from smartcity.text import UNSEEN, fold

HIDDEN: Final = "•••"

_UNBROKEN: Final = re.compile(r"\d{8,}")
"""Nothing that the public must read has so many digits in a row, whatever stands beside them."""

_BROKEN: Final = re.compile(r"[+(]{0,2}\d(?:[\W_]{0,3}\d){6,}")
"""Digits that may be a number together: people put all kinds of signs between."""

_GAP: Final = re.compile(rf"(?<=\d)[\W_{UNSEEN}]+(?=\d)")
_NOT_SEEN: Final = re.compile(rf"(?!\s)[{UNSEEN}\u0300-\u036f\u20d0-\u20ff]+")
"""Marks among it: on a digit they are there for us alone."""

_BLANKS: Final = re.compile(r"\s+")

_CHAIN: Final = re.compile(rf"[+(]{{0,2}}\d(?:[\W_{UNSEEN}]*\d){{6,}}")
"""The same, with any number of signs between: what is hidden in part is hidden whole."""

_SIGNS: Final = re.compile(r"[^\d+().-]")
"""Between digits a space, to the library; a new line too."""

LOOKED_AT: Final = 120
"""So many characters of broken numbers are looked at; a text with more has all of them hidden. The
library takes up to half a millisecond for one, and whoever wants us to be busy writes 500 texts
full of them.
"""


class Mask:
    """Hides phone and identity numbers, as the pack's country writes them."""

    def __init__(self, city: City) -> None:
        self._region = city.region
        self._identity = re.compile(city.identity_pattern) if city.identity_pattern else None

    def __call__(self, text: str) -> str:
        """The text for the public. Most texts hold no long number and cost one search."""
        if not _CHAIN.search(text):
            return text
        seen = _GAP.sub(_as_seen, text)
        masked = self._masked(seen)
        return text if masked == seen else masked

    def _masked(self, text: str) -> str:
        if self._identity is not None:
            text = self._identity.sub(HIDDEN, text)
        text = _UNBROKEN.sub(HIDDEN, text)
        if sum(map(len, _BROKEN.findall(text))) > LOOKED_AT:
            return _BROKEN.sub(HIDDEN, text)
        return _BROKEN.sub(self._in_broken, text)

    def _in_broken(self, found: re.Match[str]) -> str:
        digits = found[0]
        numbers = phonenumbers.PhoneNumberMatcher(_SIGNS.sub(" ", digits), self._region)
        for number in reversed(list(numbers)):
            digits = digits[: number.start] + HIDDEN + digits[number.end :]
        return digits


def _as_seen(gap: re.Match[str]) -> str:
    """What stands between two digits, as people see it: of many blanks one."""
    return _BLANKS.sub(lambda blanks: blanks[0][0], _NOT_SEEN.sub("", gap[0]))


def numbers_in(text: str) -> list[tuple[int, int]]:
    """Where digits stand that may be a number together."""
    return [found.span() for found in _CHAIN.finditer(text)]


def searchable(city: City, description: str, address: str | None) -> str:
    """What a search looks at. With a hidden number in it, anybody could guess it digit by digit."""
    return fold(Mask(city)(f"{description} {address or ''}"))
