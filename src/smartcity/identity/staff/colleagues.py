"""Who works with whom: the people of an agency, by name."""

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

import msgspec

from smartcity.city.model import City
from smartcity.identity.roles import Role
from smartcity.identity.staff.model import Staff
from smartcity.identity.staff.rules import acts_for
from smartcity.identity.staff.store import StaffStore

HANDLING: Final = frozenset({Role.HANDLER, Role.SUPERVISOR})
"""Who works on reports."""


class Colleague(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom a report can be assigned to."""

    id: UUID
    name: str


class Colleagues:
    def __init__(self, staff: StaffStore, city: City) -> None:
        self._staff = staff
        self._city = city

    async def of(self, agency: str) -> list[Colleague]:
        """Those who may work on an agency's reports, by their names: its own people, and the
        supervisors of the agencies above it.
        """
        found = await self._staff.of_agencies(self._above(agency))
        working = [one for one in found if self._works_for(one, agency)]
        return sorted(
            (Colleague(id=one.id, name=one.name) for one in working),
            key=lambda one: (one.name.casefold(), one.id),
        )

    async def works_for(self, staff: UUID, agency: str) -> bool:
        """Whether somebody may work on an agency's reports today."""
        found = await self._staff.get(staff)
        return found is not None and self._works_for(found, agency)

    async def includes(self, somebody: UUID) -> bool:
        """Whether this is the id of a staff account, open or not."""
        return await self._staff.get(somebody) is not None

    async def names(self, staff: Collection[UUID]) -> Mapping[UUID, str]:
        """What they are called, also those who have left."""
        return await self._staff.names(staff) if staff else {}

    def _works_for(self, staff: Staff, agency: str) -> bool:
        return (
            staff.disabled_at is None
            and not HANDLING.isdisjoint(staff.roles)
            and agency in acts_for(staff, self._city)
        )

    def _above(self, agency: str) -> frozenset[str]:
        """The agency and everything over it."""
        return frozenset(code for code in self._city.agencies if agency in self._city.below(code))
