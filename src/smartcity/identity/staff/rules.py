"""What makes an account, for whom it acts, and who may manage whose."""

from collections.abc import Collection
from typing import Final

from smartcity.city.model import City
from smartcity.errors import FieldError
from smartcity.identity.roles import STAFF, Actor, Role
from smartcity.identity.staff.model import Staff
from smartcity.identity.staff.password_rules import LENGTH as PASSWORD_LENGTH
from smartcity.identity.staff.password_rules import is_common
from smartcity.settings import SettingsError
from smartcity.text import fold

NAME_LENGTH: Final = (1, 100)

OF_AN_AGENCY: Final = frozenset({Role.HANDLER, Role.SUPERVISOR})
"""Roles that mean nothing without an agency."""


def roles_in(listed: str) -> frozenset[Role]:
    """The roles that the setting `totp_roles` lists. Raises `SettingsError` for any other word."""
    words = {word.strip() for word in listed.split(",")} - {""}
    if unknown := sorted(words - STAFF):
        raise SettingsError(f"totp_roles: {', '.join(unknown)}: no role of staff")
    return frozenset(Role(word) for word in words)


def manages_all(actor: Actor) -> bool:
    """An administrator manages every account; a supervisor those below (`may_manage`)."""
    return Role.ADMIN in actor.roles


def may_manage(actor: Actor, roles: Collection[Role], agencies: Collection[str]) -> bool:
    """Whether an account of these roles and agencies is the actor's to manage: a supervisor's are
    those of agencies they act for, with no other agency and no other role besides. Asked before a
    change and of what comes of it, so nobody is raised above their manager.
    """
    if manages_all(actor):
        return True
    of_theirs = bool(agencies) and actor.agencies.issuperset(agencies)
    return Role.SUPERVISOR in actor.roles and of_theirs and OF_AN_AGENCY.issuperset(roles)


def acts_for(staff: Staff, city: City) -> frozenset[str]:
    """The agencies an account acts for: its own and, for a supervisor, all below them."""
    if Role.SUPERVISOR not in staff.roles:
        return staff.agencies
    return frozenset[str]().union(*(city.below(agency) for agency in staff.agencies))


def mistakes(
    username: str,
    password: str | None,
    roles: Collection[str],
    agencies: Collection[str],
    city: City,
) -> list[FieldError]:
    """What is wrong with an account that somebody wants to have; `password` if they chose one."""
    wrong = {
        "username": _off(username, NAME_LENGTH),
        "password": "" if password is None else weakness(password, username, city),
        "roles": _not_among(roles, STAFF) or ("" if roles else "required"),
        "agencies": _not_among(agencies, city.agencies) or _missing(roles, agencies),
    }
    return [FieldError(field, reason) for field, reason in wrong.items() if reason]


def weakness(password: str, username: str, city: City) -> str:
    """Why a password is not taken; empty if it is."""
    names = (username, city.code, *city.name.values())
    return (
        _off(password, PASSWORD_LENGTH)
        or ("user_name" if fold(password) == fold(username) else "")
        or ("too_common" if is_common(password, names) else "")
    )


def _off(text: str, length: tuple[int, int]) -> str:
    shortest, longest = length
    if len(text) < shortest:
        return "too_short"
    return "too_long" if len(text) > longest else ""


def _not_among(given: Collection[str], known: Collection[str]) -> str:
    return "unknown" if any(one not in known for one in given) else ""


def _missing(roles: Collection[str], agencies: Collection[str]) -> str:
    return "required" if not agencies and not OF_AN_AGENCY.isdisjoint(roles) else ""
