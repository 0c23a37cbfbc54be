"""Callers, who have no device of their own: an operator exports or erases for who shows the phone.

The number gives the reporter's rights here as everywhere (`reports.personal.callers`): also in a
report that came from an app with it. The device that sent that one is not erased; its owner is not
known to be the caller.
"""

from collections.abc import AsyncGenerator
from typing import Final

from smartcity.identity.roles import Actor
from smartcity.people.erasure import Erasures
from smartcity.people.export import Export
from smartcity.people.person import Person
from smartcity.reports.personal.callers import Callers

ERASED: Final = "erase_caller"
EXPORTED: Final = "export_caller"


class Desk:
    """Both are written down before they are done, and count as searches: they raise what
    `Callers.identify` raises.
    """

    def __init__(self, callers: Callers, erasures: Erasures, export: Export) -> None:
        self._callers = callers
        self._erasures = erasures
        self._export = export

    async def erase(self, phone: str, actor: Actor) -> None:
        """When this returns, the caller will be erased, whatever dies."""
        await self._erasures.ask(await self._caller(phone, actor, ERASED))

    async def export(self, phone: str, actor: Actor, language: str) -> AsyncGenerator[bytes]:
        """The lines of everything that is kept of the caller."""
        return self._export.lines(await self._caller(phone, actor, EXPORTED), language)

    async def _caller(self, phone: str, actor: Actor, action: str) -> Person:
        caller, hashed = await self._callers.identify(phone, actor, action)
        return Person(ids=frozenset({caller}), phone=hashed)
