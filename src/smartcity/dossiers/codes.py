"""Dossier codes: `agency-date-number`, as on the receipt of an administrative procedure.

Circular 01/2018/TT-VPCP, art. 19: `000.A0.01.H26-210212-9090`; newer systems write the year with
four digits and a longer number, `G09.20-20260609-0092637`. Codes can be guessed: nothing is shown
for a code alone.
"""

import re
from datetime import date
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
    text = normalise(typed)
    match = _SHAPE.fullmatch(text)
    if match is None or len(text) > LENGTH:
        raise CodeError(typed)
    issuer, day, number = match.groups()
    try:
        day = date.fromisoformat(day if len(day) == 8 else f"20{day}")
    except ValueError as error:
        raise CodeError(typed) from error
    return DossierCode(text=text, issuer=issuer, day=day, number=int(number))
