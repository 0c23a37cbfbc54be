"""Everything under the newest key: page by page, while others read and write.

Whoever is cut off goes on from the last page that was noted. A text that somebody else writes
meanwhile lies under the newest key already, or is left as it is: old keys still read it.
"""

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from smartcity.identity.personal import PersonalData
from smartcity.identity.persons.store import RotationStore, SealedField

PAGE: Final = 1000


class Rotation:
    """The renewal of every field that lies under the installation's keys."""

    def __init__(
        self, personal: PersonalData, fields: Sequence[SealedField], store: RotationStore
    ) -> None:
        self._personal = personal
        self._fields = fields
        self._store = store

    async def is_unfinished(self) -> bool:
        """Whether one under the newest key was begun and cut off."""
        return await self._store.unfinished(self._personal.newest)

    async def run(self, heard: Callable[[str, int], None]) -> int:
        """Renew what lies under older keys, from where it was cut off; how many texts that were.
        `heard` is told of each page: the field, and how many were renewed.
        """
        key = self._personal.newest
        await self._store.begin(key)
        behind = dict(await self._store.behind(key))
        renewed = 0
        for field in self._fields:
            while (last := await self._page(field, behind.get(field.name), heard)) is not None:
                renewed += last[1]
                behind[field.name] = last[0]
                await self._store.save(key, behind)
        await self._store.finish(key)
        return renewed

    async def _page(
        self, field: SealedField, after: UUID | None, heard: Callable[[str, int], None]
    ) -> tuple[UUID, int] | None:
        """The last document of the next page, and how many were renewed; none behind the end."""
        page = await field.page(after, PAGE)
        if not page:
            return None
        renewed = [
            (one, new)
            for one in page
            if one.kept is not None and (new := self._personal.renewed(one.kept)) is not None
        ]
        await field.replace(renewed)
        heard(field.name, len(renewed))
        return page[-1].id, len(renewed)
