"""What is hidden from the public inside a citizen's own words."""

import re
from typing import Final

import phonenumbers

from smartcity.city.model import City

HIDDEN: Final = "•••"
_MANY_DIGITS: Final = re.compile(r"(?:\d[\s().-]*){7}")


class Mask:
    """Hides phone and identity numbers, as the pack's country writes them."""

    def __init__(self, city: City) -> None:
        self._region = city.region
        self._identity = re.compile(city.identity_pattern) if city.identity_pattern else None

    def __call__(self, text: str) -> str:
        """The text for the public. Most texts hold no long number and cost one search."""
        if not _MANY_DIGITS.search(text):
            return text
        if self._identity is not None:
            text = self._identity.sub(HIDDEN, text)
        found = list(phonenumbers.PhoneNumberMatcher(text, self._region))
        for match in reversed(found):
            text = text[: match.start] + HIDDEN + text[match.end :]
        return text
