"""Who may send, although everybody may: all but those whom a dispatcher limits or bans.

What holds is in the memory of each process and brought up to date every few seconds, so that those
whom nothing binds, which is nearly everybody, cost no question to the database.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from smartcity.audit.records import AuditRecords
from smartcity.city.model import City
from smartcity.clock import in_utc, now
from smartcity.errors import FieldError, Invalid, NotFound, SenderBanned, SenderLimited
from smartcity.identifiers import new_id
from smartcity.identity.personal import PersonalData
from smartcity.identity.roles import Actor
from smartcity.identity.senders.model import (
    LONGEST,
    Kind,
    NewRestriction,
    Restriction,
    RestrictionView,
)
from smartcity.identity.senders.store import RestrictionStore

REFRESH_S: Final = 2.0
"""How soon other processes hear of a decision."""

CLOCKS_DIFFER: Final = timedelta(minutes=2)
"""Between the machines of one city, at the most."""


class Senders:
    """The restrictions of one city's senders. They end by themselves."""

    def __init__(
        self, store: RestrictionStore, personal: PersonalData, audit: AuditRecords, city: City
    ) -> None:
        self._store = store
        self._personal = personal
        self._audit = audit
        self._city = city
        self._known: dict[UUID, Restriction] = {}
        self._binding: dict[UUID, set[UUID]] = {}
        self._latest: datetime | None = None

    # --- asked of everybody ----------------------------------------------------------------------

    async def admit(self, actor: Actor, sender: UUID | None = None) -> Restriction | None:
        """Raises `SenderBanned` for whom nothing is taken from; answers with the limit, for whom
        there is one. `sender` is whom an operator writes for.
        """
        strictest = self._strictest(_ids(actor, sender))
        if strictest is None:
            return None
        await self._bind_account(actor, strictest)
        if strictest.kind is Kind.BANNED:
            raise SenderBanned(**self._told(strictest))
        return strictest

    async def leave(self, actor: Actor) -> None:
        """To be called before somebody is erased: whoever comes back with the same account is
        restricted as before.
        """
        if (strictest := self._strictest(_ids(actor, None))) is not None:
            await self._bind_account(actor, strictest)

    async def _bind_account(self, actor: Actor, restriction: Restriction) -> None:
        """From here on it holds for every device of the account, even when this one leaves it."""
        account = None if actor.is_staff else actor.account
        if account is not None and account not in restriction.senders:
            await self._store.bind(restriction.id, account, now())

    async def count(self, limit: Restriction) -> None:
        """Count one report. Raises `SenderLimited` for one too many, until the day is over."""
        assert limit.per_day is not None, "a limit has one"
        here = self._city.local(now())
        taken = await self._store.count_on(limit.id, here.date().isoformat(), now())
        if taken > limit.per_day:
            midnight = here.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
            left_s = (min(midnight.astimezone(UTC), limit.until) - now()).total_seconds()
            raise SenderLimited(retry_after_s=left_s, per_day=limit.per_day, **self._told(limit))

    async def refresh(self) -> None:
        """Hear of what was decided since, in whatever process."""
        since = None if self._latest is None else self._latest - CLOCKS_DIFFER
        for restriction in await self._store.changed(since, now()):
            self._keep(restriction)
        at = now()
        for ended in [one for one in self._known.values() if one.until <= at]:
            self._drop(ended.id)

    # --- decided by dispatchers ------------------------------------------------------------------

    async def restrict(
        self, actor: Actor, report: UUID, senders: Collection[UUID], decided: NewRestriction
    ) -> RestrictionView:
        """Restrict who sent a report, in place of what bound them before. Raises `Invalid`."""
        at = now()
        until = in_utc(decided.until)
        _check(decided, at)
        before = await self._store.binding(senders, at)
        restriction = Restriction(
            id=new_id(),
            senders=frozenset(senders).union(*(one.senders for one in before)),
            report=report,
            kind=decided.kind,
            reason=self._personal.encrypt(decided.reason),
            explanation=decided.explanation,
            until=until,
            set_at=at,
            set_by=actor.own_id,
            changed_at=at,
            per_day=decided.per_day,
        )
        await self._audit.write(
            actor, "sender_restricted", report, kind=decided.kind, until=until.isoformat()
        )
        await self._store.add(restriction)
        await self._end(before, at)
        self._keep(restriction)
        return self._view(restriction)

    async def free(self, actor: Actor, report: UUID, senders: Collection[UUID]) -> None:
        """Lift what binds who sent a report. Raises `NotFound` if nothing does."""
        at = now()
        binding = await self._store.binding(senders, at) or await self._store.of_report(report, at)
        if not binding:
            raise NotFound
        await self._audit.write(actor, "sender_freed", report)
        await self._end(binding, at)

    async def page(self, *, before: UUID | None, limit: int) -> list[RestrictionView]:
        """What holds, the latest decision first."""
        found = await self._store.page(now(), before=before, limit=limit)
        return [self._view(restriction) for restriction in found]

    # --- kept in memory --------------------------------------------------------------------------

    def _strictest(self, ids: Iterable[UUID]) -> Restriction | None:
        if not self._binding:
            return None
        at = now()
        named = {name for one in ids for name in self._binding.get(one, ())}
        binding = [one for name in named if (one := self._known[name]).until > at]
        return max(binding, key=lambda one: (-(one.per_day or 0), one.until), default=None)

    def _keep(self, restriction: Restriction) -> None:
        self._drop(restriction.id)
        self._known[restriction.id] = restriction
        for sender in restriction.senders:
            self._binding.setdefault(sender, set()).add(restriction.id)
        if self._latest is None or restriction.changed_at > self._latest:
            self._latest = restriction.changed_at

    def _drop(self, name: UUID) -> None:
        known = self._known.pop(name, None)
        for sender in known.senders if known else ():
            self._binding[sender].discard(name)
            if not self._binding[sender]:
                del self._binding[sender]

    async def _end(self, restrictions: Collection[Restriction], at: datetime) -> None:
        names = [one.id for one in restrictions]
        await self._store.end(names, at)
        for name in names:
            self._drop(name)

    # --- told ------------------------------------------------------------------------------------

    def _told(self, restriction: Restriction) -> dict[str, Any]:
        """What its sender is told, in the city's time."""
        until = self._city.local(restriction.until)
        return {
            "until": until.isoformat(timespec="seconds"),
            "date": until.date().isoformat(),
            "explanation": restriction.explanation,
        }

    def _view(self, restriction: Restriction) -> RestrictionView:
        return RestrictionView(
            id=restriction.id,
            report=restriction.report,
            kind=restriction.kind,
            reason=self._personal.decrypt(restriction.reason),
            explanation=restriction.explanation,
            until=restriction.until,
            set_at=restriction.set_at,
            set_by=restriction.set_by,
            **({} if restriction.per_day is None else {"per_day": restriction.per_day}),
        )


def _ids(actor: Actor, sender: UUID | None) -> set[UUID]:
    """Under which a caller may be bound. Staff never are: it is somebody else who speaks."""
    mine: set[UUID] = set() if actor.is_staff else {*actor.own_ids}
    return mine | {one for one in (sender, actor.account) if one is not None}


def _check(decided: NewRestriction, at: datetime) -> None:
    mistakes: list[FieldError] = []
    if decided.until <= at:
        mistakes.append(FieldError("until", "past"))
    elif decided.until > at + LONGEST:
        mistakes.append(FieldError("until", "too_late"))
    if (decided.kind is Kind.LIMITED) != (decided.per_day is not None):
        missing = decided.per_day is None
        mistakes.append(FieldError("per_day", "required" if missing else "not_of_this_kind"))
    if mistakes:
        raise Invalid(*mistakes)
