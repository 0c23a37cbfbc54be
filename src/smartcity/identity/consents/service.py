"""Who agreed to what. The texts are the pack's; a new version of one asks everybody anew."""

from typing import Final
from uuid import UUID

from smartcity.city.model import City
from smartcity.city.policies import CONTACT as CONTACT
from smartcity.city.policies import EMAIL as EMAIL
from smartcity.clock import now
from smartcity.errors import ConsentMissing, FieldError, Invalid, NotFound
from smartcity.identifiers import new_id
from smartcity.identity.consents.store import Consent, ConsentStore

FIELD: Final = "consent"


class Consents:
    def __init__(self, store: ConsentStore, city: City) -> None:
        self._store = store
        self._current = {consent.code: consent.version for consent in city.privacy.consents}

    async def give(
        self, person: UUID, purpose: str, version: str, *, by: UUID | None = None
    ) -> None:
        """Write down that a person agreed to a text. Idempotent.

        Raises `NotFound` for a purpose that the city does not ask for, `Invalid` for a version that
        is not the present one: nobody agrees to a text that they were not shown.
        """
        if purpose not in self._current:
            raise NotFound
        if version != self._current[purpose]:
            raise Invalid(FieldError(f"{FIELD}.{purpose}", "not_the_current_version"))
        if not await self._given(person, purpose):
            await self._add(person, purpose, version, given=True, by=by)

    async def withdraw(self, person: UUID, purpose: str) -> None:
        """Write down that a person takes it back. Idempotent. Raises `NotFound`."""
        if purpose not in self._current:
            raise NotFound
        latest = await self._store.latest(person, purpose)
        if latest is not None and latest.given:
            await self._add(person, purpose, latest.version, given=False)

    async def holds(self, person: UUID, purpose: str) -> bool:
        """Whether they agreed and have not taken it back. What they agreed to in an older text is
        kept under that one, until they are asked anew.
        """
        latest = await self._store.latest(person, purpose)
        return latest is not None and latest.given

    async def require(self, person: UUID, purpose: str) -> None:
        """Raises `ConsentMissing` unless the person agreed to the present text, if there is one."""
        if purpose in self._current and not await self._given(person, purpose):
            raise ConsentMissing(
                FieldError(f"{FIELD}.{purpose}", "required"), version=self._current[purpose]
            )

    async def _given(self, person: UUID, purpose: str) -> bool:
        latest = await self._store.latest(person, purpose)
        return latest is not None and latest.given and latest.version == self._current[purpose]

    async def _add(
        self, person: UUID, purpose: str, version: str, *, given: bool, by: UUID | None = None
    ) -> None:
        await self._store.add(
            Consent(
                id=new_id(),
                person=person,
                purpose=purpose,
                version=version,
                given=given,
                at=now(),
                by=by,
            )
        )
