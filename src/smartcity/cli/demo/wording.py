"""Puts sample texts into words: what happened, where, to whom."""

import msgspec

from smartcity.city.model import City
from smartcity.cli.demo.dice import Dice
from smartcity.cli.demo.samples import ELSEWHERE, Samples

HIGHEST_NUMBER = 320


class Spot(msgspec.Struct, frozen=True):
    """Where something is, in words."""

    street: str
    unit: str
    number: str


class Wording:
    """Chooses among the samples of a city and fills them."""

    def __init__(self, city: City, samples: Samples, dice: Dice) -> None:
        self._city = city
        self._samples = samples
        self._dice = dice
        self._texts = {one.category: one.texts for one in samples.sample}
        self._staff = {one.field: one for one in samples.staff}
        self._language = city.languages[0]

    def spot(self, unit: str) -> Spot:
        streets = self._samples.streets
        name = self._city.units[unit].name[self._language]
        kind = self._city.units[unit].kind
        return Spot(
            street=self._dice.one_of(streets.get(unit) or streets[ELSEWHERE]),
            unit=kind + name[len(kind) :] if name.lower().startswith(kind) else name,
            number=str(int(self._dice.between(2, HIGHEST_NUMBER))),
        )

    def description(self, category: str, spot: Spot) -> str:
        return self._filled(self._texts[category], spot)

    def address(self, spot: Spot) -> str:
        return self._filled(self._samples.addresses, spot)

    def answer(self, category: str, spot: Spot) -> str:
        return self._filled(self._staff[self._field(category)].resolved, spot)

    def question(self, category: str, spot: Spot) -> str:
        return self._filled(self._staff[self._field(category)].questions, spot)

    def rejection(self, spot: Spot) -> tuple[str, str]:
        """A reason's code, and the words with it."""
        one = self._dice.one_of(self._samples.rejection)
        return one.reason, self._filled(one.texts, spot)

    def phrase(self, kind: str, spot: Spot) -> str:
        """One of `Phrases`."""
        return self._filled(getattr(self._samples.phrases, kind), spot)

    def person(self) -> str:
        """Nobody's name."""
        names = self._samples.people
        parts = (names.surnames, names.middles, names.givens)
        return " ".join(self._dice.one_of(part) for part in parts)

    def _field(self, category: str) -> str:
        return self._city.categories[category].field

    def _filled(self, templates: tuple[str, ...], spot: Spot) -> str:
        words = {name: self._dice.one_of(texts) for name, texts in self._samples.words.items()}
        text = self._dice.one_of(templates).format_map(words | msgspec.structs.asdict(spot))
        return text[0].upper() + text[1:]
