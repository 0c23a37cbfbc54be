"""The city pack: what makes the software this city's. Load, check, look up; nothing is written.

`model.py` is what a city is made of, `pack.py` loads one, `check.py` says what must hold in it.
"""

from smartcity.city.mistakes import Mistake, PackError
from smartcity.city.model import City
from smartcity.city.pack import load_city

__all__ = ["City", "Mistake", "PackError", "load_city"]
