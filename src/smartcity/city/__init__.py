"""The city pack: what makes the software this city's. Load, check, look up; nothing is written.

`model` is what a city is made of, of such `values` as codes and texts; `policies` are its decisions
on time, personal data and bursts, `answers` what officials answer with, `texts` what people read.
`pack` loads one: `reading`, `sheets` and `times` understand its files, `messages` the texts,
`draft` is what was read, `check` and `check_answers` say what must hold in it. `language` says
which of the city's languages a caller reads.
"""

from smartcity.city.mistakes import Mistake, PackError
from smartcity.city.model import City
from smartcity.city.pack import load_city

__all__ = ["City", "Mistake", "PackError", "load_city"]
