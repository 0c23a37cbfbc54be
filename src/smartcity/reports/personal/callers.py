"""Callers: an operator finds their reports by phone number, and speaks for them."""

import hmac
from typing import Final
from uuid import UUID

from smartcity.audit.records import AuditRecords
from smartcity.errors import Forbidden, NotFound
from smartcity.identity.attempts.service import CALLER_SEARCH, Attempts
from smartcity.identity.phones import Phones
from smartcity.identity.roles import Actor, Role
from smartcity.reports.model import Report
from smartcity.reports.personal.store import PersonalStore
from smartcity.reports.requests import SaidPhone

CALLER: Final = "caller"
"""The kind of attempt whose failures are counted by the operator: numbers that are not the
reporter's, said to have their rights.
"""


class Callers:
    def __init__(
        self, store: PersonalStore, phones: Phones, attempts: Attempts, audit: AuditRecords
    ) -> None:
        self._store = store
        self._phones = phones
        self._attempts = attempts
        self._audit = audit

    async def find(
        self, phone: str, actor: Actor, *, before: UUID | None, limit: int
    ) -> list[Report]:
        """Reports that were sent with this number, the newest first, without their timelines.

        Written down before they are shown. Raises `Invalid`, and `TooManyRequests` for who looks up
        more than the limit: every search counts.
        """
        _, hashed = await self.identify(phone, actor, "search_caller")
        return await self._store.of_phone(hashed, before=before, limit=limit)

    async def identify(self, phone: str, actor: Actor, action: str) -> tuple[UUID, bytes]:
        """Who calls from a number, and the number's hash. For what the operator wants them is
        written down, and counts as a search. Raises `Invalid`, `TooManyRequests`.
        """
        hashed = self._phones.hash(phone, "phone")
        await self._attempts.check(CALLER_SEARCH, str(actor.own_id))
        await self._attempts.failed(CALLER_SEARCH, str(actor.own_id))
        caller = self._phones.caller(phone, "phone")
        await self._audit.write(actor, action, caller)
        return caller, hashed

    async def check(self, report: Report, said: SaidPhone, actor: Actor) -> None:
        """Raises `Forbidden` for who is no operator, `NotFound` for a number that is not the
        reporter's, `TooManyRequests` after too many of them.

        Written down before it is told, right or wrong: whoever says a number on a report learns
        whether it is its sender's.
        """
        if Role.OPERATOR not in actor.roles:
            raise Forbidden
        hashed = self._phones.hash(said.phone, "Caller-Phone")
        caller = self._phones.caller(said.phone, "Caller-Phone")
        async with self._attempts.in_turn((CALLER, str(actor.own_id))):
            await self._audit.write(actor, "say_caller", report.id, caller=str(caller))
            kept = report.reporter.phone
            if kept is None or not hmac.compare_digest(kept, hashed):
                raise NotFound
