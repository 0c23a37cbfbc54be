"""Dossier codes: `agency-date-number`, as on the receipt of an administrative procedure.

Circular 01/2018/TT-VPCP, art. 19: `000.A0.01.H26-210212-9090`; newer systems write the year with
four digits and a longer number, `G09.20-20260609-0092637`. Codes can be guessed: nothing is shown
for a code alone.
"""

import re
from datetime import date
from functools import lru_cache
from typing import Final

import msgspec

LENGTH: Final = 64
"""No code is longer."""

_SHAPE: Final = re.compile(r"([A-Z0-9.]+)-(\d{6}|\d{8})-(\d{4,7})", re.ASCII)
_SPACE: Final = re.compile(r"\s+")
_DASHES: Final = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")


class CodeError(ValueError):
    """Not a dossier code."""


class DossierCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code taken apart: who issued it, the day of it, its number on that day."""

    text: str
    issuer: str
    day: date
    number: int


def normalise(typed: str) -> str:
    """A code as it is kept, whatever the case, the spaces and the dashes it was typed with."""
    return _SPACE.sub("", typed).translate(_DASHES).upper()


def parse(typed: str) -> DossierCode:
    """Take a code apart. Raises `CodeError` where the shape is wrong or the day does not exist."""
    match = _SHAPE.fullmatch(typed) or _SHAPE.fullmatch(normalise(typed))
    if match is None or len(match[0]) > LENGTH:
        raise CodeError(typed)
    text, issuer, day, number = match[0], *match.groups()
    try:
        return DossierCode(text=text, issuer=issuer, day=_day(day), number=int(number))
    except ValueError as error:
        raise CodeError(typed) from error


@lru_cache(maxsize=4096)
def _day(digits: str) -> date:
    return date.fromisoformat(digits if len(digits) == 8 else f"20{digits}")
