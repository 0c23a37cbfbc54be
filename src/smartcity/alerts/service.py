"""What happens to alerts, in order: written, acted upon, ended by the clock."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from smartcity.alerts.area import Places
from smartcity.alerts.drafting import check_note, content_of
from smartcity.alerts.events import event
from smartcity.alerts.lifecycle import WITHOUT_VERSION
from smartcity.alerts.model import Alert, AlertAction, Key
from smartcity.alerts.requests import AlertStep, NewAlert
from smartcity.alerts.steps import Circumstances, Step, created, take
from smartcity.alerts.store import AlertStore
from smartcity.city.model import City
from smartcity.clock import now
from smartcity.errors import (
    IdempotencyKeyReused,
    IllegalTransition,
    NotFound,
    PreconditionRequired,
    StaleVersion,
)
from smartcity.identifiers import digest_of
from smartcity.identity.roles import CLOCK, Actor

TRIES: Final = 5
"""How often a step without a version is taken anew when others change the alert meanwhile."""

EXPIRING: Final = 100
"""So many are ended at a time."""


class AlertService:
    """The one door to alerts, whatever surface a request comes through."""

    def __init__(self, city: City, store: AlertStore, places: Places) -> None:
        self._city = city
        self._store = store
        self._places = places

    async def create(self, new: NewAlert, actor: Actor, key: str) -> tuple[Alert, bool]:
        """A new draft, and whether it is new indeed: the same key makes one, however often.

        Raises `Invalid`, `OutsideCity`, `IdempotencyKeyReused`.
        """
        at = now()
        submission = _key(actor, key, new)
        content = content_of(new, self._city, self._places, at)
        alert = created(content, actor.own_id, submission, at)
        there = await self._store.insert(alert, [event(alert, alert.timeline[-1])])
        if there.submission.body != submission.body:
            raise IdempotencyKeyReused
        return there, there.id == alert.id

    async def revise(
        self, alert_id: UUID, new: NewAlert, actor: Actor, *, version: int | None
    ) -> Alert:
        """Put other words in place of the draft's; of an issued alert, begin an update of it.

        Raises what `act` does, `Invalid` and `OutsideCity`.
        """
        content = content_of(new, self._city, self._places, now())
        steps = [Step(action=AlertAction.REVISE, content=content)]
        return await self._take(alert_id, steps, actor, version, None)

    async def act(
        self,
        alert_id: UUID,
        asked: Sequence[AlertStep],
        actor: Actor,
        *,
        version: int | None = None,
        key: str | None = None,
    ) -> Alert:
        """Take one or more steps, written as one. `version` is the one that the caller saw.

        Raises `NotFound`, `Forbidden`, `IllegalTransition`, `SecondPersonNeeded`, `Invalid`,
        `PreconditionRequired`, `StaleVersion` with the present state, `IdempotencyKeyReused`,
        `TimelineFull`. Whatever is raised, nothing was written.
        """
        for step in asked:
            check_note(step, self._city)
        steps = [Step(action=AlertAction(step.action), note=step.note) for step in asked]
        return await self._take(
            alert_id, steps, actor, version, _key(actor, key, asked) if key else None
        )

    async def expire_due(self) -> int:
        """End those whose time has come; answers how many there were. Of several that do it at
        once, one ends each.
        """
        due = await self._store.due(now(), EXPIRING)
        for alert in due:
            try:
                await self._take(alert, [Step(action=AlertAction.EXPIRE)], CLOCK, None, None)
            except IllegalTransition:
                continue  # another was faster, or an officer gave it more time
        return len(due)

    async def find(self, alert_id: UUID) -> Alert:
        """Raises `NotFound`."""
        alert = await self._store.find(alert_id)
        if alert is None:
            raise NotFound
        return alert

    async def _take(
        self,
        alert_id: UUID,
        steps: Sequence[Step],
        actor: Actor,
        version: int | None,
        key: Key | None,
    ) -> Alert:
        guarded = any(step.action not in WITHOUT_VERSION for step in steps)
        for _ in range(TRIES):
            alert = await self.find(alert_id)
            if key is not None and _was_taken(alert, key):
                return alert
            if guarded and version is None:
                raise PreconditionRequired
            if guarded and version != alert.version:
                raise _stale(alert)
            among = Circumstances(actor=actor, policy=self._city.alerts, at=now())
            after = alert
            for step in steps:
                after = take(after, step, among)
            after = _signed(after, len(alert.timeline), key)
            events = [event(after, entry) for entry in after.timeline[len(alert.timeline) :]]
            if await self._store.advance(alert, after, events):
                return after
        raise _stale(await self.find(alert_id))


def _signed(alert: Alert, first: int, key: Key | None) -> Alert:
    """With the request's key on the first of its entries."""
    if key is None:
        return alert
    entry = msgspec.structs.replace(alert.timeline[first], key=key)
    timeline = (*alert.timeline[:first], entry, *alert.timeline[first + 1 :])
    return msgspec.structs.replace(alert, timeline=timeline)


def _key(actor: Actor, key: str, said: object) -> Key:
    return Key(
        key=digest_of(actor.own_id.bytes, key.encode()),
        body=digest_of(msgspec.json.encode(said, order="deterministic")),
    )


def _was_taken(alert: Alert, key: Key) -> bool:
    """Whether this very request was taken. Raises if the key came with another one."""
    for entry in alert.timeline:
        if entry.key is not None and entry.key.key == key.key:
            if entry.key.body != key.body:
                raise IdempotencyKeyReused
            return True
    return False


def _stale(alert: Alert) -> StaleVersion:
    return StaleVersion(
        current={
            "version": alert.version,
            "status": alert.status,
            "updated_at": alert.updated_at.isoformat(),
        }
    )
