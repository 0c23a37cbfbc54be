"""What makes an account, and for whom it acts."""

from collections.abc import Collection
from typing import Final

from smartcity.city.model import City
from smartcity.errors import FieldError
from smartcity.identity.roles import STAFF, Role
from smartcity.identity.staff.model import Staff
from smartcity.text import fold

PASSWORD_LENGTH: Final = (12, 256)
"""NIST SP 800-63B-4 asks for length, and for no rules of composition."""

NAME_LENGTH: Final = (1, 100)

OF_AN_AGENCY: Final = frozenset({Role.HANDLER, Role.SUPERVISOR})
"""Roles that mean nothing without an agency."""


def acts_for(staff: Staff, city: City) -> frozenset[str]:
    """The agencies an account acts for: its own and, for a supervisor, all below them."""
    if Role.SUPERVISOR not in staff.roles:
        return staff.agencies
    return frozenset[str]().union(*(city.below(agency) for agency in staff.agencies))


def mistakes(
    username: str, password: str, roles: Collection[str], agencies: Collection[str], city: City
) -> list[FieldError]:
    """What is wrong with an account that somebody wants to add."""
    wrong = {
        "username": _off(username, NAME_LENGTH),
        "password": _off(password, PASSWORD_LENGTH) or _same(username, password),
        "roles": _not_among(roles, STAFF) or ("" if roles else "required"),
        "agencies": _not_among(agencies, city.agencies) or _missing(roles, agencies),
    }
    return [FieldError(field, reason) for field, reason in wrong.items() if reason]


def _off(text: str, length: tuple[int, int]) -> str:
    shortest, longest = length
    if len(text) < shortest:
        return "too_short"
    return "too_long" if len(text) > longest else ""


def _same(username: str, password: str) -> str:
    return "user_name" if fold(password) == fold(username) else ""


def _not_among(given: Collection[str], known: Collection[str]) -> str:
    return "unknown" if any(one not in known for one in given) else ""


def _missing(roles: Collection[str], agencies: Collection[str]) -> str:
    return "required" if not agencies and not OF_AN_AGENCY.isdisjoint(roles) else ""
