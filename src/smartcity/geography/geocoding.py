"""Addresses of points and points of addresses: what a service outside must be able to do.

Only workers ask one; nothing that a citizen waits for does.
"""

from typing import Protocol

import msgspec


class Address(msgspec.Struct, frozen=True):
    """What a geocoder found: a place in its own words, and where it is."""

    text: str
    lon: float
    lat: float


class Geocoder(Protocol):
    """Both raise `Unavailable`, with when to try again, if the service does not answer well."""

    async def reverse(self, lon: float, lat: float, language: str) -> str | None:
        """The address of a point, in a language if the service has it; none if there is none."""
        ...

    async def search(self, text: str, language: str) -> list[Address]:
        """Where an address may be, in the city, the likeliest first."""
        ...
