"""Which of the city's languages a caller reads (RFC 9110, section 12.5.4)."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

RANGE: Final = re.compile(
    r"\s*(?P<tag>\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)"
    r"\s*(?:;\s*[qQ]\s*=\s*(?P<quality>0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?"
)
"""One part of the header; a part of another form is passed over."""

LONGEST: Final = 1000
"""Characters of a header that are read; browsers send less than a hundred."""


def negotiate(accept_language: str, languages: Sequence[str]) -> str:
    """The language that fits best: by quality, then by the header's order, then by the city's.

    `en-GB` is served by `en`, and `pt` by `pt-BR`; a quality of 0 refuses a language. Where nothing
    fits, the first: an answer in another language is better than none.
    """
    return _negotiate(accept_language[:LONGEST], tuple(languages))


@lru_cache(maxsize=1024)
def _negotiate(header: str, languages: tuple[str, ...]) -> str:
    found = (RANGE.fullmatch(part) for part in header.split(","))
    ranges = [(m["tag"].lower(), float(m["quality"] or 1)) for m in found if m is not None]
    best, best_rank = languages[0], (0.0, 0)
    for language in languages:
        rank = _rank(language.lower(), ranges)
        if rank > best_rank:
            best, best_rank = language, rank
    return best


def _rank(language: str, ranges: Sequence[tuple[str, float]]) -> tuple[float, int]:
    """The quality that the most telling range gives a language, and how early it stands."""
    telling, rank = -1, (0.0, 0)
    for place, (tag, quality) in enumerate(ranges):
        says = _telling(tag, quality, language)
        if says > telling:
            telling, rank = says, (quality, -place)
    return rank


def _telling(tag: str, quality: float, language: str) -> int:
    """How much a range says about a language; -1 for nothing."""
    if tag == language:
        return 3
    if language.startswith(f"{tag}-"):
        return 2
    if tag.startswith(f"{language}-") and quality > 0:  # refusing en-GB does not refuse en
        return 1
    return 0 if tag == "*" else -1
