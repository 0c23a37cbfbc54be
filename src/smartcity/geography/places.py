"""Places by their names: the units of today and of before a reform, as people write them."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

import msgspec

from smartcity.city.model import City, FormerUnit
from smartcity.text import fold, folded_words

TEXT_CHARACTERS: Final = 200
"""How much of a text is looked at."""

CANDIDATES: Final = 20

_SEPARATORS: Final = re.compile(r"[,;/\n]+")


class PlaceCandidate(msgspec.Struct, frozen=True):
    """A place that a text may mean: a unit of today, or a former one with those that took it over.

    `units` are today's codes, the likeliest first.
    """

    units: tuple[str, ...]
    former: FormerUnit | None = None


class _Names(msgspec.Struct, frozen=True):
    """What a place is called and what it lies in, ready to be compared.

    A word stands in a line behind a space, so that one search finds it or its beginning.
    """

    own: frozenset[str]
    folded: str
    marked: str
    first: str


class _Part(msgspec.Struct, frozen=True):
    """What stands between two commas of a text, as the names are compared with it."""

    folded: tuple[str, ...]
    marked: tuple[str, ...]


class _Rank(msgspec.Struct, frozen=True, order=True):
    """How well a place fits; the smallest comes first."""

    parts_missed: int
    other_marks: bool
    words_outside_name: int
    words_left_over: int
    former: bool
    name: str


def find_places(city: City, text: str) -> list[PlaceCandidate]:
    """The places that a text like `Phường Cống Vị, Ba Đình` may mean, the best first.

    Case and marks do not count, though a name with the same marks comes before others; words may
    be cut off at their end. A text's parts (between commas) that name nothing, such as a house
    number, are passed over, but only the places that most parts fit are answered; at most
    `CANDIDATES`. A millisecond for 652 places.
    """
    parts = list(_parts(text[:TEXT_CHARACTERS]))
    ranked: list[tuple[_Rank, PlaceCandidate]] = []
    for units, former, names in _every_place(city):
        fitting = [part for part in parts if _all_begin(part.folded, names.folded)]
        if fitting:
            rank = _rank(fitting, names, missed=len(parts) - len(fitting), former=bool(former))
            ranked.append((rank, PlaceCandidate(units, former)))
    ranked.sort(key=lambda pair: pair[0])
    best = [c for rank, c in ranked if rank.parts_missed == ranked[0][0].parts_missed]
    return best[:CANDIDATES]


def _parts(text: str) -> Iterator[_Part]:
    for part in _SEPARATORS.split(text):
        if words := folded_words(part):
            yield _Part(words, tuple(_marked_words(part)))


def _every_place(city: City) -> Iterator[tuple[tuple[str, ...], FormerUnit | None, _Names]]:
    """Every place: today's units, the former one that it is, its names."""
    for unit in city.units.values():
        parent = city.units.get(unit.parent or "")
        around = () if parent is None else tuple(parent.name.values())
        yield (unit.code,), None, _names(tuple(unit.name.values()), around)
    for former in city.former_units:
        yield former.now, former, _names((former.name,), (former.area,))


@lru_cache(maxsize=8192)
def _names(own: tuple[str, ...], around: tuple[str, ...]) -> _Names:
    """A place's own names in every language, and those of what it lies in."""
    every = own + around
    return _Names(
        own=frozenset(word for name in own for word in folded_words(name)),
        folded=_line(word for name in every for word in folded_words(name)),
        marked=_line(word for name in every for word in _marked_words(name)),
        first=fold(own[0]),
    )


def _rank(fitting: Sequence[_Part], names: _Names, *, missed: int, former: bool) -> _Rank:
    asked = {word for part in fitting for word in part.folded}
    return _Rank(
        parts_missed=missed,
        other_marks=not all(_all_begin(part.marked, names.marked) for part in fitting),
        words_outside_name=len(asked - names.own),
        words_left_over=len(names.own - asked),
        former=former,
        name=names.first,
    )


def _all_begin(words: Iterable[str], line: str) -> bool:
    """Whether every word is one of the line's or the beginning of one."""
    return all(f" {word}" in line for word in words)


def _line(words: Iterable[str]) -> str:
    return "".join(f" {word}" for word in words)


def _marked_words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFC", text).lower())
