"""The city pack: what makes the software this city's. Load, check, look up; nothing is written.

`model` is what a city is made of, of the stuff in `base`; `answers` are what officials answer with.
`pack` loads one: `reading`, `sheets` and `times` understand its files, `draft` is what was read,
`check` and `check_answers` say what must hold in it. `messages` are the texts people read,
`language` says which of the city's languages a caller reads.
"""

from smartcity.city.mistakes import Mistake, PackError
from smartcity.city.model import City
from smartcity.city.pack import load_city

__all__ = ["City", "Mistake", "PackError", "load_city"]
