"""Staff to log in as, and a phone that has reported and follows."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from smartcity.cli.demo.wording import Wording
from smartcity.composition import Composition
from smartcity.errors import Conflict
from smartcity.identifiers import new_code
from smartcity.identity.roles import Role
from smartcity.text import fold

OF_AN_AGENCY: Final = (Role.HANDLER, Role.SUPERVISOR)
OF_THE_CITY: Final = (
    Role.DISPATCHER,
    Role.OPERATOR,
    Role.OPERATIONS,
    Role.ALERTER,
    Role.ADMIN,
    Role.AUDITOR,
)


class Account(msgspec.Struct, frozen=True):
    """A sample account; without a password if it is from an earlier start."""

    username: str
    password: str | None
    works_for: str


class Team(msgspec.Struct, frozen=True):
    """Who works where: agency code → staff id."""

    accounts: list[Account] = []
    handlers: dict[str, UUID] = {}
    supervisors: dict[str, UUID] = {}
    dispatchers: list[UUID] = []


async def add_staff(shared: Composition, agencies: Sequence[str], wording: Wording) -> Team:
    """Add an account for each role, with a random password."""
    city, team = shared.city, Team()
    wanted = [(role, code) for code in agencies for role in OF_AN_AGENCY]
    wanted += [(role, "") for role in OF_THE_CITY]
    for role, agency in wanted:
        username = f"{role}.{agency}" if agency else role.value
        password: str | None = new_code().lower()
        try:
            await shared.staff.add(
                username, password, [role], [agency] if agency else [], name=wording.person()
            )
        except Conflict:
            password = None
        known = await shared.staff_store.by_name(fold(username))
        assert known is not None, "it was just added, or was there before"
        if role is Role.HANDLER:
            team.handlers[agency] = known.id
        if role is Role.SUPERVISOR:
            team.supervisors[agency] = known.id
        if role is Role.DISPATCHER:
            team.dispatchers.append(known.id)
        place = city.agencies[agency].name if agency else city.name
        team.accounts.append(Account(username, password, place[city.languages[0]]))
    return team
