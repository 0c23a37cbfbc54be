"""The topics by which many phones are told at once: what they are called, which a device is to
have, and the door through which FCM is told so.

An alert is for units closed upwards and downwards (`alerts.area`), and names all of them. So a
device has the topics of just those that it follows: with those above besides, it would hear of
what concerns only its neighbours.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from smartcity.city.model import City
from smartcity.identity.devices.model import PushAddress
from smartcity.notifications.push import PushResult

AT_ONCE: Final = 1000
"""So many addresses are subscribed by one call at the most."""


def unit_topic(unit: str, language: str) -> str:
    return f"unit-{unit}-{language}"


def city_topic(language: str) -> str:
    """Everybody's, whatever they follow."""
    return f"city-{language}"


def topics_of(units: Iterable[str], language: str, city: City) -> frozenset[str]:
    """What a device is to be subscribed to. In a language that the city has no more, it hears what
    the city says first.
    """
    spoken = city.spoken(language)
    return frozenset({city_topic(spoken), *(unit_topic(unit, spoken) for unit in units)})


class Subscriber(Protocol):
    async def change(
        self, topic: str, addresses: Sequence[PushAddress], *, subscribe: bool
    ) -> list[PushResult]:
        """Subscribe up to `AT_ONCE` addresses to a topic, or end that, and answer in their order.
        Idempotent; raises nothing for an address.
        """
        ...
